/* Windows: which input places an output takes, and laying them out as rows of a matrix. */
#ifndef WINDOWS_H
#define WINDOWS_H
#include "blocks.h"

/* The input that the outputs of a region take: rows and columns; channels are those given. May be empty. */
Region input_region(const Window *window, const Tensor *input, const Region *outputs, uint32_t channel, uint32_t channels);

/* A block of it. */
Block input_block(const Window *window, const Tensor *input, const Region *outputs, uint32_t channel, uint32_t channels);

/* Products k .. k + depth of output place (row, column), from a block of the input, or fetched where it is 0. */
void gather(void *to, const Window *window, const Tensor *input, const Block *block, uint32_t sample, uint32_t row,
            uint32_t column, uint32_t k, uint32_t depth);

/*
 * All products of `columns` neighbours in a row, `pitch` bytes apart, by way of a patch of the input with zeros around it.
 * 0 where that cannot be, and nothing was laid out.
 */
uint32_t gather_columns(uint8_t *to, uint32_t pitch, const Window *window, const Tensor *input, const Block *block,
                        uint32_t row, uint32_t column, uint32_t columns);

#endif

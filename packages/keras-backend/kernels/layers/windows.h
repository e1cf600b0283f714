/* Windows: which input places an output takes, and laying them out as rows of a matrix. */
#ifndef WINDOWS_H
#define WINDOWS_H
#include "blocks.h"

/* The kernel place i of output place p, along rows or columns: its input place, or a number of at least `size`. */
static inline uint32_t place_of(uint32_t p, uint32_t i, uint32_t stride, uint32_t dilation, int32_t before, uint32_t spread) {
  int32_t place = (int32_t)(p * stride + i * dilation) - before;
  if (spread == 1 || place < 0) {
    return (uint32_t)place;
  }
  return (uint32_t)place % spread ? UINT32_MAX : (uint32_t)place / spread;
}

static inline uint32_t input_row(const Window *window, uint32_t p, uint32_t i) {
  return place_of(p, i, window->strideRows, window->dilationRows, window->top, window->spreadRows);
}

static inline uint32_t input_column(const Window *window, uint32_t p, uint32_t i) {
  return place_of(p, i, window->strideColumns, window->dilationColumns, window->left, window->spreadColumns);
}

/* The input that the outputs of a region take: rows and columns; channels are those given. May be empty. */
Region input_region(const Window *window, const Tensor *input, const Region *outputs, uint32_t channel, uint32_t channels);

/* Products k .. k + depth of output place (row, column), from a block of the input, or fetched where it is 0. */
void gather(void *to, const Window *window, const Tensor *input, const Block *block, uint32_t sample, uint32_t row,
            uint32_t column, uint32_t k, uint32_t depth);

#endif

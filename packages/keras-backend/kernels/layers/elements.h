/* Elements of blocks, and places of windows: inline in WebAssembly, functions on a core, whose program has to be small. */
#ifndef ELEMENTS_H
#define ELEMENTS_H
#include "../include/fixed.h"
#include "worker.h"

typedef struct {
  uint32_t sample;
  uint32_t row, rows;
  uint32_t column, columns;
  uint32_t channel, channels;
} Region;

typedef struct {
  uint8_t *data;  /* its first element */
  uint32_t pixel; /* elements from one column to the next */
  uint32_t row;   /* elements from one row to the next */
  uint32_t type;
  uint32_t bytes; /* of an element */
  const Tensor *tensor;
  Region region;
} Block;

#ifdef __wasm__
#define ELEMENTS static inline
#include "elements.inc"
#else

/* round(v, s). */
int64_t rounded(int64_t value, int32_t shift);

/* Reads; writes, clamped to the type; and writes the sum with what is there. */
int32_t element(const void *data, uint32_t type, uint32_t index);
void put_element(void *data, uint32_t type, uint32_t index, int64_t value);
void add_element(void *data, uint32_t type, uint32_t index, int64_t value, uint32_t accumulate);

/* The first channel of a place in a block. */
uint8_t *pixel_of(const Block *block, uint32_t row, uint32_t column);

/* The kernel place i of output place p, along rows or columns: its input place, or a number of at least the input's size. */
uint32_t place_of(uint32_t p, uint32_t i, uint32_t stride, uint32_t dilation, int32_t before, uint32_t spread);
uint32_t input_row(const Window *window, uint32_t p, uint32_t i);
uint32_t input_column(const Window *window, uint32_t p, uint32_t i);

#endif
#endif

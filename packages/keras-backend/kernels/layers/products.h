/* The inner loops: products of rows of operands, and of columns of operands over positions. */
#ifndef PRODUCTS_H
#define PRODUCTS_H
#include <stdint.h>

/* Rows are `pitch` elements apart and 4-byte aligned; `depth` is a multiple of 8 (int16) or 2 (int32). sums[p * outputs + o] */
typedef struct {
  const void *positionRows;
  uint32_t positionPitch;
  uint32_t positions;
  const void *weightRows;
  uint32_t weightPitch;
  uint32_t outputs;
  uint32_t depth;
  uint32_t add; /* 1: adds to the sums, 0: sets them */
} Product;

/* int16 operands: sums of 32 bits, wrapping. */
void product16(const Product *product, int32_t *sums);

/* int32 operands: sums of 64 bits, wrapping. */
void product32(const Product *product, int64_t *sums);

/*
 * Rows of positions, `pitch` elements apart: `outputs` deltas from the start, `depth` operands from element `operands` on.
 * sums[o * depth + k], for a multiple of 4 outputs. pitch, operands and depth are multiples of 4, there is a row behind
 * an odd number of int16 positions, which is used up, and deltas of no output are 0.
 */
typedef struct {
  void *rows;
  uint32_t pitch;
  uint32_t operands;
  uint32_t depth;
  uint32_t outputs;
  uint32_t positions;
  int64_t *sums;
} Outer;

/* Adds products over positions. int16: deltas are -32767 .. 32767, and WebAssembly uses up the rows. */
void outer16(const Outer *outer);
void outer32(const Outer *outer);

#endif

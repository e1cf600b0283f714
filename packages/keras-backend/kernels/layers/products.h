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
 * Adds x * d over positions to gradient[o * pitch + k], 64 bits. int16: operands of positions 2 p and 2 p + 1 are halves of
 * one word, x[p * depth + k] and d[p * outputs + o], and no two of the four products sum up to 2^31. depth is a multiple of 4;
 * a word behind d may be read.
 */
void outer16(const uint32_t *x, uint32_t depth, const uint32_t *d, uint32_t outputs, uint32_t pairs, int64_t *gradient);

/* int32: x[p * depth + k], d[p * outputs + o]. */
void outer32(const int32_t *x, uint32_t depth, const int32_t *d, uint32_t outputs, uint32_t positions, int64_t *gradient);

#endif

/* Gradients as they are stored: errors, and deltas, which are multiplied. */
#ifndef DELTA_H
#define DELTA_H
#include "elements.h"

/*
 * Stores v / 2^shift as element `index`, rounded as the step says; int16 is clamped to -32767 .. 32767, so that two
 * products never sum up to 2^31. By chance, a seed and the element's place in the batch tell its random number.
 */
typedef struct {
  uint32_t type;
  uint32_t accumulate; /* 1: adds to what is there */
  uint32_t seed;
} Deltas;

void put_delta(const Deltas *deltas, void *data, uint32_t index, int64_t v, int32_t shift, uint32_t place);

#endif

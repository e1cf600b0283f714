/* Activations of one value, and their slopes: integers with a fraction of their own. */
#ifndef ACTIVATION_H
#define ACTIVATION_H
#include <stdint.h>

typedef struct {
  uint32_t function;
  int32_t slope, scale;      /* fraction 24 */
  int32_t threshold, limit;  /* fraction of z */
  int32_t fraction;          /* of z */
} Activation;

typedef struct {
  int64_t value;
  int32_t fraction;
} Fixed;

/* Of all but softmax. */
Fixed activated(const Activation *activation, int32_t z);
Fixed slope_of(const Activation *activation, int32_t z);

#endif

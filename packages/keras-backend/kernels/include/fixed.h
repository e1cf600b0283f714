/* Integer arithmetic of docs/on-core-programs.md, section 1. */
#ifndef FIXED_H
#define FIXED_H
#include <stdint.h>

/* 1.0 on the common scale of activations, fraction 31. */
#define ONE31 0x80000000u

/* round(v, s): to nearest, halves up; a left shift for s < 0. */
static inline int64_t round_shift(int64_t value, int32_t shift) {
  if (shift > 0) {
    return (value + ((int64_t)1 << (shift - 1))) >> shift;
  }
  return (int64_t)((uint64_t)value << -shift);
}

/* Clamps to 32 bits and counts a changed value. */
static inline int32_t saturate32(int64_t value, uint32_t *count) {
  if (value != (int32_t)value) {
    *count += 1;
    return value < 0 ? INT32_MIN : INT32_MAX;
  }
  return (int32_t)value;
}

/* sat32(round(v, s)) of a 32-bit value; for a shift to the right nothing has to be clamped. */
static inline int32_t rounded32(int32_t value, int32_t shift, uint32_t *count) {
  if (shift > 0 && shift < 32) {
    return (value >> shift) + ((value >> (shift - 1)) & 1);
  }
  return saturate32(round_shift(value, shift), count);
}

/* The same for 32 bits. */
static inline int32_t clamped16(int32_t value, uint32_t *count) {
  if (value != (int16_t)value) {
    *count += 1;
    return value < 0 ? INT16_MIN : INT16_MAX;
  }
  return value;
}

/* sat32(v * 2^shift), 0 <= shift < 32. */
static inline int32_t raised32(int32_t value, uint32_t shift, uint32_t *count) {
  int32_t raised = (int32_t)((uint32_t)value << shift);
  if (raised >> shift != value) {
    *count += 1;
    return value < 0 ? INT32_MIN : INT32_MAX;
  }
  return raised;
}

/* Clamps to 16 bits and counts a changed value. */
static inline int32_t saturate16(int64_t value, uint32_t *count) {
  if (value != (int16_t)value) {
    *count += 1;
    return value < 0 ? INT16_MIN : INT16_MAX;
  }
  return (int32_t)value;
}

/* floor(numerator / denominator), for quotients below 2^32 and denominators below 2^63. */
uint32_t quotient32(uint64_t numerator, uint64_t denominator);

/* sat32(floor((g * m + 2^(s-1)) / 2^s)), m >= 0, 1 <= s <= 95. */
int32_t scaled(int64_t g, int32_t m, uint32_t s, uint32_t *count);

/* e^-(t / 2^fraction) with 2^31 = 1.0; fraction <= 26. */
uint32_t exp_negative(uint32_t t, uint32_t fraction);

/* Natural logarithm of v / 2^31 with fraction 24; v in 1 .. 2^31 - 1. */
int32_t ln31(uint32_t v);

/* Activations on the 1.31 scale; z with the given fraction. The magnitude of tanh, whose sign is that of z. */
uint32_t sigmoid31(int32_t z, uint32_t fraction);
uint32_t tanh31_magnitude(int32_t z, uint32_t fraction);
void softmax31(const int32_t *z, uint32_t *v31, uint32_t units, uint32_t fraction);

/* Sample at a position of a shuffled epoch. */
uint32_t shuffled_index(uint32_t position, uint32_t samples, uint32_t seed);

#endif

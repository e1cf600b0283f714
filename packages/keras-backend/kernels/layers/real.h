/* float32 numbers: IEEE 754, one rounding to nearest even per operation. Formulas in docs/on-core-layers.md, section 1. */
#ifndef REAL_H
#define REAL_H
#include <stdint.h>

/* 2^exponent; -126 .. 127. */
float power_of_two(int32_t exponent);

/* floor(x * 2^fraction + 1/2), exactly; beyond int64 the nearest of them; 0 for what is no number. */
#ifdef __wasm__
static inline int64_t fixed_of(float x, int32_t fraction) { /* neither product nor sum is rounded so that it matters */
  union {
    uint64_t bits;
    double real;
  } power = {(uint64_t)(fraction + 1023) << 52};
  return __builtin_wasm_trunc_saturate_s_i64_f64(__builtin_floor((double)x * power.real + 0.5));
}
#else
int64_t fixed_of(float x, int32_t fraction);
#endif

/* v * 2^-fraction: v is rounded to float32 first. */
float real_of(int64_t v, int32_t fraction);

/* Square root, correctly rounded; 0 for numbers that are not above 0. */
float root(float x);
float root_by_digits(float x);

/* e^x and ln x to within 1 unit in the last place; ln of numbers that are not above 0 is -infinity. */
float exponential(float x);
float logarithm(float x);

/* x^y for x >= 0. */
float power(float x, float y);

static inline float absolute(float x) {
  return x < 0 ? -x : x;
}

static inline float least(float a, float b) {
  return a < b ? a : b;
}

static inline float most(float a, float b) {
  return a > b ? a : b;
}

static inline float real_from_bits(uint32_t bits) {
  union {
    uint32_t bits;
    float real;
  } both = {bits};
  return both.real;
}

static inline uint32_t bits_of(float x) {
  union {
    float real;
    uint32_t bits;
  } both = {x};
  return both.bits;
}

#endif

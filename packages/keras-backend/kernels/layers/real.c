#include "real.h"

#define LOG2_E 1.44269504f
#define LN_2_HIGH 0.693145751953125f /* ln 2 in 16 bits, so that whole multiples are exact */
#define LN_2_LOW 1.42860677e-6f      /* the rest */
#define SQRT_2 1.41421356f

float power_of_two(int32_t exponent) {
  return real_from_bits((uint32_t)(exponent + 127) << 23);
}

#ifndef __wasm__
int64_t fixed_of(float x, int32_t fraction) {
  uint32_t bits = bits_of(x);
  int32_t exponent = (int32_t)(bits >> 23 & 255);
  int64_t mantissa = bits & 0x7fffff;
  if (exponent == 255 && mantissa) {
    return 0;
  }
  if (exponent) {
    mantissa |= 1 << 23;
  } else {
    exponent = 1;
  }
  int32_t shift = exponent - 150 + fraction;
  int64_t value = bits >> 31 ? -mantissa : mantissa;
  if (shift < -40 || mantissa == 0) {
    return 0;
  }
  if (shift < 0) {
    return (value + ((int64_t)1 << (-shift - 1))) >> -shift;
  }
  if (shift > 39) {
    return value < 0 ? INT64_MIN : INT64_MAX;
  }
  return (int64_t)((uint64_t)value << shift);
}
#endif

float real_of(int64_t v, int32_t fraction) {
  return (float)v * power_of_two(-fraction);
}

float root_by_digits(float x) {
  uint32_t bits = bits_of(x);
  if (!(x > 0) || bits == 0x7f800000) {
    return x > 0 ? x : 0;
  }
  int32_t exponent = (int32_t)(bits >> 23) - 127;
  uint32_t mantissa = (bits & 0x7fffff) | 1 << 23;
  if (exponent == -127) { /* subnormal */
    mantissa = bits;
    exponent = -126;
    while (!(mantissa >> 23)) {
      mantissa <<= 1;
      exponent -= 1;
    }
  }
  if (exponent & 1) {
    mantissa <<= 1;
    exponent -= 1;
  }
  uint32_t result = 0;
  uint64_t rest = 0;
  uint64_t number = (uint64_t)mantissa << 25; /* 25 digits of its root: 24 and one to round by */
  for (int32_t bit = 48; bit >= 0; bit -= 2) {
    rest = rest << 2 | (number >> bit & 3);
    uint64_t next = ((uint64_t)result << 2) | 1;
    result <<= 1;
    if (rest >= next) {
      rest -= next;
      result |= 1;
    }
  }
  result = (result + 1) >> 1; /* never halfway: the root of 24 digits has no 25 */
  return real_from_bits(((uint32_t)(exponent / 2 + 127) << 23) + (result - (1 << 23)));
}

float root(float x) {
#ifdef __wasm__
  return x > 0 ? __builtin_sqrtf(x) : 0;
#else
  return root_by_digits(x);
#endif
}

float exponential(float x) {
  if (x > 88.72283f) {
    return real_from_bits(0x7f800000);
  }
  if (!(x > -103.97208f)) {
    return 0;
  }
  float scaled = x * LOG2_E;
  int32_t n = (int32_t)(scaled < 0 ? scaled - 0.5f : scaled + 0.5f);
  float r = (x - (float)n * LN_2_HIGH) - (float)n * LN_2_LOW;
  float sum = 1.0f / 5040;
  sum = sum * r + 1.0f / 720;
  sum = sum * r + 1.0f / 120;
  sum = sum * r + 1.0f / 24;
  sum = sum * r + 1.0f / 6;
  sum = sum * r + 0.5f;
  sum = r + (r * r) * sum;
  int32_t half = n / 2; /* in two steps, as 2^n may not be a number */
  return (1.0f + sum) * power_of_two(half) * power_of_two(n - half);
}

float logarithm(float x) {
  uint32_t bits = bits_of(x);
  int32_t n = 0;
  if (!(x > 0)) {
    return real_from_bits(0xff800000);
  }
  if (bits >= 0x7f800000) {
    return x;
  }
  if (bits < 1 << 23) {
    bits = bits_of(x * 16777216.0f);
    n = -24;
  }
  n += (int32_t)(bits >> 23) - 127;
  float m = real_from_bits((bits & 0x7fffff) | 0x3f800000);
  if (m > SQRT_2) {
    m *= 0.5f;
    n += 1;
  }
  float f = m - 1.0f;
  float s = f / (2.0f + f);
  float z = s * s;
  float sum = 2.0f / 9;
  sum = sum * z + 2.0f / 7;
  sum = sum * z + 2.0f / 5;
  sum = sum * z + 2.0f / 3;
  float h = 0.5f * f * f; /* ln(1 + f) = f - (h - s (h + z sum)) */
  return (float)n * LN_2_HIGH + (f - (h - (s * (h + z * sum) + (float)n * LN_2_LOW)));
}

float power(float x, float y) {
  if (y == 0) {
    return 1;
  }
  return x > 0 ? exponential(y * logarithm(x)) : 0;
}

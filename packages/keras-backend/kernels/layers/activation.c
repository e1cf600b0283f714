#include "activation.h"
#include "../include/fixed.h"
#include "operations.h"
#include "real.h"

#define PARAMETER_FRACTION 24
#define LN_2_26 46516320u /* ln 2, 26 fraction bits */
#define NORMAL_RANGE 8     /* beyond it the normal distribution is 0 or 1 to 31 bits */

static uint32_t size_of(int32_t z) {
  return z < 0 ? 0u - (uint32_t)z : (uint32_t)z;
}

static int64_t product31(uint64_t a, uint64_t b) {
  return (int64_t)((a * b + (1u << 30)) >> 31);
}

/* e^(-z^2 / 2) with 2^31 = 1. */
static uint32_t bell31(uint32_t size, int32_t fraction) {
  if (size >= (uint64_t)NORMAL_RANGE << fraction) {
    return 0;
  }
  int64_t half = round_shift((int64_t)size * size, 2 * fraction + 1 - 26);
  return half >= (int64_t)24 << 26 ? 0 : exp_negative((uint32_t)half, 26);
}

/*
 * Share of the normal distribution below z, 2^31 = 1: by formula 7.1.26 of Abramowitz and Stegun, Handbook of
 * Mathematical Functions (1964), whose error is at most 1.5e-7.
 */
static uint32_t normal31(int32_t z, int32_t fraction) {
  uint32_t size = size_of(z);
  if (size >= (uint64_t)NORMAL_RANGE << fraction) {
    return z < 0 ? 0 : ONE31;
  }
  /* 1 + 0.3275911 |z| / sqrt 2, 26 fraction bits */
  uint64_t d = (1u << 26) + (((uint64_t)size * 497447167u) >> (5 + fraction));
  int64_t t = quotient32(((uint64_t)1 << 57) + (d >> 1), d);
  int64_t sum = 1139675401; /* coefficients with 30 fraction bits */
  sum = -1560310108 + ((sum * t) >> 31);
  sum = 1526231383 + ((sum * t) >> 31);
  sum = -305476044 + ((sum * t) >> 31);
  sum = 273621191 + ((sum * t) >> 31);
  sum = (sum * t) >> 31;
  uint32_t tail = (uint32_t)((sum * bell31(size, fraction)) >> 31); /* half of it, so 31 fraction bits */
  return z < 0 ? tail : ONE31 - tail;
}

static Fixed exponential_of(int32_t z, int32_t fraction) {
  if (z <= 0) {
    return (Fixed){exp_negative(size_of(z), (uint32_t)fraction), 31};
  }
  uint64_t x = (uint64_t)z << (26 - fraction);
  uint32_t n = x < 62ull * LN_2_26 ? quotient32(x, LN_2_26) + 1 : 63;
  if (n > 62) {
    return (Fixed){INT32_MAX, -31};
  }
  return (Fixed){exp_negative((uint32_t)(n * (uint64_t)LN_2_26 - x), 26), 31 - (int32_t)n};
}

static uint32_t softsign31(uint32_t numerator, uint32_t size, int32_t fraction) {
  uint64_t d = ((uint64_t)1 << fraction) + size;
  return quotient32(((uint64_t)numerator << 31) + (d >> 1), d);
}

static int64_t relu(const Activation *a, int32_t z, int32_t *fraction) {
  *fraction = a->fraction;
  if (z >= a->threshold) {
    return z < a->limit ? z : a->limit;
  }
  if (a->slope == 0) {
    return 0;
  }
  *fraction += PARAMETER_FRACTION;
  int64_t below = (int64_t)z - a->threshold;
  return a->slope * (below < INT32_MIN ? INT32_MIN : below);
}

Fixed activated(const Activation *a, int32_t z) {
  int32_t f = a->fraction;
  switch (a->function) {
  case FUNCTION_RELU: {
    Fixed result;
    result.value = relu(a, z, &result.fraction);
    return result;
  }
  case FUNCTION_SIGMOID:
    return (Fixed){sigmoid31(z, (uint32_t)f), 31};
  case FUNCTION_TANH: {
    int64_t size = tanh31_magnitude(z, (uint32_t)f);
    return (Fixed){z < 0 ? -size : size, 31};
  }
  case FUNCTION_ELU:
    if (z > 0) {
      return (Fixed){(int64_t)z * a->scale, f + PARAMETER_FRACTION};
    }
    return (Fixed){a->slope * ((int64_t)exp_negative(size_of(z), (uint32_t)f) - (int64_t)ONE31), 31 + PARAMETER_FRACTION};
  case FUNCTION_HARD_SIGMOID: {
    int64_t x = (int64_t)z + a->threshold;
    x = x < 0 ? 0 : x > 2 * (int64_t)a->threshold ? 2 * (int64_t)a->threshold : x;
    uint64_t d = 2 * (uint64_t)a->threshold;
    return (Fixed){quotient32(((uint64_t)x << 31) + (d >> 1), d), 31};
  }
  case FUNCTION_SOFTPLUS: {
    uint32_t e = exp_negative(size_of(z), (uint32_t)f);
    int64_t above = fixed_of(logarithm(1.0f + real_of(e, 31)), 32); /* ln(1 + e^-|z|) */
    return (Fixed){(z > 0 ? (int64_t)z << (32 - f) : 0) + above, 32};
  }
  case FUNCTION_SOFTSIGN: {
    int64_t size = softsign31(size_of(z), size_of(z), f);
    return (Fixed){z < 0 ? -size : size, 31};
  }
  case FUNCTION_SWISH:
    return (Fixed){(int64_t)z * sigmoid31(z, (uint32_t)f), f + 31};
  case FUNCTION_GELU:
    return (Fixed){(int64_t)z * normal31(z, f), f + 31};
  case FUNCTION_EXPONENTIAL:
    return exponential_of(z, f);
  default:
    return (Fixed){z, f};
  }
}

Fixed slope_of(const Activation *a, int32_t z) {
  int32_t f = a->fraction;
  switch (a->function) {
  case FUNCTION_RELU:
    if (z > a->threshold) {
      return (Fixed){z < a->limit, 0};
    }
    return (Fixed){a->slope, PARAMETER_FRACTION};
  case FUNCTION_ELU:
    if (z > 0) {
      return (Fixed){a->scale, PARAMETER_FRACTION};
    }
    return (Fixed){round_shift((int64_t)a->slope * exp_negative(size_of(z), (uint32_t)f), 31), PARAMETER_FRACTION};
  case FUNCTION_HARD_SIGMOID: {
    uint64_t d = 2 * (uint64_t)a->threshold;
    uint32_t inside = z > -a->threshold && z < a->threshold;
    return (Fixed){inside ? quotient32(((uint64_t)1 << (31 + f)) + (d >> 1), d) : 0, 31};
  }
  case FUNCTION_SOFTPLUS:
    return (Fixed){sigmoid31(z, (uint32_t)f), 31};
  case FUNCTION_SOFTSIGN: {
    uint64_t share = softsign31((uint32_t)1 << f, size_of(z), f);
    return (Fixed){product31(share, share), 31};
  }
  case FUNCTION_SWISH: {
    uint64_t s = sigmoid31(z, (uint32_t)f);
    return (Fixed){(int64_t)s + round_shift(z * product31(s, ONE31 - s), f), 31};
  }
  case FUNCTION_GELU: {
    int64_t bell = product31(bell31(size_of(z), f), 856722024); /* 1 / sqrt(2 pi), 31 fraction bits */
    return (Fixed){normal31(z, f) + round_shift(z * bell, f), 31};
  }
  default:
    return (Fixed){1, 0};
  }
}

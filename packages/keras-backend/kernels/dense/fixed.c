/* Integer arithmetic of docs/on-core-programs.md, section 1. */
#include "fixed.h"
#include "tables.h"

#define LOG2_E_31 3098164009u /* log2 e, 31 fraction bits */
#define LN_2_32 2977044472u   /* ln 2, 32 fraction bits */
#define LN_2_24 11629080      /* ln 2, 24 fraction bits */

uint32_t quotient32(uint64_t numerator, uint64_t denominator) {
  uint64_t remainder = numerator >> 32;
  uint32_t quotient = (uint32_t)numerator; /* bits of the numerator move out as those of the quotient move in */
  for (uint32_t bit = 0; bit < 32; bit += 1) {
    remainder = (remainder << 1) | (quotient >> 31);
    quotient <<= 1;
    if (remainder >= denominator) {
      remainder -= denominator;
      quotient |= 1;
    }
  }
  return quotient;
}

int32_t scaled(int64_t g, int32_t m, uint32_t s, uint32_t *count) {
  uint64_t low = (uint64_t)(uint32_t)g * (uint32_t)m;
  int64_t high = (int64_t)(int32_t)(g >> 32) * m + (int64_t)(low >> 32);
  low &= 0xffffffffu; /* the product is high * 2^32 + low */
  if (s > 32) {
    high += (int64_t)1 << (s - 33);
    return saturate32(high >> (s - 32), count);
  }
  low += (uint64_t)1 << (s - 1);
  high += (int64_t)(low >> 32);
  low &= 0xffffffffu;
  if (high != (int32_t)high) {
    return saturate32(high, count);
  }
  return saturate32((int64_t)(((uint64_t)high << 32) | low) >> s, count);
}

uint32_t exp_negative(uint32_t t, uint32_t fraction) {
  if (t >= (uint64_t)24 << fraction) {
    return 0;
  }
  uint64_t y = (uint64_t)(t << (26 - fraction)) * LOG2_E_31;
  uint32_t k = (uint32_t)(y >> 57);
  uint32_t q = (uint32_t)(y >> 25);
  uint32_t c = (uint32_t)(((uint64_t)(q & 0xffffff) * LN_2_32) >> 32);
  uint32_t h = c - (uint32_t)(((uint64_t)c * c) >> 33);
  uint32_t entry = EXP_TABLE[q >> 24];
  uint32_t e = entry - (uint32_t)(((uint64_t)entry * h) >> 32);
  if (k == 0) {
    return e;
  }
  return k <= 31 ? (uint32_t)(((uint64_t)e + (1u << (k - 1))) >> k) : 0;
}

int32_t ln31(uint32_t v) {
  int32_t n = __builtin_clz(v);
  uint32_t w = v << n;
  uint32_t i = (w >> 23) & 255;
  uint32_t p = (uint32_t)(((uint64_t)(w & 0x7fffff) * RECIPROCAL_TABLE[i]) >> 32);
  uint32_t h = p - (uint32_t)(((uint64_t)p * p) >> 32);
  return (int32_t)((LN_TABLE[i] + h) >> 7) - n * LN_2_24;
}

static uint32_t magnitude(int32_t z) {
  return z < 0 ? 0u - (uint32_t)z : (uint32_t)z;
}

static uint32_t below_one(uint32_t v31) {
  return v31 < ONE31 ? v31 : ONE31 - 1;
}

uint32_t sigmoid31(int32_t z, uint32_t fraction) {
  uint32_t e = exp_negative(magnitude(z), fraction);
  uint64_t d = (uint64_t)ONE31 + e;
  uint64_t numerator = z >= 0 ? (uint64_t)1 << 62 : (uint64_t)e << 31;
  return below_one(quotient32(numerator + (d >> 1), d));
}

uint32_t tanh31_magnitude(int32_t z, uint32_t fraction) {
  uint32_t e = exp_negative(magnitude(z), fraction - 1);
  uint64_t d = (uint64_t)ONE31 + e;
  return below_one(quotient32(((uint64_t)(ONE31 - e) << 31) + (d >> 1), d));
}

void softmax31(const int32_t *z, uint32_t *v31, uint32_t units, uint32_t fraction) {
  int32_t largest = z[0];
  for (uint32_t u = 1; u < units; u += 1) {
    largest = z[u] > largest ? z[u] : largest;
  }
  uint64_t sum = 0;
  for (uint32_t u = 0; u < units; u += 1) {
    v31[u] = exp_negative((uint32_t)largest - (uint32_t)z[u], fraction);
    sum += v31[u];
  }
  uint32_t reciprocal = quotient32((uint64_t)1 << 62, sum);
  for (uint32_t u = 0; u < units; u += 1) {
    v31[u] = below_one((uint32_t)(((uint64_t)v31[u] * reciprocal + (1u << 30)) >> 31));
  }
}

static uint32_t shuffle_round(uint32_t right, uint32_t seed, uint32_t round) {
  uint32_t x = right + seed + round * 0x9e3779b9u;
  x = (x ^ (x >> 16)) * 0x85ebca6bu;
  x = (x ^ (x >> 13)) * 0xc2b2ae35u;
  return x ^ (x >> 16);
}

uint32_t shuffled_index(uint32_t position, uint32_t samples, uint32_t seed) {
  uint32_t bits = samples > 1 ? 32 - (uint32_t)__builtin_clz(samples - 1) : 0;
  uint32_t half = bits > 2 ? (bits + 1) / 2 : 1;
  uint32_t mask = (1u << half) - 1;
  do {
    uint32_t left = position >> half;
    uint32_t right = position & mask;
    for (uint32_t round = 0; round < 6; round += 1) {
      uint32_t mixed = left ^ (shuffle_round(right, seed, round) & mask);
      left = right;
      right = mixed;
    }
    position = (left << half) | right;
  } while (position >= samples);
  return position;
}

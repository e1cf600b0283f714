#include "random.h"
#include "../include/fixed.h"
#include "real.h"

/* Biased exponents of sums whose last bit is a power of two of real_of; larger ones are no numbers, or soon will be. */
#define SMALLEST_EXPONENT 24
#define LARGEST_EXPONENT 252

static uint32_t mixed(uint32_t x) {
  x = (x ^ (x >> 16)) * 0x85ebca6bu;
  x = (x ^ (x >> 13)) * 0xc2b2ae35u;
  return x ^ (x >> 16);
}

uint32_t random_word(uint32_t seed, uint32_t counter) {
  return mixed(mixed(mixed(counter ^ 0x9e3779b9u) + seed) ^ seed);
}

int64_t rounded_by_chance(int64_t v, int32_t shift, uint32_t word) {
  if (shift < 1) {
    return round_shift(v, shift);
  }
  if (shift > 32) {
    v >>= shift - 32;
    shift = 32;
  }
  uint32_t rest = (uint32_t)v << (32 - shift);
  return (v >> shift) + (rest + word < rest);
}

float sum_by_chance(float a, float b, uint32_t word) {
  int32_t exponent = (int32_t)(bits_of(absolute(a) + absolute(b)) >> 23);
  if (exponent > LARGEST_EXPONENT) {
    return a + b;
  }
  int32_t fraction = 150 - (exponent < SMALLEST_EXPONENT ? SMALLEST_EXPONENT : exponent);
  int64_t sum = fixed_of(a, fraction + 32) + fixed_of(b, fraction + 32);
  return real_of(rounded_by_chance(sum, 32, word), fraction);
}

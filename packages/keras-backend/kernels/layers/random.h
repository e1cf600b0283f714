/* Random numbers that depend on a seed and a place alone, and rounding by them: docs/on-core-layers.md, section 1. */
#ifndef RANDOM_H
#define RANDOM_H
#include <stdint.h>

uint32_t random_word(uint32_t seed, uint32_t counter);

/* v / 2^shift rounded up with the chance of what is cut off, by 32 random bits; round(v, shift) for shift < 1. */
int64_t rounded_by_chance(int64_t v, int32_t shift, uint32_t word);

/* a + b as float32, rounded so in the last bit of |a| + |b|, and to multiples of 2^-126. */
float sum_by_chance(float a, float b, uint32_t word);

#endif

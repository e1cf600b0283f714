/* ../rows.c with 128-bit instructions: four or eight elements at a time, the last ones by themselves. */
#include "../rows.h"
#include "../worker.h"
#include "../../include/fixed.h"

static int32_t rounded_right(int32_t value, int32_t shift) {
  return (value >> shift) + ((value >> (shift - 1)) & 1);
}

static v128_t between(v128_t value, int32_t least, int32_t most) {
  return wasm_i32x4_min(wasm_i32x4_max(value, wasm_i32x4_splat(least)), wasm_i32x4_splat(most));
}

/* Counts lanes that are -1. */
static uint32_t lanes(v128_t negative) {
  return (uint32_t)-(wasm_i32x4_extract_lane(negative, 0) + wasm_i32x4_extract_lane(negative, 1) +
                     wasm_i32x4_extract_lane(negative, 2) + wasm_i32x4_extract_lane(negative, 3));
}

void round_row(int32_t *z, const int32_t *sums, const int32_t *biases, uint32_t count, int32_t shift) {
  uint32_t i = 0;
  for (; i + 4 <= count; i += 4) {
    v128_t sum = wasm_v128_load(sums + i);
    sum = biases ? wasm_i32x4_add(sum, wasm_v128_load(biases + i)) : sum;
    wasm_v128_store(z + i, rounded_four(sum, shift));
  }
  for (; i < count; i += 1) {
    uint32_t bias = biases ? (uint32_t)biases[i] : 0;
    z[i] = rounded_right((int32_t)((uint32_t)sums[i] + bias), shift);
  }
}

void raise_row(int32_t *z, const int32_t *sums, const int32_t *biases, uint32_t count, uint32_t shift) {
  v128_t clamped = wasm_i32x4_splat(0);
  uint32_t alone = 0;
  uint32_t i = 0;
  for (; i + 4 <= count; i += 4) {
    v128_t sum = wasm_v128_load(sums + i);
    sum = biases ? wasm_i32x4_add(sum, wasm_v128_load(biases + i)) : sum;
    v128_t raised = wasm_i32x4_shl(sum, shift);
    v128_t lost = wasm_i32x4_ne(wasm_i32x4_shr(raised, shift), sum);
    v128_t limit = wasm_v128_xor(wasm_i32x4_shr(sum, 31), wasm_i32x4_splat(INT32_MAX));
    clamped = wasm_i32x4_add(clamped, lost);
    wasm_v128_store(z + i, wasm_v128_bitselect(limit, raised, lost));
  }
  for (; i < count; i += 1) {
    int32_t sum = (int32_t)((uint32_t)sums[i] + (biases ? (uint32_t)biases[i] : 0));
    z[i] = raised32(sum, shift, &alone);
  }
  worker.saturations += lanes(clamped) + alone;
}

void narrow_row(int16_t *to, const int32_t *z, uint32_t count, int32_t shift, int32_t least, int32_t most) {
  v128_t clamped = wasm_i32x4_splat(0);
  uint32_t alone = 0;
  uint32_t i = 0;
  for (; i + 4 <= count; i += 4) {
    v128_t value = rounded_four(between(wasm_v128_load(z + i), least, most), shift);
    v128_t narrow = between(value, INT16_MIN, INT16_MAX);
    clamped = wasm_i32x4_add(clamped, wasm_i32x4_ne(narrow, value));
    wasm_v128_store64_lane(to + i, wasm_i16x8_narrow_i32x4(narrow, narrow), 0);
  }
  for (; i < count; i += 1) {
    int32_t limited = z[i] < least ? least : z[i] > most ? most : z[i];
    int32_t value = rounded_right(limited, shift);
    int32_t narrow = value > INT16_MAX ? INT16_MAX : value < INT16_MIN ? INT16_MIN : value;
    alone += narrow != value;
    to[i] = (int16_t)narrow;
  }
  worker.saturations += lanes(clamped) + alone;
}

void delta_row(int16_t *to, const int32_t *errors, const int16_t *values, uint32_t count, int32_t shift) {
  v128_t zero = wasm_i32x4_splat(0);
  v128_t clamped = zero;
  v128_t vanished = zero;
  uint32_t alone = 0;
  uint32_t lost = 0;
  uint32_t i = 0;
  for (; i + 4 <= count; i += 4) {
    v128_t error = wasm_v128_load(errors + i);
    if (values) {
      error = wasm_v128_and(error, wasm_i32x4_gt(wasm_i32x4_load16x4(values + i), zero));
    }
    v128_t value = rounded_four(error, shift);
    v128_t narrow = between(value, -INT16_MAX, INT16_MAX);
    clamped = wasm_i32x4_add(clamped, wasm_i32x4_ne(narrow, value));
    vanished = wasm_i32x4_add(vanished, wasm_v128_and(wasm_i32x4_eq(value, zero), wasm_i32x4_ne(error, zero)));
    wasm_v128_store64_lane(to + i, wasm_i16x8_narrow_i32x4(narrow, narrow), 0);
  }
  for (; i < count; i += 1) {
    int32_t error = !values || values[i] > 0 ? errors[i] : 0;
    int32_t value = rounded_right(error, shift);
    int32_t narrow = value > INT16_MAX ? INT16_MAX : value < -INT16_MAX ? -INT16_MAX : value;
    alone += narrow != value;
    lost += value == 0 && error != 0;
    to[i] = (int16_t)narrow;
  }
  worker.saturations += lanes(clamped) + alone;
  worker.underflows += lanes(vanished) + lost;
}

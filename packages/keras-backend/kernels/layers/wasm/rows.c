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
  worker.saturations += lanes_of(clamped) + alone;
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
  worker.saturations += lanes_of(clamped) + alone;
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
  worker.saturations += lanes_of(clamped) + alone;
  worker.underflows += lanes_of(vanished) + lost;
}

/* Four elements, or the `count` that are left as the first lanes. */
static v128_t load_some(const int32_t *from, uint32_t count) {
  if (count >= 4) {
    return wasm_v128_load(from);
  }
  int32_t some[4] = {0};
  for (uint32_t i = 0; i < count; i += 1) {
    some[i] = from[i];
  }
  return wasm_v128_load(some);
}

static void store_some(int32_t *to, v128_t values, uint32_t count) {
  if (count >= 4) {
    wasm_v128_store(to, values);
    return;
  }
  int32_t some[4];
  wasm_v128_store(some, values);
  for (uint32_t i = 0; i < count; i += 1) {
    to[i] = some[i];
  }
}

void clamp_row(int32_t *to, const int32_t *z, uint32_t count, int32_t shift, int32_t least, int32_t most) {
  v128_t clamped = wasm_i32x4_splat(0);
  for (uint32_t i = 0; i < count; i += 4) {
    v128_t value = between(load_some(z + i, count - i), least, most);
    store_some(to + i, moved_four(value, shift, &clamped), count - i);
  }
  worker.saturations += lanes_of(clamped);
}

void move_row(int32_t *to, const int32_t *from, uint32_t count, int32_t shift, uint32_t accumulate) {
  v128_t clamped = wasm_i32x4_splat(0);
  for (uint32_t i = 0; i < count; i += 4) {
    v128_t value = moved_four(load_some(from + i, count - i), shift, &clamped);
    value = accumulate ? added_four(load_some(to + i, count - i), value, &clamped) : value;
    store_some(to + i, value, count - i);
  }
  worker.saturations += lanes_of(clamped);
}

void wide_delta_row(int32_t *to, const int32_t *errors, const int32_t *values, uint32_t count, int32_t shift, uint32_t accumulate) {
  v128_t zero = wasm_i32x4_splat(0);
  v128_t clamped = zero;
  v128_t vanished = zero;
  for (uint32_t i = 0; i < count; i += 4) {
    v128_t error = load_some(errors + i, count - i);
    if (values) {
      error = wasm_v128_and(error, wasm_i32x4_gt(load_some(values + i, count - i), zero));
    }
    v128_t value = moved_four(error, shift, &clamped);
    vanished = wasm_i32x4_add(vanished, wasm_v128_and(wasm_i32x4_eq(value, zero), wasm_i32x4_ne(error, zero)));
    if (accumulate) {
      value = added_four(load_some(to + i, count - i), value, &clamped);
    }
    store_some(to + i, value, count - i);
  }
  worker.saturations += lanes_of(clamped);
  worker.underflows += lanes_of(vanished);
}

/* sat16 of four lanes; adds -1 to lanes of `clamped` that were. */
static void store_narrow(int16_t *to, v128_t value, v128_t *clamped) {
  v128_t narrow = between(value, INT16_MIN, INT16_MAX);
  *clamped = wasm_i32x4_add(*clamped, wasm_i32x4_ne(narrow, value));
  wasm_v128_store64_lane(to, wasm_i16x8_narrow_i32x4(narrow, narrow), 0);
}

void clamp_short_row(int16_t *to, const int16_t *z, uint32_t count, int32_t shift, int32_t least, int32_t most) {
  v128_t clamped = wasm_i32x4_splat(0);
  v128_t fits = clamped; /* 31 bits are enough before the last step */
  uint32_t i = 0;
  for (; i + 4 <= count; i += 4) {
    v128_t value = moved_four(between(wasm_i32x4_load16x4(z + i), least, most), shift, &fits);
    store_narrow(to + i, value, &clamped);
  }
  uint32_t alone = 0;
  for (; i < count; i += 1) {
    int32_t limited = z[i] < least ? least : z[i] > most ? most : z[i];
    to[i] = (int16_t)saturate16(round_shift(limited, shift), &alone);
  }
  worker.saturations += lanes_of(clamped) + alone;
}

void add_short_rows(int16_t *to, const int16_t *a, const int16_t *b, uint32_t count, const Sum *sum) {
  v128_t clamped = wasm_i32x4_splat(0);
  uint32_t i = 0;
  for (; i + 4 <= count; i += 4) {
    v128_t first = wasm_i32x4_shl(wasm_i32x4_load16x4(a + i), sum->first);
    v128_t second = wasm_i32x4_shl(wasm_i32x4_load16x4(b + i), sum->second);
    store_narrow(to + i, rounded_four(wasm_i32x4_add(first, second), sum->shift), &clamped);
  }
  uint32_t alone = 0;
  for (; i < count; i += 1) {
    int64_t both = round_shift(a[i], -(int32_t)sum->first) + round_shift(b[i], -(int32_t)sum->second);
    to[i] = (int16_t)saturate16(round_shift(both, sum->shift), &alone);
  }
  worker.saturations += lanes_of(clamped) + alone;
}

/* round(v, shift) of 64 bits, -64 < shift < 64. */
static v128_t rounded_two(v128_t value, int32_t shift) {
  if (shift <= 0) {
    return wasm_i64x2_shl(value, (uint32_t)-shift);
  }
  return wasm_i64x2_shr(wasm_i64x2_add(value, wasm_i64x2_splat((int64_t)1 << (shift - 1))), (uint32_t)shift);
}

/* sat32 of 64 bits in the first two lanes of 32; adds -1 to lanes of `clamped` that were. */
static v128_t saturated_two(v128_t value, v128_t *clamped) {
  v128_t narrow = wasm_i32x4_shuffle(value, value, 0, 2, 0, 2);
  v128_t lost = wasm_i64x2_ne(wasm_i64x2_extend_low_i32x4(narrow), value);
  if (!wasm_v128_any_true(lost)) {
    return narrow;
  }
  v128_t limit = wasm_v128_xor(wasm_i64x2_shr(value, 63), wasm_i64x2_splat(INT32_MAX));
  *clamped = wasm_i64x2_add(*clamped, lost);
  value = wasm_v128_bitselect(limit, value, lost);
  return wasm_i32x4_shuffle(value, value, 0, 2, 0, 2);
}

static uint32_t wide_lanes_of(v128_t negative) {
  return (uint32_t)-(wasm_i64x2_extract_lane(negative, 0) + wasm_i64x2_extract_lane(negative, 1));
}

void add_rows(int32_t *to, const int32_t *a, const int32_t *b, uint32_t count, const Sum *sum) {
  v128_t clamped = wasm_i64x2_splat(0);
  uint32_t i = 0;
  if (sum->first == 0 && sum->second == 0 && sum->shift == 0) {
    for (; i + 4 <= count; i += 4) {
      wasm_v128_store(to + i, added_four(wasm_v128_load(a + i), wasm_v128_load(b + i), &clamped));
    }
    worker.saturations += lanes_of(clamped);
    clamped = wasm_i64x2_splat(0);
  }
  for (; i + 2 <= count; i += 2) {
    v128_t first = wasm_i64x2_shl(wasm_i64x2_load32x2(a + i), sum->first);
    v128_t second = wasm_i64x2_shl(wasm_i64x2_load32x2(b + i), sum->second);
    v128_t both = saturated_two(rounded_two(wasm_i64x2_add(first, second), sum->shift), &clamped);
    wasm_v128_store64_lane(to + i, both, 0);
  }
  uint32_t alone = 0;
  if (i < count) {
    int64_t both = round_shift(a[i], -(int32_t)sum->first) + round_shift(b[i], -(int32_t)sum->second);
    to[i] = saturate32(round_shift(both, sum->shift), &alone);
  }
  worker.saturations += wide_lanes_of(clamped) + alone;
}

void round_sums(int32_t *z, const int64_t *sums, const int64_t *biases, uint32_t count, int32_t shift, uint32_t accumulate) {
  v128_t clamped = wasm_i64x2_splat(0);
  uint32_t i = 0;
  for (; i + 2 <= count; i += 2) {
    v128_t sum = wasm_v128_load(sums + i);
    sum = rounded_two(biases ? wasm_i64x2_add(sum, wasm_v128_load(biases + i)) : sum, shift);
    sum = accumulate ? wasm_i64x2_add(sum, wasm_i64x2_load32x2(z + i)) : sum;
    wasm_v128_store64_lane(z + i, saturated_two(sum, &clamped), 0);
  }
  uint32_t alone = 0;
  if (i < count) {
    int64_t sum = round_shift((int64_t)((uint64_t)sums[i] + (biases ? (uint64_t)biases[i] : 0)), shift);
    z[i] = saturate32(accumulate ? sum + z[i] : sum, &alone);
  }
  worker.saturations += wide_lanes_of(clamped) + alone;
}

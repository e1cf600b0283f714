/* BatchNormalization with WebAssembly's 128-bit instructions, four channels at a time; the same bits as ../normalise.c. */
#ifndef CHANNELS_H
#define CHANNELS_H
#include "../elements.h"
#include "../rows.h"

#define POSITIVE ((int64_t)1 << 62) /* added to sums of smaller magnitude, so that shifts need not know their sign */
#define LARGEST_UP 31

/*
 * Four factors brought to one shift: (x * multiplier + added) >> shift is the rounded product and `surplus`, which is the
 * same for all. Magnitudes of x are at most `limits`.
 */
typedef struct {
  v128_t multipliers;
  v128_t low, high; /* added */
  v128_t limits;
  int64_t surplus;
  uint32_t shift;
} FourFactors;

/* Pixels that lie side by side. */
typedef struct {
  uint32_t pixels;
  uint32_t channels; /* a multiple of 4 */
} FourRow;

static inline uint64_t magnitude(int64_t value) {
  return value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
}

/* 0 where that cannot be. Results have at most `bits` bits and a sign. */
static inline uint32_t four_factors(FourFactors *four, const int32_t *multipliers, const int64_t *offsets, const int32_t *shifts,
                                    uint32_t bits) {
  int32_t shift = 1;
  for (uint32_t i = 0; i < 4; i += 1) {
    shift = shifts[i] > shift ? shifts[i] : shift;
  }
  if (shift > 61) {
    return 0;
  }
  uint64_t most = ((uint64_t)1 << smaller(bits + (uint32_t)shift, 61)) - 1;
  int32_t raised[4], limits[4];
  int64_t added[4];
  for (uint32_t i = 0; i < 4; i += 1) {
    uint32_t up = (uint32_t)(shift - shifts[i]);
    if (up > LARGEST_UP || magnitude(multipliers[i]) << up > INT32_MAX || magnitude(offsets[i]) > (most >> up) / 2) {
      return 0;
    }
    raised[i] = (int32_t)((uint32_t)multipliers[i] << up);
    added[i] = (int64_t)((uint64_t)offsets[i] << up) + ((int64_t)1 << (shift - 1));
    if (magnitude(added[i]) > most) {
      return 0;
    }
    uint64_t limit = raised[i] ? (most - magnitude(added[i])) / magnitude(raised[i]) : INT32_MAX;
    limits[i] = limit < INT32_MAX ? (int32_t)limit : INT32_MAX;
    added[i] += POSITIVE;
  }
  four->multipliers = wasm_v128_load(raised);
  four->limits = wasm_v128_load(limits);
  four->low = wasm_v128_load(added);
  four->high = wasm_v128_load(added + 2);
  four->surplus = POSITIVE >> shift;
  four->shift = (uint32_t)shift;
  return 1;
}

static inline v128_t four_of(const uint8_t *data, const uint32_t type, uint32_t index) {
  return type == ELEMENT_INT16 ? wasm_i32x4_load16x4((const int16_t *)data + index) : wasm_v128_load((const int32_t *)data + index);
}

static inline v128_t low_products(const FourFactors *four, v128_t x) {
  v128_t products = wasm_i64x2_add(wasm_i64x2_extmul_low_i32x4(x, four->multipliers), four->low);
  return wasm_u64x2_shr(products, four->shift);
}

static inline v128_t high_products(const FourFactors *four, v128_t x) {
  v128_t products = wasm_i64x2_add(wasm_i64x2_extmul_high_i32x4(x, four->multipliers), four->high);
  return wasm_u64x2_shr(products, four->shift);
}

/* Whether all values of four channels are within the limits. */
static inline uint32_t within(const FourFactors *four, const FourRow *row, const uint8_t *data, const uint32_t type) {
  v128_t beyond = wasm_i32x4_splat(0);
  for (uint32_t p = 0, at = 0; p < row->pixels; p += 1, at += row->channels) {
    beyond = wasm_v128_or(beyond, wasm_u32x4_gt(wasm_i32x4_abs(four_of(data, type, at)), four->limits));
  }
  return !wasm_v128_any_true(beyond);
}

static inline void normalise_four(const FourFactors *four, const FourRow *row, const uint8_t *from, const uint32_t source,
                                  uint8_t *to, const uint32_t target, v128_t *clamped) {
  v128_t surplus = wasm_i32x4_splat((int32_t)four->surplus);
  v128_t lost = wasm_i32x4_splat(0);
  for (uint32_t p = 0, at = 0; p < row->pixels; p += 1, at += row->channels) {
    v128_t x = four_of(from, source, at);
    v128_t y = wasm_i32x4_sub(wasm_i32x4_shuffle(low_products(four, x), high_products(four, x), 0, 2, 4, 6), surplus);
    if (target == ELEMENT_INT32) {
      wasm_v128_store((int32_t *)to + at, y);
    } else {
      v128_t narrow = wasm_i16x8_narrow_i32x4(y, y);
      lost = wasm_i32x4_add(lost, wasm_i32x4_ne(wasm_i32x4_extend_low_i16x8(narrow), y));
      wasm_v128_store64_lane((int16_t *)to + at, narrow, 0);
    }
  }
  *clamped = wasm_i32x4_add(*clamped, lost);
}

/* Pixels side by side; 0 where they have to be taken one element after the other, and nothing was written. */
static inline uint32_t normalise_row(const FourFactors *four, const FourRow *row, const uint8_t *from, const uint32_t type,
                                     uint8_t *to, uint32_t target, uint32_t *saturations) {
  const uint32_t bytes = type == ELEMENT_INT16 ? 2 : 4;
  for (uint32_t c = 0; c < row->channels; c += 4) {
    if (!within(four + c / 4, row, from + c * bytes, type)) {
      return 0;
    }
  }
  v128_t clamped = wasm_i32x4_splat(0);
  for (uint32_t c = 0; c < row->channels; c += 4) {
    if (target == ELEMENT_INT16) {
      normalise_four(four + c / 4, row, from + c * bytes, type, to + c * 2, ELEMENT_INT16, &clamped);
    } else {
      normalise_four(four + c / 4, row, from + c * bytes, type, to + c * 4, ELEMENT_INT32, &clamped);
    }
  }
  *saturations += lanes_of(clamped);
  return 1;
}

/* What an error is made of: rounded products of four errors and four values, and offsets without what these have too much. */
typedef struct {
  FourFactors errors, values;
  v128_t low, high;
} FourSlopes;

static inline uint32_t four_slopes(FourSlopes *four, const ChannelSlope *slopes, uint32_t guard) {
  int32_t errors[4], values[4], errorShifts[4], valueShifts[4];
  int64_t nothing[4] = {0, 0, 0, 0};
  int64_t offsets[4];
  const uint32_t bits = 29 + guard; /* of three numbers whose sum has two more */
  for (uint32_t i = 0; i < 4; i += 1) {
    errors[i] = slopes[i].errorMultiplier;
    values[i] = slopes[i].valueMultiplier;
    errorShifts[i] = slopes[i].errorShift;
    valueShifts[i] = slopes[i].valueShift;
    offsets[i] = slopes[i].offset;
    if (magnitude(offsets[i]) >> bits) {
      return 0;
    }
  }
  if (!four_factors(&four->errors, errors, nothing, errorShifts, bits) || !four_factors(&four->values, values, nothing, valueShifts, bits)) {
    return 0;
  }
  for (uint32_t i = 0; i < 4; i += 1) {
    offsets[i] += ((int64_t)1 << (guard - 1)) - four->errors.surplus - four->values.surplus;
  }
  four->low = wasm_v128_load(offsets);
  four->high = wasm_v128_load(offsets + 2);
  return 1;
}

static inline void normalise_back_four(const FourSlopes *four, const FourRow *row, const int32_t *errors, const uint8_t *values,
                                       const uint32_t type, int32_t *to, uint32_t guard, const uint32_t accumulate, v128_t *clamped) {
  for (uint32_t p = 0, at = 0; p < row->pixels; p += 1, at += row->channels) {
    v128_t e = wasm_v128_load(errors + at);
    v128_t x = four_of(values, type, at);
    v128_t low = wasm_i64x2_add(wasm_i64x2_add(low_products(&four->errors, e), low_products(&four->values, x)), four->low);
    v128_t high = wasm_i64x2_add(wasm_i64x2_add(high_products(&four->errors, e), high_products(&four->values, x)), four->high);
    v128_t y = wasm_i32x4_shuffle(wasm_u64x2_shr(low, guard), wasm_u64x2_shr(high, guard), 0, 2, 4, 6);
    wasm_v128_store(to + at, accumulate ? added_four(wasm_v128_load(to + at), y, clamped) : y);
  }
}

/* As normalise_row. */
static inline uint32_t normalise_back_row(const FourSlopes *four, const FourRow *row, const int32_t *errors, const uint8_t *values,
                                          const uint32_t type, int32_t *to, uint32_t guard, uint32_t accumulate, uint32_t *saturations) {
  const uint32_t bytes = type == ELEMENT_INT16 ? 2 : 4;
  for (uint32_t c = 0; c < row->channels; c += 4) {
    const FourSlopes *slopes = four + c / 4;
    if (!within(&slopes->errors, row, (const uint8_t *)(errors + c), ELEMENT_INT32) ||
        !within(&slopes->values, row, values + c * bytes, type)) {
      return 0;
    }
  }
  v128_t clamped = wasm_i32x4_splat(0);
  for (uint32_t c = 0; c < row->channels; c += 4) {
    if (accumulate) {
      normalise_back_four(four + c / 4, row, errors + c, values + c * bytes, type, to + c, guard, 1, &clamped);
    } else {
      normalise_back_four(four + c / 4, row, errors + c, values + c * bytes, type, to + c, guard, 0, &clamped);
    }
  }
  *saturations += lanes_of(clamped);
  return 1;
}

/* Adds up four channels: x and x * x, or, where there are errors, error and error * x. Shifts are 0 .. 31. */
static inline void add_four(const FourRow *row, const uint8_t *values, const uint32_t type, const int32_t *errors, int32_t valueShift,
                            int32_t errorShift, int64_t *first, int64_t *second) {
  v128_t sums[2] = {wasm_v128_load(first), wasm_v128_load(first + 2)};
  v128_t products[2] = {wasm_v128_load(second), wasm_v128_load(second + 2)};
  for (uint32_t p = 0, at = 0; p < row->pixels; p += 1, at += row->channels) {
    v128_t x = rounded_four(four_of(values, type, at), valueShift);
    v128_t e = errors ? rounded_four(wasm_v128_load(errors + at), errorShift) : x;
    sums[0] = wasm_i64x2_add(sums[0], wasm_i64x2_extend_low_i32x4(e));
    sums[1] = wasm_i64x2_add(sums[1], wasm_i64x2_extend_high_i32x4(e));
    products[0] = wasm_i64x2_add(products[0], wasm_i64x2_extmul_low_i32x4(e, x));
    products[1] = wasm_i64x2_add(products[1], wasm_i64x2_extmul_high_i32x4(e, x));
  }
  wasm_v128_store(first, sums[0]);
  wasm_v128_store(first + 2, sums[1]);
  wasm_v128_store(second, products[0]);
  wasm_v128_store(second + 2, products[1]);
}

#endif

/* Whole rows of elements with WebAssembly's 128-bit instructions; the same bits as the loops of ../rows.c. */
#ifndef VECTORS_H
#define VECTORS_H
#include <stdint.h>
#include <wasm_simd128.h>

/* Copies elements of 2 or 4 bytes. A row that is no multiple of a vector ends with one that overlaps the one before. */
static inline void copy_row(void *to, const void *from, uint32_t bytes) {
  uint8_t *t = to;
  const uint8_t *f = from;
  if (bytes >= 16) {
    for (uint32_t i = 0; i + 16 <= bytes; i += 16) {
      wasm_v128_store(t + i, wasm_v128_load(f + i));
    }
    wasm_v128_store(t + bytes - 16, wasm_v128_load(f + bytes - 16));
  } else if (bytes >= 8) {
    uint64_t first, last;
    __builtin_memcpy(&first, f, 8);
    __builtin_memcpy(&last, f + bytes - 8, 8);
    __builtin_memcpy(t, &first, 8);
    __builtin_memcpy(t + bytes - 8, &last, 8);
  } else if (bytes >= 4) {
    uint32_t first, last;
    __builtin_memcpy(&first, f, 4);
    __builtin_memcpy(&last, f + bytes - 4, 4);
    __builtin_memcpy(t, &first, 4);
    __builtin_memcpy(t + bytes - 4, &last, 4);
  } else if (bytes) {
    *(uint16_t *)to = *(const uint16_t *)from;
  }
}

static inline void clear_row(void *to, uint32_t bytes) {
  uint8_t *t = to;
  uint32_t i = 0;
  for (; i + 16 <= bytes; i += 16) {
    wasm_v128_store(t + i, wasm_i32x4_splat(0));
  }
  for (; i < bytes; i += 2) {
    *(uint16_t *)(t + i) = 0;
  }
}

/* Two rows of int16 as the halves of words. */
static inline void pair_rows(const int16_t *even, const int16_t *odd, uint32_t size, uint32_t *pairs) {
  uint32_t k = 0;
  for (; k + 8 <= size; k += 8) {
    v128_t a = wasm_v128_load(even + k);
    v128_t b = wasm_v128_load(odd + k);
    wasm_v128_store(pairs + k, wasm_i16x8_shuffle(a, b, 0, 8, 1, 9, 2, 10, 3, 11));
    wasm_v128_store(pairs + k + 4, wasm_i16x8_shuffle(a, b, 4, 12, 5, 13, 6, 14, 7, 15));
  }
  for (; k < size; k += 1) {
    pairs[k] = (uint16_t)even[k] | (uint32_t)(uint16_t)odd[k] << 16;
  }
}

/* round(v, shift) of each lane, 0 <= shift < 32. */
static inline v128_t rounded_four(v128_t value, int32_t shift) {
  if (shift == 0) {
    return value;
  }
  v128_t half = wasm_v128_and(wasm_i32x4_shr(value, (uint32_t)shift - 1), wasm_i32x4_splat(1));
  return wasm_i32x4_add(wasm_i32x4_shr(value, (uint32_t)shift), half);
}

/* Lanes that are -1. */
static inline uint32_t lanes_of(v128_t negative) {
  return (uint32_t)-(wasm_i32x4_extract_lane(negative, 0) + wasm_i32x4_extract_lane(negative, 1) +
                     wasm_i32x4_extract_lane(negative, 2) + wasm_i32x4_extract_lane(negative, 3));
}

/* sat32(round(v, shift)) of each lane, -32 < shift < 32; adds -1 to lanes of `clamped` that were. */
static inline v128_t moved_four(v128_t value, int32_t shift, v128_t *clamped) {
  if (shift >= 0) {
    return rounded_four(value, shift);
  }
  v128_t raised = wasm_i32x4_shl(value, (uint32_t)-shift);
  v128_t lost = wasm_i32x4_ne(wasm_i32x4_shr(raised, (uint32_t)-shift), value);
  v128_t limit = wasm_v128_xor(wasm_i32x4_shr(value, 31), wasm_i32x4_splat(INT32_MAX));
  *clamped = wasm_i32x4_add(*clamped, lost);
  return wasm_v128_bitselect(limit, raised, lost);
}

/* sat32(a + b) of each lane; adds -1 to lanes of `clamped` that were. */
static inline v128_t added_four(v128_t a, v128_t b, v128_t *clamped) {
  v128_t sum = wasm_i32x4_add(a, b);
  v128_t lost = wasm_i32x4_shr(wasm_v128_and(wasm_v128_xor(a, sum), wasm_v128_xor(b, sum)), 31);
  v128_t limit = wasm_v128_xor(wasm_i32x4_shr(a, 31), wasm_i32x4_splat(INT32_MAX));
  *clamped = wasm_i32x4_add(*clamped, lost);
  return wasm_v128_bitselect(limit, sum, lost);
}

/* to[i] = round(errors[i] where the value is above 0, else 0, shift), 0 <= shift < 32; gives how many became 0 by it. */
static inline uint32_t error_row(int32_t *to, const int32_t *errors, const int16_t *values, uint32_t count, int32_t shift) {
  v128_t zero = wasm_i32x4_splat(0);
  v128_t vanished = zero;
  uint32_t lost = 0;
  uint32_t i = 0;
  for (; i + 4 <= count; i += 4) {
    v128_t error = wasm_v128_and(wasm_v128_load(errors + i), wasm_i32x4_gt(wasm_i32x4_load16x4(values + i), zero));
    v128_t value = rounded_four(error, shift);
    vanished = wasm_i32x4_sub(vanished, wasm_v128_and(wasm_i32x4_eq(value, zero), wasm_i32x4_ne(error, zero)));
    wasm_v128_store(to + i, value);
  }
  for (; i < count; i += 1) {
    int32_t error = values[i] > 0 ? errors[i] : 0;
    to[i] = shift ? (error >> shift) + ((error >> (shift - 1)) & 1) : error;
    lost += to[i] == 0 && error != 0;
  }
  return lost - lanes_of(vanished);
}

/* Adds the first `columns` of rows, `pitch` elements apart, to sums, column by column. */
static inline void add_columns(const void *rows, uint32_t bytes, uint32_t pitch, uint32_t columns, uint32_t count, int64_t *sums) {
  for (uint32_t p = 0; p < count; p += 1) {
    if (bytes == 2) {
      const int16_t *row = (const int16_t *)rows + p * pitch;
      for (uint32_t o = 0; o < columns; o += 1) {
        sums[o] += row[o];
      }
    } else {
      const int32_t *row = (const int32_t *)rows + p * pitch;
      for (uint32_t o = 0; o < columns; o += 1) {
        sums[o] += row[o];
      }
    }
  }
}

#endif

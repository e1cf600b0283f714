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

/* Adds rows of elements to sums, column by column. */
static inline void add_columns(const void *rows, uint32_t bytes, uint32_t columns, uint32_t count, int64_t *sums) {
  for (uint32_t p = 0; p < count; p += 1) {
    if (bytes == 2) {
      const int16_t *row = (const int16_t *)rows + p * columns;
      for (uint32_t o = 0; o < columns; o += 1) {
        sums[o] += row[o];
      }
    } else {
      const int32_t *row = (const int32_t *)rows + p * columns;
      for (uint32_t o = 0; o < columns; o += 1) {
        sums[o] += row[o];
      }
    }
  }
}

#endif

/* Products with WebAssembly's 128-bit instructions; the same results as ../products.c. */
#include "../products.h"
#include <wasm_simd128.h>

#define EACH_OUTPUT(o) for (uint32_t o = 0; o < 4; o += 1)

static v128_t folded(v128_t a, v128_t b) { /* a0 + a1, a2 + a3, b0 + b1, b2 + b3 */
  return wasm_i32x4_add(wasm_i32x4_shuffle(a, b, 0, 2, 4, 6), wasm_i32x4_shuffle(a, b, 1, 3, 5, 7));
}

static v128_t row_sums(const v128_t part[4]) {
  return folded(folded(part[0], part[1]), folded(part[2], part[3]));
}

/* Sums of two positions and four outputs. */
static void dots16(const int16_t *x0, const int16_t *x1, const int16_t *w, uint32_t pitch, uint32_t depth, v128_t *sums0,
                   v128_t *sums1) {
  v128_t zero = wasm_i32x4_splat(0);
  v128_t a[4] = {zero, zero, zero, zero};
  v128_t b[4] = {zero, zero, zero, zero};
  for (uint32_t k = 0; k < depth; k += 8) {
    v128_t p = wasm_v128_load(x0 + k);
    v128_t q = wasm_v128_load(x1 + k);
#pragma clang loop unroll(full)
    EACH_OUTPUT(o) {
      v128_t v = wasm_v128_load(w + o * pitch + k);
      a[o] = wasm_i32x4_add(a[o], wasm_i32x4_dot_i16x8(p, v));
      b[o] = wasm_i32x4_add(b[o], wasm_i32x4_dot_i16x8(q, v));
    }
  }
  *sums0 = row_sums(a);
  *sums1 = row_sums(b);
}

static int32_t dot16(const int16_t *x, const int16_t *w, uint32_t depth) {
  v128_t sum = wasm_i32x4_splat(0);
  for (uint32_t k = 0; k < depth; k += 8) {
    sum = wasm_i32x4_add(sum, wasm_i32x4_dot_i16x8(wasm_v128_load(x + k), wasm_v128_load(w + k)));
  }
  return wasm_i32x4_extract_lane(folded(folded(sum, sum), folded(sum, sum)), 0);
}

static void put_sums(int32_t *to, v128_t sums, uint32_t add) {
  wasm_v128_store(to, add ? wasm_i32x4_add(wasm_v128_load(to), sums) : sums);
}

void product16(const Product *product, int32_t *sums) {
  uint32_t outputs = product->outputs;
  uint32_t pitch = product->weightPitch;
  const int16_t *weights = product->weightRows;
  for (uint32_t p = 0; p < product->positions; p += 2) {
    const int16_t *x0 = (const int16_t *)product->positionRows + p * product->positionPitch;
    uint32_t two = p + 1 < product->positions;
    const int16_t *x1 = two ? x0 + product->positionPitch : x0;
    int32_t *to = sums + p * outputs;
    uint32_t o = 0;
    for (; o + 4 <= outputs; o += 4) {
      v128_t sums0, sums1;
      dots16(x0, x1, weights + o * pitch, pitch, product->depth, &sums0, &sums1);
      put_sums(to + o, sums0, product->add);
      if (two) {
        put_sums(to + outputs + o, sums1, product->add);
      }
    }
    for (; o < outputs; o += 1) {
      for (uint32_t q = 0; q <= two; q += 1) {
        uint32_t sum = (uint32_t)dot16(q ? x1 : x0, weights + o * pitch, product->depth);
        uint32_t before = product->add ? (uint32_t)to[q * outputs + o] : 0;
        to[q * outputs + o] = (int32_t)(before + sum);
      }
    }
  }
}

void product32(const Product *product, int64_t *sums) {
  for (uint32_t p = 0; p < product->positions; p += 1) {
    const int32_t *x = (const int32_t *)product->positionRows + p * product->positionPitch;
    for (uint32_t o = 0; o < product->outputs; o += 1) {
      const int32_t *w = (const int32_t *)product->weightRows + o * product->weightPitch;
      v128_t low = wasm_i64x2_splat(0);
      v128_t high = low;
      uint32_t k = 0;
      for (; k + 4 <= product->depth; k += 4) {
        v128_t a = wasm_v128_load(x + k);
        v128_t b = wasm_v128_load(w + k);
        low = wasm_i64x2_add(low, wasm_i64x2_extmul_low_i32x4(a, b));
        high = wasm_i64x2_add(high, wasm_i64x2_extmul_high_i32x4(a, b));
      }
      low = wasm_i64x2_add(low, high);
      uint64_t sum = (uint64_t)wasm_i64x2_extract_lane(low, 0) + (uint64_t)wasm_i64x2_extract_lane(low, 1);
      for (; k < product->depth; k += 1) {
        sum += (uint64_t)((int64_t)x[k] * w[k]);
      }
      *sums = (int64_t)(product->add ? (uint64_t)*sums + sum : sum);
      sums += 1;
    }
  }
}

void outer16(const uint32_t *x, uint32_t depth, const uint32_t *d, uint32_t outputs, uint32_t pairs, int64_t *gradient) {
  for (uint32_t o = 0; o < outputs; o += 1) {
    int64_t *row = gradient + o * depth;
    for (uint32_t k = 0; k < depth; k += 4) {
      v128_t low = wasm_v128_load(row + k);
      v128_t high = wasm_v128_load(row + k + 2);
      for (uint32_t p = 0; p < pairs; p += 1) {
        v128_t both = wasm_i32x4_dot_i16x8(wasm_v128_load(x + p * depth + k), wasm_v128_load32_splat(d + p * outputs + o));
        low = wasm_i64x2_add(low, wasm_i64x2_extend_low_i32x4(both));
        high = wasm_i64x2_add(high, wasm_i64x2_extend_high_i32x4(both));
      }
      wasm_v128_store(row + k, low);
      wasm_v128_store(row + k + 2, high);
    }
  }
}

void outer32(const int32_t *x, uint32_t depth, const int32_t *d, uint32_t outputs, uint32_t positions, int64_t *gradient) {
  for (uint32_t o = 0; o < outputs; o += 1) {
    int64_t *row = gradient + o * depth;
    for (uint32_t k = 0; k < depth; k += 4) {
      v128_t low = wasm_v128_load(row + k);
      v128_t high = wasm_v128_load(row + k + 2);
      for (uint32_t p = 0; p < positions; p += 1) {
        v128_t a = wasm_v128_load(x + p * depth + k);
        v128_t b = wasm_v128_load32_splat(d + p * outputs + o);
        low = wasm_i64x2_add(low, wasm_i64x2_extmul_low_i32x4(a, b));
        high = wasm_i64x2_add(high, wasm_i64x2_extmul_high_i32x4(a, b));
      }
      wasm_v128_store(row + k, low);
      wasm_v128_store(row + k + 2, high);
    }
  }
}

/* Products with WebAssembly's 128-bit instructions; the same results as ../products.c. */
#include "../products.h"
#include <wasm_simd128.h>

#define EACH(i, count) _Pragma("clang loop unroll(full)") for (uint32_t i = 0; i < count; i += 1)

static v128_t folded(v128_t a, v128_t b) { /* a0 + a1, a2 + a3, b0 + b1, b2 + b3 */
  return wasm_i32x4_add(wasm_i32x4_shuffle(a, b, 0, 2, 4, 6), wasm_i32x4_shuffle(a, b, 1, 3, 5, 7));
}

/* Sums of two positions and 1, 2 or 4 outputs: the lanes of sums[p]. */
static inline void dots16(const int16_t *x0, const int16_t *x1, const int16_t *w, uint32_t pitch, uint32_t depth,
                          const uint32_t outputs, v128_t sums[2]) {
  v128_t zero = wasm_i32x4_splat(0);
  v128_t a[4] = {zero, zero, zero, zero};
  v128_t b[4] = {zero, zero, zero, zero};
  for (uint32_t k = 0; k < depth; k += 8) {
    v128_t p = wasm_v128_load(x0 + k);
    v128_t q = wasm_v128_load(x1 + k);
    EACH(o, outputs) {
      v128_t v = wasm_v128_load(w + o * pitch + k);
      a[o] = wasm_i32x4_add(a[o], wasm_i32x4_dot_i16x8(p, v));
      b[o] = wasm_i32x4_add(b[o], wasm_i32x4_dot_i16x8(q, v));
    }
  }
  sums[0] = folded(folded(a[0], a[1]), folded(a[2], a[3]));
  sums[1] = folded(folded(b[0], b[1]), folded(b[2], b[3]));
}

static inline void put_sums(int32_t *to, v128_t sums, const uint32_t outputs, uint32_t add) {
  if (outputs == 4) {
    wasm_v128_store(to, add ? wasm_i32x4_add(wasm_v128_load(to), sums) : sums);
  } else if (outputs == 2) {
    sums = add ? wasm_i32x4_add(wasm_v128_load64_zero(to), sums) : sums;
    wasm_v128_store64_lane(to, sums, 0);
  } else {
    sums = add ? wasm_i32x4_add(wasm_v128_load32_zero(to), sums) : sums;
    wasm_v128_store32_lane(to, sums, 0);
  }
}

static inline void product_of(const Product *product, int32_t *to, const int16_t *x0, const int16_t *x1, uint32_t output,
                              const uint32_t outputs) {
  const int16_t *w = (const int16_t *)product->weightRows + output * product->weightPitch;
  v128_t sums[2];
  dots16(x0, x1, w, product->weightPitch, product->depth, outputs, sums);
  put_sums(to + output, sums[0], outputs, product->add);
  if (x1 != x0) {
    put_sums(to + product->outputs + output, sums[1], outputs, product->add);
  }
}

void product16(const Product *product, int32_t *sums) {
  uint32_t outputs = product->outputs;
  for (uint32_t p = 0; p < product->positions; p += 2) {
    const int16_t *x0 = (const int16_t *)product->positionRows + p * product->positionPitch;
    const int16_t *x1 = p + 1 < product->positions ? x0 + product->positionPitch : x0;
    int32_t *to = sums + p * outputs;
    uint32_t o = 0;
    for (; o + 4 <= outputs; o += 4) {
      product_of(product, to, x0, x1, o, 4);
    }
    if (outputs & 2) {
      product_of(product, to, x0, x1, o, 2);
      o += 2;
    }
    if (outputs & 1) {
      product_of(product, to, x0, x1, o, 1);
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

/* The largest magnitude of int16 pairs. */
static uint32_t largest_of(const uint32_t *pairs, uint32_t count) {
  v128_t most = wasm_i16x8_splat(0);
  uint32_t i = 0;
  for (; i + 4 <= count; i += 4) { /* -32768 stays what it is, as a number without sign */
    most = wasm_u16x8_max(most, wasm_i16x8_abs(wasm_v128_load(pairs + i)));
  }
  uint16_t lanes[8];
  wasm_v128_store(lanes, most);
  uint32_t largest = 0;
  EACH(lane, 8) {
    largest = lanes[lane] > largest ? lanes[lane] : largest;
  }
  for (; i < count; i += 1) {
    int32_t low = (int16_t)pairs[i];
    int32_t high = (int16_t)(pairs[i] >> 16);
    low = low < 0 ? -low : low;
    high = high < 0 ? -high : high;
    low = low > high ? low : high;
    largest = (uint32_t)low > largest ? (uint32_t)low : largest;
  }
  return largest;
}

/* For each of some outputs, the sum of the magnitudes of its column; the largest of them. */
static uint32_t largest_column(const uint32_t *d, uint32_t stride, uint32_t outputs, uint32_t pairs) {
  uint32_t largest = 0;
  for (uint32_t o = 0; o < outputs; o += 1) {
    uint32_t sum = 0;
    for (uint32_t p = 0; p < pairs; p += 1) {
      int32_t low = (int16_t)d[p * stride + o];
      int32_t high = (int16_t)(d[p * stride + o] >> 16);
      sum += (uint32_t)(low < 0 ? -low : low) + (uint32_t)(high < 0 ? -high : high);
    }
    largest = sum > largest ? sum : largest;
  }
  return largest;
}

static void add_wide(int64_t *to, v128_t sums) {
  wasm_v128_store(to, wasm_i64x2_add(wasm_v128_load(to), wasm_i64x2_extend_low_i32x4(sums)));
  wasm_v128_store(to + 2, wasm_i64x2_add(wasm_v128_load(to + 2), wasm_i64x2_extend_high_i32x4(sums)));
}

/* Some outputs by 4 * vectors products, where sums over all positions fit 32 bits. */
static inline void outer_narrow(const uint32_t *x, uint32_t depth, const uint32_t *d, uint32_t stride, uint32_t pairs,
                                int64_t *gradient, const uint32_t outputs, const uint32_t vectors) {
  v128_t sums[4][2];
  EACH(o, outputs) {
    EACH(v, vectors) {
      sums[o][v] = wasm_i32x4_splat(0);
    }
  }
  for (uint32_t p = 0; p < pairs; p += 1, x += depth, d += stride) {
    v128_t a[2];
    EACH(v, vectors) {
      a[v] = wasm_v128_load(x + 4 * v);
    }
    EACH(o, outputs) {
      v128_t b = wasm_v128_load32_splat(d + o);
      EACH(v, vectors) {
        sums[o][v] = wasm_i32x4_add(sums[o][v], wasm_i32x4_dot_i16x8(a[v], b));
      }
    }
  }
  EACH(o, outputs) {
    EACH(v, vectors) {
      add_wide(gradient + o * depth + 4 * v, sums[o][v]);
    }
  }
}

static inline void outer_narrow_rows(const uint32_t *x, uint32_t depth, const uint32_t *d, uint32_t stride, uint32_t pairs,
                                     int64_t *gradient, const uint32_t outputs) {
  uint32_t k = 0;
  for (; k + 8 <= depth; k += 8) {
    outer_narrow(x + k, depth, d, stride, pairs, gradient + k, outputs, 2);
  }
  if (k < depth) {
    outer_narrow(x + k, depth, d, stride, pairs, gradient + k, outputs, 1);
  }
}

static void outer_wide(const uint32_t *x, uint32_t depth, const uint32_t *d, uint32_t outputs, uint32_t pairs, int64_t *gradient) {
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

/* Sums of 64 bits are twice the work, and seldom needed: 32 are enough where the magnitudes say so. */
void outer16(const uint32_t *x, uint32_t depth, const uint32_t *d, uint32_t outputs, uint32_t pairs, int64_t *gradient) {
  uint64_t largest = largest_of(x, depth * pairs);
  if (largest * largest_column(d, outputs, outputs, pairs) > INT32_MAX) {
    outer_wide(x, depth, d, outputs, pairs, gradient);
    return;
  }
  uint32_t o = 0;
  for (; o + 4 <= outputs; o += 4) {
    outer_narrow_rows(x, depth, d + o, outputs, pairs, gradient + o * depth, 4);
  }
  for (; o < outputs; o += 1) {
    outer_narrow_rows(x, depth, d + o, outputs, pairs, gradient + o * depth, 1);
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

/* Products with WebAssembly's 128-bit instructions; the same results as ../products.c. */
#include "../products.h"
#include "../blocks.h"
#include "../rows.h"
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

/* Computed here: the compiler would put off what needs more vectors at a time than there are registers. */
#define IN_ORDER(vector) __asm__ volatile("" : "+r"(vector))

/* Sums of one or two positions and 1, 2 or 4 outputs of int32 operands. */
static inline __attribute__((always_inline)) void dots32(const Product *product, int64_t *to, const int32_t *x, const int32_t *w,
                                                         const uint32_t positions, const uint32_t outputs) {
  uint32_t depth = product->depth;
  v128_t sums[2][4];
  EACH(p, positions) {
    EACH(o, outputs) {
      sums[p][o] = wasm_i64x2_splat(0);
    }
  }
  uint32_t k = 0;
  for (; k + 4 <= depth; k += 4) {
    v128_t a[2];
    EACH(p, positions) {
      a[p] = wasm_v128_load(x + p * product->positionPitch + k);
    }
    EACH(o, outputs) {
      v128_t b = wasm_v128_load(w + o * product->weightPitch + k);
      EACH(p, positions) {
        sums[p][o] = wasm_i64x2_add(sums[p][o], wasm_i64x2_extmul_low_i32x4(a[p], b));
        sums[p][o] = wasm_i64x2_add(sums[p][o], wasm_i64x2_extmul_high_i32x4(a[p], b));
        IN_ORDER(sums[p][o]);
      }
    }
  }
  if (k < depth) {
    EACH(o, outputs) {
      v128_t b = wasm_v128_load64_zero(w + o * product->weightPitch + k);
      EACH(p, positions) {
        v128_t a = wasm_v128_load64_zero(x + p * product->positionPitch + k);
        sums[p][o] = wasm_i64x2_add(sums[p][o], wasm_i64x2_extmul_low_i32x4(a, b));
      }
    }
  }
  EACH(p, positions) {
    int64_t *row = to + p * product->outputs;
    for (uint32_t o = 0; o + 2 <= outputs; o += 2) {
      v128_t first = wasm_i64x2_shuffle(sums[p][o], sums[p][o + 1], 0, 2);
      v128_t both = wasm_i64x2_add(first, wasm_i64x2_shuffle(sums[p][o], sums[p][o + 1], 1, 3));
      wasm_v128_store(row + o, product->add ? wasm_i64x2_add(both, wasm_v128_load(row + o)) : both);
    }
    if (outputs == 1) {
      uint64_t sum = (uint64_t)wasm_i64x2_extract_lane(sums[p][0], 0) + (uint64_t)wasm_i64x2_extract_lane(sums[p][0], 1);
      *row = (int64_t)(product->add ? (uint64_t)*row + sum : sum);
    }
  }
}

static inline __attribute__((always_inline)) void positions32(const Product *product, int64_t *sums, uint32_t position,
                                                              const uint32_t positions) {
  const int32_t *x = (const int32_t *)product->positionRows + position * product->positionPitch;
  const int32_t *w = product->weightRows;
  int64_t *to = sums + position * product->outputs;
  uint32_t o = 0;
  for (; o + 4 <= product->outputs; o += 4) {
    dots32(product, to + o, x, w + o * product->weightPitch, positions, 4);
  }
  if (product->outputs & 2) {
    dots32(product, to + o, x, w + o * product->weightPitch, positions, 2);
    o += 2;
  }
  if (product->outputs & 1) {
    dots32(product, to + o, x, w + o * product->weightPitch, positions, 1);
  }
}

void product32(const Product *product, int64_t *sums) {
  uint32_t p = 0;
  for (; p + 2 <= product->positions; p += 2) {
    positions32(product, sums, p, 2);
  }
  if (p < product->positions) {
    positions32(product, sums, p, 1);
  }
}

/* Positions 2 p and 2 p + 1 as halves of words, in place of their rows; a last one alone with 0. */
static void pair(const Outer *outer) {
  uint32_t pitch = outer->pitch;
  uint32_t mark = arena_mark();
  int16_t *copy = take_room(2 * pitch);
  int16_t *even = outer->rows;
  for (uint32_t p = 0; p < outer->positions; p += 2, even += 2 * pitch) {
    if (p + 1 == outer->positions) {
      clear_row(even + pitch, 2 * pitch);
    }
    copy_row(copy, even, 2 * pitch);
    pair_rows(copy, even + pitch, pitch, (uint32_t *)even);
  }
  release_to(mark);
}

/* Pairs of positions: `depth` operands from x on, deltas from d on, both `pitch` words behind those of the pair before. */
typedef struct {
  const uint32_t *x;
  const uint32_t *d;
  uint32_t pitch;
  uint32_t depth;
  uint32_t pairs;
} Pairs;

/* The largest magnitude of operands. */
static uint32_t largest_of(const Pairs *pairs) {
  v128_t most = wasm_i16x8_splat(0);
  for (uint32_t p = 0; p < pairs->pairs; p += 1) {
    for (uint32_t k = 0; k < pairs->depth; k += 4) { /* -32768 stays what it is, as a number without sign */
      most = wasm_u16x8_max(most, wasm_i16x8_abs(wasm_v128_load(pairs->x + p * pairs->pitch + k)));
    }
  }
  uint16_t lanes[8];
  wasm_v128_store(lanes, most);
  uint32_t largest = 0;
  EACH(lane, 8) {
    largest = lanes[lane] > largest ? lanes[lane] : largest;
  }
  return largest;
}

/* For each output, the sum of the magnitudes of its column; the largest of them. */
static uint32_t largest_column(const Pairs *pairs, uint32_t outputs) {
  uint32_t largest = 0;
  for (uint32_t o = 0; o < outputs; o += 1) {
    uint32_t sum = 0;
    for (uint32_t p = 0; p < pairs->pairs; p += 1) {
      uint32_t both = pairs->d[p * pairs->pitch + o];
      int32_t low = (int16_t)both;
      int32_t high = (int16_t)(both >> 16);
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
static inline __attribute__((always_inline)) void outer_narrow(const Pairs *pairs, uint32_t output, uint32_t k, int64_t *gradient, const uint32_t outputs,
                                const uint32_t vectors) {
  const uint32_t *x = pairs->x + k;
  const uint32_t *d = pairs->d + output;
  int64_t *to = gradient + output * pairs->depth + k;
  v128_t sums[4][2];
  EACH(o, outputs) {
    EACH(v, vectors) {
      sums[o][v] = wasm_i32x4_splat(0);
    }
  }
  for (uint32_t p = 0; p < pairs->pairs; p += 1, x += pairs->pitch, d += pairs->pitch) {
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
      add_wide(to + o * pairs->depth + 4 * v, sums[o][v]);
    }
  }
}

static inline __attribute__((always_inline)) void outer_narrow_rows(const Pairs *pairs, uint32_t output, int64_t *gradient, const uint32_t outputs) {
  uint32_t k = 0;
  for (; k + 8 <= pairs->depth; k += 8) {
    outer_narrow(pairs, output, k, gradient, outputs, 2);
  }
  if (k < pairs->depth) {
    outer_narrow(pairs, output, k, gradient, outputs, 1);
  }
}

static void outer_wide(const Pairs *pairs, uint32_t outputs, int64_t *gradient) {
  for (uint32_t o = 0; o < outputs; o += 1) {
    int64_t *row = gradient + o * pairs->depth;
    for (uint32_t k = 0; k < pairs->depth; k += 4) {
      v128_t low = wasm_v128_load(row + k);
      v128_t high = wasm_v128_load(row + k + 2);
      const uint32_t *x = pairs->x + k;
      const uint32_t *d = pairs->d + o;
      for (uint32_t p = 0; p < pairs->pairs; p += 1, x += pairs->pitch, d += pairs->pitch) {
        v128_t both = wasm_i32x4_dot_i16x8(wasm_v128_load(x), wasm_v128_load32_splat(d));
        low = wasm_i64x2_add(low, wasm_i64x2_extend_low_i32x4(both));
        high = wasm_i64x2_add(high, wasm_i64x2_extend_high_i32x4(both));
      }
      wasm_v128_store(row + k, low);
      wasm_v128_store(row + k + 2, high);
    }
  }
}

/* Sums of 64 bits are twice the work, and seldom needed: 32 are enough where the magnitudes say so. */
void outer16(const Outer *outer) {
  pair(outer);
  const uint32_t *d = outer->rows;
  Pairs pairs = {d + outer->operands, d, outer->pitch, outer->depth, (outer->positions + 1) / 2};
  uint32_t outputs = outer->outputs;
  uint64_t largest = largest_of(&pairs);
  if (largest * largest_column(&pairs, outputs) > INT32_MAX) {
    outer_wide(&pairs, outputs, outer->sums);
    return;
  }
  uint32_t o = 0;
  for (; o + 4 <= outputs; o += 4) {
    outer_narrow_rows(&pairs, o, outer->sums, 4);
  }
  for (; o < outputs; o += 1) {
    outer_narrow_rows(&pairs, o, outer->sums, 1);
  }
}

/* One operand in all lanes. The compiler is kept from knowing so, as it would multiply lanes of 64 bits then. */
static inline v128_t everywhere(const int32_t *operand) {
  v128_t lanes = wasm_v128_load32_splat(operand);
  __asm__("" : "+r"(lanes));
  return lanes;
}

/* Four outputs by four products of int32 operands. */
static void outer_four(const Outer *outer, uint32_t output, uint32_t k) {
  const int32_t *d = (const int32_t *)outer->rows + output;
  const int32_t *x = (const int32_t *)outer->rows + outer->operands + k;
  int64_t *to = outer->sums + output * outer->depth + k;
  v128_t low[4], high[4];
  EACH(o, 4) {
    low[o] = wasm_v128_load(to + o * outer->depth);
    high[o] = wasm_v128_load(to + o * outer->depth + 2);
  }
  for (uint32_t p = 0; p < outer->positions; p += 1, x += outer->pitch, d += outer->pitch) {
    v128_t a = wasm_v128_load(x);
    EACH(o, 4) {
      v128_t b = everywhere(d + o);
      low[o] = wasm_i64x2_add(low[o], wasm_i64x2_extmul_low_i32x4(a, b));
      high[o] = wasm_i64x2_add(high[o], wasm_i64x2_extmul_high_i32x4(a, b));
    }
  }
  EACH(o, 4) {
    wasm_v128_store(to + o * outer->depth, low[o]);
    wasm_v128_store(to + o * outer->depth + 2, high[o]);
  }
}

void outer32(const Outer *outer) {
  for (uint32_t o = 0; o < outer->operands; o += 4) { /* deltas of no output are 0, and there is room for their sums */
    for (uint32_t k = 0; k < outer->depth; k += 4) {
      outer_four(outer, o, k);
    }
  }
}

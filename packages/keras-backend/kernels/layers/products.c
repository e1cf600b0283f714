/* Products as a core computes them: ARM code, with dots_2x2 of products.S inside. */
#include "products.h"
#include "rows.h"

/* Sums of two rows by two rows of weights over 8 * eights operands: row 0 weights 0, row 0 weights 1, then row 1. */
void dots_2x2(const void *row0, const void *row1, const void *weights0, const void *weights1, int32_t sums[4],
              uint32_t eights);

HOT_INLINE void put_sum(const Product *product, int32_t *sums, uint32_t p, uint32_t o, int32_t sum) {
  int32_t *to = sums + p * product->outputs + o;
  *to = product->add ? (int32_t)((uint32_t)*to + (uint32_t)sum) : sum;
}

HOT void product16(const Product *product, int32_t *sums) {
  uint32_t oddPosition = product->positions - 1;
  uint32_t oddOutput = product->outputs - 1;
  for (uint32_t p = 0; p < product->positions; p += 2) {
    uint32_t q = p < oddPosition ? p + 1 : p;
    const int16_t *x0 = (const int16_t *)product->positionRows + p * product->positionPitch;
    const int16_t *x1 = (const int16_t *)product->positionRows + q * product->positionPitch;
    for (uint32_t o = 0; o < product->outputs; o += 2) {
      uint32_t n = o < oddOutput ? o + 1 : o;
      const int16_t *w0 = (const int16_t *)product->weightRows + o * product->weightPitch;
      const int16_t *w1 = (const int16_t *)product->weightRows + n * product->weightPitch;
      int32_t four[4];
      dots_2x2(x0, x1, w0, w1, four, product->depth / 8);
      put_sum(product, sums, p, o, four[0]);
      if (n > o) {
        put_sum(product, sums, p, n, four[1]);
      }
      if (q > p) {
        put_sum(product, sums, q, o, four[2]);
      }
      if (q > p && n > o) {
        put_sum(product, sums, q, n, four[3]);
      }
    }
  }
}

HOT void product32(const Product *product, int64_t *sums) {
  for (uint32_t p = 0; p < product->positions; p += 1) {
    const int32_t *x = (const int32_t *)product->positionRows + p * product->positionPitch;
    for (uint32_t o = 0; o < product->outputs; o += 1) {
      const int32_t *w = (const int32_t *)product->weightRows + o * product->weightPitch;
      int64_t sum = product->add ? *sums : 0;
      for (uint32_t k = 0; k < product->depth; k += 1) {
        sum += (int64_t)x[k] * w[k];
      }
      *sums++ = sum;
    }
  }
}

/* sum += low half by low half, high half by high half. */
HOT_INLINE int64_t add_pair(int64_t sum, uint32_t a, uint32_t b) {
  __asm__("smlalbb %Q0, %R0, %1, %2\n\tsmlaltt %Q0, %R0, %1, %2" : "+r"(sum) : "r"(a), "r"(b));
  return sum;
}

HOT void outer16(const uint32_t *x, uint32_t depth, const uint32_t *d, uint32_t outputs, uint32_t pairs, int64_t *gradient) {
  for (uint32_t o = 0; o < outputs; o += 1) {
    for (uint32_t k = 0; k < depth; k += 2) {
      int64_t sum0 = gradient[0];
      int64_t sum1 = gradient[1];
      const uint32_t *xs = x + k;
      const uint32_t *ds = d + o;
      for (uint32_t p = pairs; p > 0; p -= 1) {
        uint32_t b = *ds;
        sum0 = add_pair(sum0, xs[0], b);
        sum1 = add_pair(sum1, xs[1], b);
        xs += depth;
        ds += outputs;
      }
      gradient[0] = sum0;
      gradient[1] = sum1;
      gradient += 2;
    }
  }
}

HOT void outer32(const int32_t *x, uint32_t depth, const int32_t *d, uint32_t outputs, uint32_t positions, int64_t *gradient) {
  for (uint32_t o = 0; o < outputs; o += 1) {
    for (uint32_t k = 0; k < depth; k += 1) {
      int64_t sum = *gradient;
      for (uint32_t p = 0; p < positions; p += 1) {
        sum += (int64_t)x[p * depth + k] * d[p * outputs + o];
      }
      *gradient++ = sum;
    }
  }
}

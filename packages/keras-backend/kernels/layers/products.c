/* Products as a core computes them: ARM code, with the loops of products.S inside. */
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
  uint32_t outputs = product->outputs;
  for (uint32_t p = 0; p < product->positions; p += 1) {
    const int32_t *row = (const int32_t *)product->positionRows + p * product->positionPitch;
    for (uint32_t o = 0; o < outputs; o += 1) {
      const int32_t *x = row;
      const int32_t *w = (const int32_t *)product->weightRows + o * product->weightPitch;
      int64_t sum = product->add ? *sums : 0;
      for (uint32_t twos = product->depth / 2; twos > 0; twos -= 1) {
        sum += (int64_t)x[0] * w[0];
        sum += (int64_t)x[1] * w[1];
        x += 2;
        w += 2;
      }
      *sums++ = sum;
    }
  }
}

/* Two operands by two deltas over pairs of positions. */
void outer_2x2(const uint32_t *x, const uint32_t *d, uint32_t pairs, uint32_t x_bytes, uint32_t d_bytes,
               int64_t sums0[2], int64_t sums1[2]);

HOT void outer16(const uint32_t *x, uint32_t depth, const uint32_t *d, uint32_t outputs, uint32_t pairs, int64_t *gradient) {
  int64_t spare[2] = {0, 0}; /* sums of what lies beside a last odd output */
  for (uint32_t o = 0; o < outputs; o += 2) {
    for (uint32_t k = 0; k < depth; k += 2) {
      int64_t *next = o + 1 < outputs ? gradient + depth + k : spare;
      outer_2x2(x + k, d + o, pairs, depth * 4, outputs * 4, gradient + k, next);
    }
    gradient += 2 * depth;
  }
}

HOT void outer32(const int32_t *x, uint32_t depth, const int32_t *d, uint32_t outputs, uint32_t positions, int64_t *gradient) {
  for (uint32_t o = 0; o < outputs; o += 1) {
    for (uint32_t k = 0; k < depth; k += 2) {
      const int32_t *xs = x + k;
      const int32_t *ds = d + o;
      int64_t sum0 = gradient[0];
      int64_t sum1 = gradient[1];
      for (uint32_t p = positions; p > 0; p -= 1) {
        sum0 += (int64_t)xs[0] * *ds;
        sum1 += (int64_t)xs[1] * *ds;
        xs += depth;
        ds += outputs;
      }
      gradient[0] = sum0;
      gradient[1] = sum1;
      gradient += 2;
    }
  }
}

/* Products in plain C, as a core computes them. */
#include "products.h"

static int32_t dot16(const int16_t *a, const int16_t *b, uint32_t depth) {
  uint32_t sum = 0;
  for (uint32_t k = 0; k < depth; k += 1) {
    sum += (uint32_t)(a[k] * b[k]);
  }
  return (int32_t)sum;
}

void product16(const Product *product, int32_t *sums) {
  for (uint32_t p = 0; p < product->positions; p += 1) {
    const int16_t *x = (const int16_t *)product->positionRows + p * product->positionPitch;
    for (uint32_t o = 0; o < product->outputs; o += 1) {
      const int16_t *w = (const int16_t *)product->weightRows + o * product->weightPitch;
      uint32_t before = product->add ? (uint32_t)*sums : 0;
      *sums++ = (int32_t)(before + (uint32_t)dot16(x, w, product->depth));
    }
  }
}

void product32(const Product *product, int64_t *sums) {
  for (uint32_t p = 0; p < product->positions; p += 1) {
    const int32_t *x = (const int32_t *)product->positionRows + p * product->positionPitch;
    for (uint32_t o = 0; o < product->outputs; o += 1) {
      const int32_t *w = (const int32_t *)product->weightRows + o * product->weightPitch;
      uint64_t sum = product->add ? (uint64_t)*sums : 0;
      for (uint32_t k = 0; k < product->depth; k += 1) {
        sum += (uint64_t)((int64_t)x[k] * w[k]);
      }
      *sums++ = (int64_t)sum;
    }
  }
}

void outer16(const uint32_t *x, uint32_t depth, const uint32_t *d, uint32_t outputs, uint32_t pairs, int64_t *gradient) {
  for (uint32_t o = 0; o < outputs; o += 1) {
    for (uint32_t k = 0; k < depth; k += 1) {
      int64_t sum = *gradient;
      for (uint32_t p = 0; p < pairs; p += 1) {
        uint32_t a = x[p * depth + k];
        uint32_t b = d[p * outputs + o];
        sum += (int16_t)a * (int16_t)b;
        sum += (int16_t)(a >> 16) * (int16_t)(b >> 16);
      }
      *gradient++ = sum;
    }
  }
}

void outer32(const int32_t *x, uint32_t depth, const int32_t *d, uint32_t outputs, uint32_t positions, int64_t *gradient) {
  for (uint32_t o = 0; o < outputs; o += 1) {
    for (uint32_t k = 0; k < depth; k += 1) {
      uint64_t sum = (uint64_t)*gradient;
      for (uint32_t p = 0; p < positions; p += 1) {
        sum += (uint64_t)((int64_t)x[p * depth + k] * d[p * outputs + o]);
      }
      *gradient++ = (int64_t)sum;
    }
  }
}

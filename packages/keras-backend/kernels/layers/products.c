/* Products as a core computes them: ARM code, with the loops of products.S inside. */
#include "products.h"
#include "rows.h"

/*
 * Sums of two rows by pairs of rows of weights: of row 0 from `sums` to `end`, of row 1 `step` bytes behind; for `pairs` pairs of
 * rows, each `ahead` bytes behind the one before, with sums 2 * step bytes behind.
 */
void dots_2xn(const int16_t *row0, const int16_t *row1, const int16_t *weights, uint32_t pitch, uint32_t bytes, uint32_t step,
              int32_t *sums, int32_t *end, uint32_t ahead, uint32_t pairs);

/* Pairs of rows of operands by all outputs but a last odd one, or a row alone, taken twice. */
HOT static void put_rows(const Product *product, const int16_t *x, int32_t *sums, uint32_t pairs) {
  uint32_t outputs = product->outputs;
  uint32_t ahead = pairs ? product->positionPitch : 0;
  if (outputs > 1) {
    dots_2xn(x, x + ahead, product->weightRows, 2 * product->weightPitch, 2 * product->depth, pairs ? 4 * outputs : 0, sums,
             sums + (outputs & ~1u), 4 * ahead, pairs ? pairs : 1);
  }
}

/* Two rows by one or two outputs, when sums are added to what is there, and for a last odd output. */
HOT static void put_some(const Product *product, const int16_t *x, uint32_t o, int32_t *sums, uint32_t rows) {
  const int16_t *weights = (const int16_t *)product->weightRows + o * product->weightPitch;
  const int16_t *next = rows == 2 ? x + product->positionPitch : x;
  uint32_t outputs = product->outputs - o < 2 ? 1 : 2;
  int32_t four[4];
  dots_2xn(x, next, weights, outputs == 2 ? 2 * product->weightPitch : 0, 2 * product->depth, 8, four, four + 2, 0, 1);
  for (uint32_t i = 0; i < 2 * rows; i += 1) {
    if (i % 2 < outputs) {
      int32_t *to = sums + o + i % 2 + (i < 2 ? 0 : product->outputs);
      *to = (int32_t)((product->add ? (uint32_t)*to : 0) + (uint32_t)four[i]);
    }
  }
}

HOT void product16(const Product *product, int32_t *sums) {
  uint32_t outputs = product->outputs;
  uint32_t positions = product->positions;
  uint32_t rest = 0; /* first output that is not done with all others */
  if (!product->add) {
    const int16_t *x = product->positionRows;
    if (positions > 1) {
      put_rows(product, x, sums, positions / 2);
    }
    if (positions & 1) {
      put_rows(product, x + (positions - 1) * product->positionPitch, sums + (positions - 1) * outputs, 0);
    }
    rest = outputs & ~1u;
  }
  for (; rest < outputs; rest += 2) {
    for (uint32_t p = 0; p < positions; p += 2) {
      const int16_t *x = (const int16_t *)product->positionRows + p * product->positionPitch;
      put_some(product, x, rest, sums + p * outputs, positions - p < 2 ? 1 : 2);
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

/* Operands by four deltas over positions whose sums fit 32 bits. */
void outer_4xn(const int16_t *x, const int16_t *d, uint32_t pitch, uint32_t positions, int64_t *sums, uint32_t row,
               uint32_t pairs);

/* The bits in which neighbouring bits of a row of int16 differ, 4 * quads of them. */
uint32_t spread_of(const int16_t *row, uint32_t quads);

/* A power of 2 below which sums of magnitudes of deltas have to stay, so that sums of products do below 2^31. */
HOT static uint32_t most_deltas(const Outer *outer) {
  const int16_t *row = (const int16_t *)outer->rows + outer->operands;
  uint32_t spread = 0;
  for (uint32_t p = 0; p < outer->positions; p += 1) {
    spread |= spread_of(row, outer->depth / 4);
    row += outer->pitch;
  }
  uint32_t bits = 31;
  for (; spread; spread >>= 1) { /* no operand is beyond 2^(31 - bits) */
    bits -= 1;
  }
  return (uint32_t)1 << bits;
}

/* From how many positions, an even number, the magnitudes of no four deltas sum up to `limit`. Two always do. */
HOT static uint32_t burst_of(const int16_t *deltas, uint32_t pitch, uint32_t positions, uint32_t limit) {
  /* x ^ (x >> 31) is the magnitude of x, or less by 1 */
  uint32_t sum0 = positions, sum1 = positions, sum2 = positions, sum3 = positions;
  for (uint32_t p = 0; p < positions; p += 1) {
    uint32_t first = ((const uint32_t *)deltas)[0];
    uint32_t second = ((const uint32_t *)deltas)[1];
    uint32_t low = first << 16;
    sum1 += (first ^ (uint32_t)((int32_t)first >> 31)) >> 16;
    sum0 += (low ^ (uint32_t)((int32_t)low >> 31)) >> 16;
    low = second << 16;
    sum3 += (second ^ (uint32_t)((int32_t)second >> 31)) >> 16;
    sum2 += (low ^ (uint32_t)((int32_t)low >> 31)) >> 16;
    if ((sum0 | sum1 | sum2 | sum3) >= limit) {
      return p < 2 ? 2 : p & ~1u;
    }
    deltas += pitch;
  }
  return positions;
}

HOT void outer16(const Outer *outer) {
  uint32_t pitch = outer->pitch;
  int16_t *rows = outer->rows;
  uint32_t positions = outer->positions;
  if (positions & 1) {
    clear_row(rows + positions * pitch, 2 * outer->operands);
    positions += 1;
  }
  uint32_t limit = 1u << 16; /* whatever the operands are */
  uint32_t isMeasured = 0;
  for (uint32_t o = 0; o < outer->outputs; o += 4) {
    for (uint32_t p = 0; p < positions;) {
      const int16_t *row = rows + p * pitch;
      uint32_t burst = burst_of(row + o, pitch, positions - p, limit);
      if (p + burst < positions && !isMeasured) {
        isMeasured = 1;
        limit = most_deltas(outer);
        continue;
      }
      outer_4xn(row + outer->operands, row + o, 2 * pitch, burst, outer->sums + o * outer->depth, 8 * outer->depth, outer->depth / 2);
      p += burst;
    }
  }
}

HOT void outer32(const Outer *outer) {
  uint32_t pitch = outer->pitch;
  int64_t *sums = outer->sums;
  for (uint32_t o = 0; o < outer->outputs; o += 1) {
    for (uint32_t k = 0; k < outer->depth; k += 2) {
      const int32_t *ds = (const int32_t *)outer->rows + o;
      const int32_t *xs = (const int32_t *)outer->rows + outer->operands + k;
      int64_t sum0 = sums[0];
      int64_t sum1 = sums[1];
      for (uint32_t p = outer->positions; p > 0; p -= 1) {
        sum0 += (int64_t)xs[0] * *ds;
        sum1 += (int64_t)xs[1] * *ds;
        xs += pitch;
        ds += pitch;
      }
      sums[0] = sum0;
      sums[1] = sum1;
      sums += 2;
    }
  }
}

/* Rows of elements as a core goes through them, with the loops of rows.S. */
#include "rows.h"
#include "worker.h"

/* How many were clamped. */
uint32_t raise(int32_t *z, const int32_t *sums, const int32_t *biases, uint32_t count, uint32_t shift);
uint32_t narrow(int16_t *to, const int32_t *z, uint32_t count, int32_t shift, int32_t least, int32_t most);
uint32_t narrow_deltas(int16_t *to, const int32_t *errors, const int16_t *values, uint32_t count, int32_t shift, uint32_t *lost);

void raise_row(int32_t *z, const int32_t *sums, const int32_t *biases, uint32_t count, uint32_t shift) {
  worker.saturations += raise(z, sums, biases, count, shift);
}

void narrow_row(int16_t *to, const int32_t *z, uint32_t count, int32_t shift, int32_t least, int32_t most) {
  worker.saturations += narrow(to, z, count, shift, least, most);
}

void delta_row(int16_t *to, const int32_t *errors, const int16_t *values, uint32_t count, int32_t shift) {
  worker.saturations += narrow_deltas(to, errors, values, count, shift, &worker.underflows);
}

HOT static int64_t column16(const int16_t *at, uint32_t pitch, uint32_t count) {
  int32_t sum = 0;
  for (; count > 0; count -= 1, at += pitch) {
    sum += *at;
  }
  return sum;
}

HOT static int64_t column32(const int32_t *at, uint32_t pitch, uint32_t count) {
  int64_t sum = 0;
  for (; count > 0; count -= 1, at += pitch) {
    sum += *at;
  }
  return sum;
}

HOT void add_columns(const void *rows, uint32_t bytes, uint32_t pitch, uint32_t columns, uint32_t count, int64_t *sums) {
  for (uint32_t o = 0; o < columns; o += 1) {
    sums[o] += bytes == 2 ? column16((const int16_t *)rows + o, pitch, count) : column32((const int32_t *)rows + o, pitch, count);
  }
}

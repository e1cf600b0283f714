#include "rows.h"
#include "worker.h"

HOT_INLINE int32_t rounded_right(int32_t value, int32_t shift) {
  return (value >> shift) + ((value >> (shift - 1)) & 1);
}

HOT void round_row(int32_t *z, const int32_t *sums, const int32_t *biases, uint32_t count, int32_t shift) {
  for (uint32_t i = 0; i < count; i += 1) {
    uint32_t bias = biases ? (uint32_t)biases[i] : 0;
    z[i] = rounded_right((int32_t)((uint32_t)sums[i] + bias), shift);
  }
}

HOT void raise_row(int32_t *z, const int32_t *sums, const int32_t *biases, uint32_t count, uint32_t shift) {
  uint32_t clamped = 0;
  for (uint32_t i = 0; i < count; i += 1) {
    uint32_t bias = biases ? (uint32_t)biases[i] : 0;
    int32_t sum = (int32_t)((uint32_t)sums[i] + bias);
    int32_t raised = (int32_t)((uint32_t)sum << shift);
    if (raised >> shift != sum) {
      raised = sum < 0 ? INT32_MIN : INT32_MAX;
      clamped += 1;
    }
    z[i] = raised;
  }
  worker.saturations += clamped;
}

HOT void narrow_row(int16_t *to, const int32_t *z, uint32_t count, int32_t shift, int32_t least, int32_t most) {
  uint32_t clamped = 0;
  for (uint32_t i = 0; i < count; i += 1) {
    int32_t limited = z[i] < least ? least : z[i] > most ? most : z[i];
    int32_t value = rounded_right(limited, shift);
    int32_t narrow = value > INT16_MAX ? INT16_MAX : value < INT16_MIN ? INT16_MIN : value;
    clamped += narrow != value;
    to[i] = (int16_t)narrow;
  }
  worker.saturations += clamped;
}

HOT void delta_row(int16_t *to, const int32_t *errors, const int16_t *values, uint32_t count, int32_t shift) {
  uint32_t clamped = 0;
  uint32_t lost = 0;
  for (uint32_t i = 0; i < count; i += 1) {
    int32_t error = !values || values[i] > 0 ? errors[i] : 0;
    int32_t value = rounded_right(error, shift);
    int32_t narrow = value > INT16_MAX ? INT16_MAX : value < -INT16_MAX ? -INT16_MAX : value;
    clamped += narrow != value;
    lost += value == 0 && error != 0;
    to[i] = (int16_t)narrow;
  }
  worker.saturations += clamped;
  worker.underflows += lost;
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

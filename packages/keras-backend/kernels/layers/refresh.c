/* Operand copies of weights and biases. */
#include "blocks.h"
#include "operation.h"
#include "real.h"

#define PART 256 /* numbers at a time */
#define TRANSPOSED_CHANNELS 32 /* channels at a time, if they fit */

static void copy_rows(const RefreshOperation *op) {
  uint32_t bytes = op->type == ELEMENT_INT16 ? 2 : 4;
  uint32_t parts = quotient_up(op->stride, PART);
  Items own = own_items(op->rows * parts);
  float *master = take_room(PART * 4);
  uint8_t *operands = take_room(PART * 4);
  for (uint32_t item = own.first; item < own.end; item += 1) {
    uint32_t from = item % parts * PART;
    uint32_t at = item / parts * op->stride + from;
    uint32_t count = smaller(PART, op->stride - from);
    fetch(master, op->master + at * 4, count * 4);
    for (uint32_t i = 0; i < count; i += 1) {
      put_element(operands, op->type, i, fixed_of(master[i], op->fraction));
    }
    store(op->operand + at * bytes, operands, count * bytes);
  }
}

/* Rows of the transposed copy for some channels. */
static void transpose(const RefreshOperation *op, uint32_t channel, uint32_t channels, float *master, uint8_t *operands) {
  uint32_t bytes = op->type == ELEMENT_INT16 ? 2 : 4;
  uint32_t used = op->places * op->rows;
  for (uint32_t place = 0; place < op->places; place += 1) {
    for (uint32_t row = 0; row < op->rows; row += 1) {
      uint32_t from = row * op->stride + place * op->channels + channel;
      uint32_t to = (op->places - 1 - place) * op->rows + row;
      fetch(master, op->master + from * 4, channels * 4);
      for (uint32_t c = 0; c < channels; c += 1) {
        put_element(operands, op->type, c * op->transposedStride + to, fixed_of(master[c], op->fraction));
      }
    }
  }
  for (uint32_t c = 0; c < channels; c += 1) {
    for (uint32_t i = used; i < op->transposedStride; i += 1) {
      put_element(operands, op->type, c * op->transposedStride + i, 0);
    }
  }
  uint32_t row = op->transposedStride * bytes;
  store(op->transposed + channel * row, operands, channels * row);
}

void run_refresh(const void *operation) {
  const RefreshOperation *op = operation;
  copy_rows(op);
  if (!op->transposed) {
    return;
  }
  release_to(0);
  uint32_t row = op->transposedStride * (op->type == ELEMENT_INT16 ? 2 : 4);
  float *master = take_room(TRANSPOSED_CHANNELS * 4);
  uint32_t together = larger(1, smaller(TRANSPOSED_CHANNELS, (arena_bytes - arena_mark() - 8) / row));
  uint8_t *operands = take_room(together * row);
  Items own = own_items(op->channels);
  for (uint32_t channel = own.first; channel < own.end; channel += together) {
    transpose(op, channel, smaller(together, own.end - channel), master, operands);
  }
}

void run_refresh_bias(const void *operation) {
  const RefreshBiasOperation *op = operation;
  Items own = own_items(op->count);
  for (uint32_t i = own.first; i < own.end; i += 1) {
    uint32_t bits = fetch_word(op->master + i * 4);
    int64_t bias = fixed_of(real_from_bits(bits), op->fraction);
    if (op->wide) {
      store(op->operand + i * 8, &bias, 8);
    } else {
      store_word(op->operand + i * 4, (uint32_t)saturate32(bias, &worker.saturations));
    }
  }
}

/* Loss and accuracy of the outputs, and the first error of the way back. */
#include "blocks.h"
#include "delta.h"
#include "losses.h"
#include "operation.h"
#include "real.h"

#define LOSS_FRACTION 24
#define CHANCE_BITS 16 /* of an error that is rounded by chance */

typedef struct {
  float *targets;
  float *outputs;
  float *slopes;
  uint32_t size;
  uint32_t class; /* number of the class, where targets are sparse */
} Row;

static void fetch_targets(const LoseOperation *op, const Region *pixel, Row *row) {
  Region region = *pixel;
  region.channels = op->targets.channels;
  uint32_t mark = arena_mark();
  Block block = block_of(&op->targets, &region);
  row->class = *(const uint32_t *)block.data;
  for (uint32_t i = 0; i < row->size; i += 1) {
    row->targets[i] = op->targets.type == ELEMENT_FLOAT32 ? ((const float *)block.data)[i] : (float)(i == row->class);
  }
  release_to(mark);
}

static uint32_t first_largest(const float *values, uint32_t size) {
  uint32_t best = 0;
  for (uint32_t i = 1; i < size; i += 1) {
    best = values[i] > values[best] ? i : best;
  }
  return best;
}

static uint32_t correct_in(const LoseOperation *op, const Row *row) {
  uint32_t correct = 0;
  if (op->accuracy == ACCURACY_CATEGORICAL) {
    uint32_t wanted = op->targets.type == ELEMENT_FLOAT32 ? first_largest(row->targets, row->size) : row->class;
    return first_largest(row->outputs, row->size) == wanted;
  }
  for (uint32_t i = 0; op->accuracy == ACCURACY_BINARY && i < row->size; i += 1) {
    correct += (row->outputs[i] > op->threshold) == (row->targets[i] > 0.5f);
  }
  return correct;
}

static void write_error(const LoseOperation *op, const Region *pixel, const Row *row, float factor) {
  Block block = new_block(&op->error, pixel);
  Deltas deltas = {block.type, 0, worker.step.seed - 1 - op->output};
  uint32_t place = place_in_batch(&op->error, pixel, 0, 0);
  int32_t shift = BY_CHANCE ? CHANCE_BITS : 0;
  for (uint32_t i = 0; i < row->size; i += 1) {
    float error = factor * row->slopes[i];
    int64_t value = fixed_of(error, op->error.fraction + shift);
    worker.underflows += value == 0 && error != 0;
    put_delta(&deltas, block.data, i, value, shift, place);
  }
  write_block(&block);
}

void run_lose(const void *operation) {
  const LoseOperation *op = operation;
  uint32_t size = op->source.channels;
  float share = 1.0f / (float)(op->source.rows * op->source.columns);
  int64_t losses = 0;
  uint32_t correct = 0;
  Walk w = walk(&op->source, 1, 1, size);
  while (next(&w)) {
    Row row = {take_room(size * 4), take_room(size * 4), take_room(size * 4), size, 0};
    fetch_targets(op, &w.region, &row);
    uint32_t mark = arena_mark();
    Block source = same_block(&w, &op->source);
    for (uint32_t i = 0; i < size; i += 1) {
      row.outputs[i] = real_of(element(source.data, source.type, i), op->source.fraction);
    }
    release_to(mark);
    correct += correct_in(op, &row);
    float weight = share;
    if (op->weights.address) {
      weight = weight * real_from_bits(fetch_word(op->weights.address + w.region.sample * op->weights.sampleStride));
    }
    losses += fixed_of(weight * loss_of_row(op, row.targets, row.outputs, row.slopes, size), LOSS_FRACTION);
    if (op->error.address && worker.batch.mode == BATCH_TRAIN) {
      write_error(op, &w.region, &row, weight * op->lossWeight);
    }
  }
  add_statistic(offsetof(WorkerStatistics, losses) + 8 * op->output, losses);
  uint32_t address = statistics_of(offsetof(WorkerStatistics, correct) + 4 * op->output);
  store_word(address, fetch_word(address) + correct);
}

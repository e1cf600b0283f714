/* Dropout: which elements stay depends on the seed and on their place in the batch alone. */
#include "blocks.h"
#include "operation.h"

#define MULTIPLIER_FRACTION 24

static uint32_t mixed(uint32_t x) {
  x = (x ^ (x >> 16)) * 0x85ebca6bu;
  x = (x ^ (x >> 13)) * 0xc2b2ae35u;
  return x ^ (x >> 16);
}

static uint32_t random_word(uint32_t seed, uint32_t counter) {
  return mixed(mixed(mixed(counter ^ 0x9e3779b9u) + seed) ^ seed);
}

void run_drop(const void *operation) {
  const DropOperation *op = operation;
  uint32_t training = worker.batch.mode == BATCH_TRAIN;
  uint32_t seed = random_word(worker.step.seed, op->salt);
  if (op->ownSeed) {
    seed = random_word(seed, op->layerSeed);
  }
  int32_t shift = op->source.fraction - op->target.fraction;
  uint32_t channels = op->source.channels;
  Walk w = walk(&op->target, op->rowsPerBlock, op->columnsPerBlock, op->channelsPerBlock);
  while (next(&w)) {
    const Region *region = &w.region;
    Block source = same_block(&w, &op->source);
    Block target = op->accumulate ? same_block(&w, &op->target) : new_block(&op->target, &w.region);
    for (uint32_t row = 0; row < region->rows; row += 1) {
      for (uint32_t column = 0; column < region->columns; column += 1) {
        uint32_t index = worker.batch.firstSample + region->sample;
        index = (index * op->source.rows + region->row + row) * op->source.columns + region->column + column;
        index = index * channels + region->channel;
        const uint8_t *from = pixel_of(&source, row, column);
        uint8_t *to = pixel_of(&target, row, column);
        for (uint32_t c = 0; c < region->channels; c += 1) {
          int64_t x = element(from, source.type, c);
          int64_t value = rounded(x, shift);
          if (training) {
            uint32_t stays = random_word(seed, index + c) >= op->limit;
            value = stays ? rounded(x * op->multiplier, shift + MULTIPLIER_FRACTION) : 0;
          }
          add_element(to, target.type, c, value, op->accumulate);
        }
      }
    }
    write_block(&target);
  }
}

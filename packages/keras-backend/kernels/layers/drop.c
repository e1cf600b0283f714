/* Dropout: which elements stay depends on the seed and on their place in the batch alone. */
#include "blocks.h"
#include "operation.h"
#include "random.h"

#define MULTIPLIER_FRACTION 24

void run_drop(const void *operation) {
  const DropOperation *op = operation;
  uint32_t training = worker.batch.mode == BATCH_TRAIN;
  uint32_t seed = random_word(worker.step.seed, op->salt);
  if (op->ownSeed) {
    seed = random_word(seed, op->layerSeed);
  }
  int32_t shift = op->source.fraction - op->target.fraction;
  Walk w = walk(&op->target, op->rowsPerBlock, op->columnsPerBlock, op->channelsPerBlock);
  while (next(&w)) {
    const Region *region = &w.region;
    Block source = same_block(&w, &op->source);
    Block target = op->accumulate ? same_block(&w, &op->target) : new_block(&op->target, &w.region);
    for (uint32_t row = 0; row < region->rows; row += 1) {
      for (uint32_t column = 0; column < region->columns; column += 1) {
        uint32_t index = place_in_batch(&op->source, region, row, column);
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

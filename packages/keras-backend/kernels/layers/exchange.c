/* Sums over slices and replicas, and parts of owners to all. */
#include "blocks.h"
#include "operation.h"

#define PART 128 /* numbers at a time */

void run_combine(const void *operation) {
  const CombineOperation *op = operation;
  Items own = own_items(quotient_up(op->count, PART));
  uint64_t *sums = take_room(PART * 8);
  uint64_t *slice = take_room(PART * 8);
  for (uint32_t item = own.first; item < own.end; item += 1) {
    uint32_t from = item * PART;
    uint32_t count = smaller(PART, op->count - from);
    fetch(sums, op->source + from * 8, count * 8);
    for (uint32_t s = 1; s < op->slices; s += 1) {
      fetch(slice, op->source + s * op->sliceBytes + from * 8, count * 8);
      for (uint32_t i = 0; i < count; i += 1) {
        sums[i] += slice[i];
      }
    }
    store(op->target + from * 8, sums, count * 8);
  }
}

void run_reduce(const void *operation) {
  const ReduceOperation *op = operation;
  if (worker.batch.replicas > 1) {
    reduce(op->address, op->count, op->per);
  }
}

void run_share(const void *operation) {
  const ShareOperation *op = operation;
  if (worker.batch.replicas > 1) {
    share(op->address, op->count, op->per);
  }
}

#include "delta.h"
#include "random.h"

#define LARGEST_DELTA 32767

void put_delta(const Deltas *deltas, void *data, uint32_t index, int64_t v, int32_t shift, uint32_t place) {
  int64_t value = BY_CHANCE ? rounded_by_chance(v, shift, random_word(deltas->seed, place + index)) : rounded(v, shift);
  worker.underflows += value == 0 && v != 0;
  if (deltas->type == ELEMENT_INT16 && value < -LARGEST_DELTA) {
    value = -LARGEST_DELTA;
    worker.saturations += 1;
  }
  add_element(data, deltas->type, index, value, deltas->accumulate);
}

/* Values that move, and errors that move back. */
#include "blocks.h"
#include "operation.h"

/* The fields that map and mapBack share, in their order. */
typedef struct {
  uint32_t linear;
  uint32_t axis[3];
  int32_t offset[3];
  uint32_t repeat[3];
} Moves;

static uint32_t size_along(const Tensor *tensor, uint32_t axis) {
  return axis == 0 ? tensor->rows : axis == 1 ? tensor->columns : tensor->channels;
}

/* Element number `index` of a sample, without padding. */
static void place_of_index(const Tensor *tensor, uint32_t index, uint32_t place[3]) {
  place[2] = index % tensor->channels;
  index /= tensor->channels;
  place[1] = index % tensor->columns;
  place[0] = index / tensor->columns;
}

static uint32_t index_of(const Tensor *tensor, const uint32_t place[3]) {
  return (place[0] * tensor->columns + place[1]) * tensor->channels + place[2];
}

/* Where a value of the target comes from: 0 where it is padding. */
static uint32_t source_of(const Moves *moves, const Tensor *source, const Tensor *target, const uint32_t place[3], uint32_t from[3]) {
  if (moves->linear) {
    place_of_index(source, index_of(target, place), from);
    return 1;
  }
  for (uint32_t d = 0; d < 3; d += 1) {
    int32_t at = (int32_t)place[d] - moves->offset[d];
    if (at < 0 || (uint32_t)at / moves->repeat[d] >= size_along(source, moves->axis[d])) {
      return 0;
    }
    from[moves->axis[d]] = (uint32_t)at / moves->repeat[d];
  }
  return 1;
}

/* Whether pixels of the target are pixels of the source, and so can be copied as a whole. */
static uint32_t keeps_pixels(const Moves *moves, const Tensor *source, const Tensor *target) {
  if (moves->linear) {
    return source->channels == target->channels;
  }
  return moves->axis[2] == 2 && moves->offset[2] == 0 && moves->repeat[2] == 1 && source->channels == target->channels;
}

/* Elements from a place of the other tensor on that lie there as they lie here. */
static uint32_t run_from(const Moves *moves, uint32_t whole, const Tensor *other, const uint32_t place[3], uint32_t left) {
  if (moves->linear) {
    return smaller(left, other->channels - place[2]);
  }
  return whole ? left : 1;
}

static Block run_of(const Tensor *tensor, uint32_t sample, const uint32_t place[3], uint32_t channels) {
  Region region = {sample, place[0], 1, place[1], 1, place[2], channels};
  return block_of(tensor, &region);
}

/* Channels of a pixel that are worked on at a time. */
#define PART 256

void run_map(const void *operation) {
  const MapOperation *op = operation;
  const Moves *moves = (const Moves *)&op->linear;
  uint32_t whole = keeps_pixels(moves, &op->source, &op->target);
  int32_t shift = op->source.fraction - op->target.fraction;
  Walk w = walk(&op->target, 1, 1, smaller(op->target.channels, PART));
  while (next(&w)) {
    Block target = new_block(&op->target, &w.region);
    uint32_t channels = w.region.channels;
    uint32_t run;
    for (uint32_t c = 0; c < channels; c += run) {
      uint32_t place[3] = {w.region.row, w.region.column, w.region.channel + c};
      uint32_t from[3];
      uint32_t mark = arena_mark();
      uint32_t some = source_of(moves, &op->source, &op->target, place, from);
      run = some ? run_from(moves, whole, &op->source, from, channels - c) : whole ? channels - c : 1;
      Block source;
      if (some) {
        source = run_of(&op->source, w.region.sample, from, run);
      }
      for (uint32_t i = 0; i < run; i += 1) {
        put_element(target.data, target.type, c + i, some ? rounded(element(source.data, source.type, i), shift) : 0);
      }
      release_to(mark);
    }
    write_block(&target);
  }
}

/* Adds the errors of a run of target values. */
static void add_run(const MapBackOperation *op, uint32_t sample, const uint32_t to[3], int64_t *sums, uint32_t run) {
  if (to[0] >= op->error.rows || to[1] >= op->error.columns || to[2] >= op->error.channels) {
    return;
  }
  uint32_t mark = arena_mark();
  Block error = run_of(&op->error, sample, to, run);
  for (uint32_t i = 0; i < run; i += 1) {
    sums[i] += ((const int32_t *)error.data)[i];
  }
  release_to(mark);
}

/* Sums of the errors of all target values that a run of source values went to; how many source values those are. */
static uint32_t add_errors(const MapBackOperation *op, const Moves *moves, uint32_t whole, uint32_t sample,
                           const uint32_t place[3], int64_t *sums, uint32_t left) {
  uint32_t to[3];
  if (moves->linear) {
    place_of_index(&op->error, index_of(&op->target, place), to);
    uint32_t run = run_from(moves, whole, &op->error, to, left);
    add_run(op, sample, to, sums, run);
    return run;
  }
  uint32_t first[3];
  for (uint32_t d = 0; d < 3; d += 1) {
    first[d] = place[moves->axis[d]] * moves->repeat[d] + (uint32_t)moves->offset[d];
  }
  uint32_t run = whole ? left : 1;
  for (uint32_t i = 0; i < moves->repeat[0]; i += 1) {
    for (uint32_t j = 0; j < moves->repeat[1]; j += 1) {
      for (uint32_t k = 0; k < moves->repeat[2]; k += 1) {
        to[0] = first[0] + i;
        to[1] = first[1] + j;
        to[2] = first[2] + k;
        add_run(op, sample, to, sums, run);
      }
    }
  }
  return run;
}

void run_map_back(const void *operation) {
  const MapBackOperation *op = operation;
  const Moves *moves = (const Moves *)&op->linear;
  uint32_t whole = keeps_pixels(moves, &op->target, &op->error);
  int32_t shift = op->error.fraction - op->target.fraction;
  Walk w = walk(&op->target, 1, 1, smaller(op->target.channels, PART));
  while (next(&w)) {
    uint32_t channels = w.region.channels;
    Block target = op->accumulate ? same_block(&w, &op->target) : new_block(&op->target, &w.region);
    int64_t *sums = take_room(channels * 8);
    for (uint32_t c = 0; c < channels; c += 1) {
      sums[c] = 0;
    }
    for (uint32_t c = 0; c < channels;) {
      uint32_t place[3] = {w.region.row, w.region.column, w.region.channel + c};
      c += add_errors(op, moves, whole, w.region.sample, place, sums + c, channels - c);
    }
    for (uint32_t c = 0; c < channels; c += 1) {
      add_element(target.data, target.type, c, rounded(sums[c], shift), op->accumulate);
    }
    write_block(&target);
  }
}

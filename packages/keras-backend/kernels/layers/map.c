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

static int32_t value_at(const Tensor *tensor, uint32_t sample, const uint32_t place[3]) {
  Region region = {sample, place[0], 1, place[1], 1, place[2], 1};
  uint32_t address = region_address(tensor, &region);
  if (tensor->type == ELEMENT_INT16) {
    int16_t value;
    fetch(&value, address, 2);
    return value;
  }
  return (int32_t)fetch_word(address);
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

/* Channels of a pixel that are worked on at a time. */
#define PART 1024

static void move_pixel(const MapOperation *op, const Moves *moves, uint32_t whole, uint32_t sample, const uint32_t pixel[3],
                       uint32_t channels) {
  uint32_t mark = arena_mark();
  Block target = new_block(&op->target, &(Region){sample, pixel[0], 1, pixel[1], 1, pixel[2], channels});
  int32_t shift = op->source.fraction - op->target.fraction;
  uint32_t from[3];
  if (whole) {
    uint32_t some = source_of(moves, &op->source, &op->target, pixel, from);
    Block source;
    if (some) {
      source = block_of(&op->source, &(Region){sample, from[0], 1, from[1], 1, from[2], channels});
    }
    for (uint32_t c = 0; c < channels; c += 1) {
      put_element(target.data, target.type, c, some ? rounded(element(source.data, source.type, c), shift) : 0);
    }
  } else {
    uint32_t place[3] = {pixel[0], pixel[1], pixel[2]};
    for (uint32_t c = 0; c < channels; c += 1, place[2] += 1) {
      uint32_t some = source_of(moves, &op->source, &op->target, place, from);
      put_element(target.data, target.type, c, some ? rounded(value_at(&op->source, sample, from), shift) : 0);
    }
  }
  write_block(&target);
  release_to(mark);
}

void run_map(const void *operation) {
  const MapOperation *op = operation;
  const Moves *moves = (const Moves *)&op->linear;
  uint32_t whole = keeps_pixels(moves, &op->source, &op->target);
  Walk w = walk(&op->target, 1, 1, smaller(op->target.channels, PART));
  while (next(&w)) {
    uint32_t pixel[3] = {w.region.row, w.region.column, w.region.channel};
    move_pixel(op, moves, whole, w.region.sample, pixel, w.region.channels);
  }
}

/* The sum of the errors of all target values that a source value went to. */
static int64_t error_of(const MapBackOperation *op, const Moves *moves, uint32_t sample, const uint32_t place[3]) {
  uint32_t to[3];
  if (moves->linear) {
    place_of_index(&op->error, index_of(&op->target, place), to);
    return value_at(&op->error, sample, to);
  }
  int64_t sum = 0;
  uint32_t first[3];
  for (uint32_t d = 0; d < 3; d += 1) {
    first[d] = place[moves->axis[d]] * moves->repeat[d] + (uint32_t)moves->offset[d];
  }
  for (uint32_t i = 0; i < moves->repeat[0]; i += 1) {
    for (uint32_t j = 0; j < moves->repeat[1]; j += 1) {
      for (uint32_t k = 0; k < moves->repeat[2]; k += 1) {
        to[0] = first[0] + i;
        to[1] = first[1] + j;
        to[2] = first[2] + k;
        if (to[0] < op->error.rows && to[1] < op->error.columns && to[2] < op->error.channels) {
          sum += value_at(&op->error, sample, to);
        }
      }
    }
  }
  return sum;
}

/* Errors of a whole pixel, which all its repetitions keep together. */
static void add_pixel_errors(const MapBackOperation *op, const Moves *moves, uint32_t sample, const uint32_t place[3],
                             int64_t *sums, uint32_t channels) {
  uint32_t to[3];
  uint32_t rows = moves->linear ? 1 : moves->repeat[0];
  uint32_t columns = moves->linear ? 1 : moves->repeat[1];
  for (uint32_t i = 0; i < rows; i += 1) {
    for (uint32_t j = 0; j < columns; j += 1) {
      if (moves->linear) {
        place_of_index(&op->error, index_of(&op->target, place), to);
      } else {
        to[0] = place[moves->axis[0]] * moves->repeat[0] + (uint32_t)moves->offset[0] + i;
        to[1] = place[moves->axis[1]] * moves->repeat[1] + (uint32_t)moves->offset[1] + j;
        to[2] = place[2];
      }
      if (to[0] >= op->error.rows || to[1] >= op->error.columns) {
        continue;
      }
      uint32_t mark = arena_mark();
      Block error = block_of(&op->error, &(Region){sample, to[0], 1, to[1], 1, to[2], channels});
      for (uint32_t c = 0; c < channels; c += 1) {
        sums[c] += ((const int32_t *)error.data)[c];
      }
      release_to(mark);
    }
  }
}

void run_map_back(const void *operation) {
  const MapBackOperation *op = operation;
  const Moves *moves = (const Moves *)&op->linear;
  uint32_t whole = keeps_pixels(moves, &op->target, &op->error);
  int32_t shift = op->error.fraction - op->target.fraction;
  Walk w = walk(&op->target, 1, 1, smaller(op->target.channels, PART));
  while (next(&w)) {
    Block target = op->accumulate ? same_block(&w, &op->target) : new_block(&op->target, &w.region);
    uint32_t channels = w.region.channels;
    int64_t *sums = take_room(channels * 8);
    uint32_t place[3] = {w.region.row, w.region.column, w.region.channel};
    for (uint32_t c = 0; c < channels; c += 1) {
      sums[c] = 0;
    }
    if (whole) {
      add_pixel_errors(op, moves, w.region.sample, place, sums, channels);
    }
    for (uint32_t c = 0; c < channels; c += 1, place[2] += 1) {
      int64_t sum = whole ? sums[c] : error_of(op, moves, w.region.sample, place);
      add_element(target.data, target.type, c, rounded(sum, shift), op->accumulate);
    }
    write_block(&target);
  }
}

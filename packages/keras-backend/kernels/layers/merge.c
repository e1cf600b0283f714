/* Two tensors to one, and back. Sizes of 1 are repeated. */
#include "blocks.h"
#include "operation.h"
#include "rows.h"

#define MULTIPLIER_FRACTION 30
#define ONE (1u << MULTIPLIER_FRACTION)

/* The part of an input that meets a region of the result. */
static Block part_of(const Tensor *input, const Tensor *result, const Region *whole) {
  Region region = *whole;
  if (input->rows != result->rows) {
    region.row = 0;
    region.rows = 1;
  }
  if (input->columns != result->columns) {
    region.column = 0;
    region.columns = 1;
  }
  if (input->channels != result->channels) {
    region.channel = 0;
    region.channels = 1;
  }
  return block_of(input, &region);
}

static int32_t element_of(const Block *block, uint32_t row, uint32_t column, uint32_t c) {
  const Region *region = &block->region;
  const uint8_t *pixel = pixel_of(block, region->rows == 1 ? 0 : row, region->columns == 1 ? 0 : column);
  return element(pixel, block->type, region->channels == 1 ? 0 : c);
}

/* round(v * multiplier), with a shift; the multiplier has 30 fraction bits. */
static int64_t multiplied(int64_t value, uint32_t multiplier, int32_t shift) {
  if (multiplier == ONE) {
    return rounded(value, shift);
  }
  int32_t s = shift + MULTIPLIER_FRACTION;
  while (s < 1) {
    value = (int64_t)((uint64_t)value << 1);
    s += 1;
  }
  return scaled(value, (int32_t)multiplier, (uint32_t)s, &worker.saturations);
}

typedef struct {
  int32_t first, second; /* shifts to the left that bring both to one fraction */
  int32_t fraction;
} Common;

static Common common_of(const Tensor *first, const Tensor *second) {
  int32_t fraction = first->fraction > second->fraction ? first->fraction : second->fraction;
  return (Common){fraction - first->fraction, fraction - second->fraction, fraction};
}

static int64_t combined(uint32_t function, int64_t a, int64_t b) {
  switch (function) {
  case MERGE_SUBTRACT:
    return a - b;
  case MERGE_MULTIPLY:
    return a * b;
  case MERGE_MAXIMUM:
    return a >= b ? a : b;
  case MERGE_MINIMUM:
    return a <= b ? a : b;
  default:
    return a + b;
  }
}

#ifdef __wasm__
static uint32_t is_as_large(const Tensor *a, const Tensor *b) {
  return a->rows == b->rows && a->columns == b->columns && a->channels == b->channels;
}

/* Whether a region of a block lies there without gaps in its rows. */
static uint32_t is_dense(const Block *block) {
  return block->pixel == block->region.channels;
}

/* Sums of tensors of one size and type, row by row; 0 where that cannot be. */
static uint32_t add_blocks(const MergeOperation *op, const Common *common, const Block *first, const Block *second, const Block *target) {
  const Region *region = &target->region;
  uint32_t type = target->type;
  Sum sum = {(uint32_t)common->first, (uint32_t)common->second, common->fraction - op->target.fraction};
  uint32_t most = type == ELEMENT_INT16 ? 15 : 31;
  if (op->function != MERGE_ADD || op->multiplier != ONE || first->type != type || second->type != type ||
      !is_as_large(&op->first, &op->target) || !is_as_large(&op->second, &op->target) || !is_dense(first) || !is_dense(second) ||
      !is_dense(target) || sum.first > most || sum.second > most || sum.shift > 31 || sum.shift < (type == ELEMENT_INT16 ? 0 : -30)) {
    return 0;
  }
  uint32_t run = region->columns * region->channels;
  for (uint32_t row = 0; row < region->rows; row += 1) {
    void *to = pixel_of(target, row, 0);
    const void *a = pixel_of(first, row, 0);
    const void *b = pixel_of(second, row, 0);
    if (type == ELEMENT_INT16) {
      add_short_rows(to, a, b, run, &sum);
    } else {
      add_rows(to, a, b, run, &sum);
    }
  }
  return 1;
}
#endif

void run_merge(const void *operation) {
  const MergeOperation *op = operation;
  Common common = common_of(&op->first, &op->second);
  if (op->function == MERGE_MULTIPLY) {
    common = (Common){0, 0, op->first.fraction + op->second.fraction};
  }
  Walk w = walk(&op->target, op->rowsPerBlock, op->columnsPerBlock, op->channelsPerBlock);
  while (next(&w)) {
    Block first = part_of(&op->first, &op->target, &w.region);
    Block second = part_of(&op->second, &op->target, &w.region);
    Block target = new_block(&op->target, &w.region);
#ifdef __wasm__
    if (add_blocks(op, &common, &first, &second, &target)) {
      write_block(&target);
      continue;
    }
#endif
    for (uint32_t row = 0; row < w.region.rows; row += 1) {
      for (uint32_t column = 0; column < w.region.columns; column += 1) {
        uint8_t *to = pixel_of(&target, row, column);
        for (uint32_t c = 0; c < w.region.channels; c += 1) {
          int64_t a = rounded(element_of(&first, row, column, c), -common.first);
          int64_t b = rounded(element_of(&second, row, column, c), -common.second);
          int64_t value = combined(op->function, a, b);
          put_element(to, target.type, c, multiplied(value, op->multiplier, common.fraction - op->target.fraction));
        }
      }
    }
    write_block(&target);
  }
}

/* Error of one element of the result, as it counts for an input; at the error's fraction, or with that of the other input. */
static int64_t contribution(const MergeBackOperation *op, const Common *common, int64_t error, int64_t a, int64_t b) {
  switch (op->function) {
  case MERGE_SUBTRACT:
    return op->which ? -error : error;
  case MERGE_MULTIPLY:
    return error * (op->which ? a : b);
  case MERGE_MAXIMUM:
  case MERGE_MINIMUM: {
    int64_t difference = rounded(a, -common->first) - rounded(b, -common->second);
    uint32_t first = op->function == MERGE_MAXIMUM ? difference >= 0 : difference <= 0;
    return first == !op->which ? error : 0;
  }
  default:
    return error;
  }
}

typedef struct {
  const MergeBackOperation *op;
  Common common;
  int32_t shift;
  uint32_t reads; /* whether values count */
  uint32_t rows, columns, channels; /* results that one element of the input takes part in */
} MergeBack;

/* A part of the result: what an input's region meets, at most as large as a block. */
static void add_part(const MergeBack *m, const Region *part, const Block *target, int64_t *sums) {
  const MergeBackOperation *op = m->op;
  uint32_t mark = arena_mark();
  Block error = block_of(&op->error, part);
  Block first = m->reads ? part_of(&op->first, &op->error, part) : error;
  Block second = m->reads ? part_of(&op->second, &op->error, part) : error;
  const Region *region = &target->region;
  for (uint32_t row = 0; row < part->rows; row += 1) {
    for (uint32_t column = 0; column < part->columns; column += 1) {
      for (uint32_t c = 0; c < part->channels; c += 1) {
        int64_t e = ((const int32_t *)pixel_of(&error, row, column))[c];
        int64_t a = m->reads ? element_of(&first, row, column, c) : 0;
        int64_t b = m->reads ? element_of(&second, row, column, c) : 0;
        uint32_t r = m->rows > 1 ? 0 : row;
        uint32_t k = m->columns > 1 ? 0 : column;
        uint32_t d = m->channels > 1 ? 0 : c;
        int64_t *sum = sums + (r * region->columns + k) * region->channels + d;
        *sum += contribution(op, &m->common, e, a, b);
      }
    }
  }
  release_to(mark);
}

/* All parts of the result that a region of the input meets, one row and some columns at a time where it is repeated. */
static void add_parts(const MergeBack *m, const Block *target, int64_t *sums) {
  const Region *region = &target->region;
  Region part = *region;
  uint32_t rows = m->rows > 1 ? m->rows : 1;
  uint32_t columns = m->columns > 1 ? m->columns : 1;
  if (m->channels > 1) {
    part.channel = 0;
    part.channels = m->channels;
  }
  for (uint32_t row = 0; row < rows; row += 1) {
    for (uint32_t column = 0; column < columns; column += 1) {
      if (m->rows > 1) {
        part.row = row;
        part.rows = 1;
      }
      if (m->columns > 1) {
        part.column = column;
        part.columns = 1;
      }
      add_part(m, &part, target, sums);
    }
  }
}

#ifdef __wasm__
/* The errors of a sum of tensors of one size, row by row; 0 where that cannot be. */
static uint32_t hand_back(const MergeBack *m, const Region *region, const Block *target) {
  const MergeBackOperation *op = m->op;
  if (op->function != MERGE_ADD || op->multiplier != ONE || m->rows * m->columns * m->channels != 1 || m->shift > 31 ||
      m->shift < (op->accumulate ? 0 : -31) || !is_dense(target)) {
    return 0;
  }
  Block error = block_of(&op->error, region);
  if (!is_dense(&error)) {
    return 0;
  }
  for (uint32_t row = 0; row < region->rows; row += 1) {
    int32_t *to = (int32_t *)pixel_of(target, row, 0);
    move_row(to, (const int32_t *)pixel_of(&error, row, 0), region->columns * region->channels, m->shift, op->accumulate);
  }
  return 1;
}
#endif

void run_merge_back(const void *operation) {
  const MergeBackOperation *op = operation;
  MergeBack m = {.op = op, .common = common_of(&op->first, &op->second)};
  m.shift = op->error.fraction - op->target.fraction;
  if (op->function == MERGE_MULTIPLY) {
    m.shift += op->which ? op->first.fraction : op->second.fraction;
  }
  m.reads = op->function >= MERGE_MULTIPLY;
  m.rows = op->target.rows == op->error.rows ? 1 : op->error.rows;
  m.columns = op->target.columns == op->error.columns ? 1 : op->error.columns;
  m.channels = op->target.channels == op->error.channels ? 1 : op->error.channels;
  Walk w = walk(&op->target, op->rowsPerBlock, op->columnsPerBlock, op->channelsPerBlock);
  while (next(&w)) {
    const Region *region = &w.region;
    Block target = op->accumulate ? same_block(&w, &op->target) : new_block(&op->target, &w.region);
#ifdef __wasm__
    if (hand_back(&m, region, &target)) {
      write_block(&target);
      continue;
    }
#endif
    uint32_t count = region->rows * region->columns * region->channels;
    int64_t *sums = take_room(count * 8);
    for (uint32_t i = 0; i < count; i += 1) {
      sums[i] = 0;
    }
    add_parts(&m, &target, sums);
    for (uint32_t row = 0; row < region->rows; row += 1) {
      for (uint32_t column = 0; column < region->columns; column += 1) {
        uint8_t *to = pixel_of(&target, row, column);
        for (uint32_t c = 0; c < region->channels; c += 1) {
          int64_t sum = *sums++;
          add_element(to, ELEMENT_INT32, c, multiplied(sum, op->multiplier, m.shift), op->accumulate);
        }
      }
    }
    write_block(&target);
  }
}

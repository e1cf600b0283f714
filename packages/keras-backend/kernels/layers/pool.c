/* Pools, forwards and back. What lies outside does not count. */
#include "operation.h"
#include "rows.h"
#include "windows.h"

/* Kernel places of one output place along an axis that lie inside: from first up to end. */
typedef struct {
  uint32_t first, end;
} Inside;

static Inside inside(uint32_t p, uint32_t kernel, uint32_t stride, uint32_t dilation, int32_t before, uint32_t size) {
  Inside result = {0, kernel};
  while (result.first < kernel && place_of(p, result.first, stride, dilation, before, 1) >= size) {
    result.first += 1;
  }
  result.end = result.first;
  while (result.end < kernel && place_of(p, result.end, stride, dilation, before, 1) < size) {
    result.end += 1;
  }
  return result;
}

typedef struct {
  Inside rows, columns;
  uint32_t count;
} Places;

static Places places_of(const Window *w, const Tensor *source, uint32_t row, uint32_t column) {
  Places places;
  places.rows = inside(row, w->kernelRows, w->strideRows, w->dilationRows, w->top, source->rows);
  places.columns = inside(column, w->kernelColumns, w->strideColumns, w->dilationColumns, w->left, source->columns);
  places.count = (places.rows.end - places.rows.first) * (places.columns.end - places.columns.first);
  return places;
}

/* sat(round(sum / count)) at another fraction: the reciprocal of the count has 31 bits. */
static int64_t mean_of(int64_t sum, uint32_t count, int32_t shift) {
  uint32_t bits = 31 - (uint32_t)__builtin_clz(count | 1);
  uint32_t reciprocal = quotient32(((uint64_t)1 << (30 + bits)) + (count >> 1), count);
  int32_t s = 30 + (int32_t)bits + shift;
  while (s > 62) { /* a result that is 0 */
    sum = rounded(sum, 1);
    s -= 1;
  }
  return rounded(sum * (int64_t)reciprocal, s);
}

static const uint8_t *source_pixel(const Window *w, const Block *source, uint32_t row, uint32_t column, uint32_t i, uint32_t j) {
  return pixel_of(source, input_row(w, row, i) - source->region.row, input_column(w, column, j) - source->region.column);
}

#ifdef __wasm__
/* The largest values of a window, channel by channel. */
static inline void largest_row(const uint8_t *first, uint32_t rows, uint32_t rowStep, uint32_t columns, uint32_t columnStep,
                               uint32_t channels, uint32_t type, uint8_t *to) {
  uint32_t c = 0;
  for (; type == ELEMENT_INT16 && c + 8 <= channels; c += 8) {
    v128_t most = wasm_v128_load((const int16_t *)first + c);
    for (uint32_t i = 0; i < rows; i += 1) {
      for (uint32_t j = 0; j < columns; j += 1) {
        most = wasm_i16x8_max(most, wasm_v128_load((const int16_t *)first + i * rowStep + j * columnStep + c));
      }
    }
    wasm_v128_store((int16_t *)to + c, most);
  }
  for (; c < channels; c += 1) {
    int32_t largest = INT32_MIN;
    for (uint32_t i = 0; i < rows; i += 1) {
      for (uint32_t j = 0; j < columns; j += 1) {
        int32_t x = element(first, type, i * rowStep + j * columnStep + c);
        largest = x > largest ? x : largest;
      }
    }
    put_element(to, type, c, largest);
  }
}
#endif

static void pool_pixel(const PoolOperation *op, const Block *source, uint8_t *to, uint32_t row, uint32_t column, uint32_t channels) {
  Places places = places_of(&op->window, &op->source, row, column);
  int32_t shift = op->source.fraction - op->target.fraction;
  const uint8_t *first = places.count ? source_pixel(&op->window, source, row, column, places.rows.first, places.columns.first) : 0;
  uint32_t rowStep = op->window.dilationRows * source->row;
  uint32_t columnStep = op->window.dilationColumns * source->pixel;
  uint32_t rows = places.count ? places.rows.end - places.rows.first : 0;
  uint32_t columns = places.columns.end - places.columns.first;
#ifdef __wasm__
  if (op->function == POOL_LARGEST && shift == 0 && op->target.type == source->type && places.count) {
    if (source->type == ELEMENT_INT16) {
      largest_row(first, rows, rowStep, columns, columnStep, channels, ELEMENT_INT16, to);
    } else {
      largest_row(first, rows, rowStep, columns, columnStep, channels, ELEMENT_INT32, to);
    }
    return;
  }
#endif
  for (uint32_t c = 0; c < channels; c += 1) {
    int64_t sum = 0;
    int32_t largest = INT32_MIN;
    for (uint32_t i = 0; i < rows; i += 1) {
      uint32_t at = i * rowStep + c;
      for (uint32_t j = 0; j < columns; j += 1, at += columnStep) {
        int32_t x = element(first, source->type, at);
        sum += x;
        largest = x > largest ? x : largest;
      }
    }
    int64_t value = op->function == POOL_MEAN ? mean_of(sum, places.count, shift) : rounded(largest, shift);
    put_element(to, op->target.type, c, value);
  }
}

void run_pool(const void *operation) {
  const PoolOperation *op = operation;
  Walk w = walk(&op->target, op->rowsPerBlock, op->columnsPerBlock, op->channelsPerBlock);
  while (next(&w)) {
    Block source = input_block(&op->window, &op->source, &w.region, w.region.channel, w.region.channels);
    Block target = new_block(&op->target, &w.region);
    for (uint32_t row = 0; row < w.region.rows; row += 1) {
      for (uint32_t column = 0; column < w.region.columns; column += 1) {
        pool_pixel(op, &source, pixel_of(&target, row, column), w.region.row + row, w.region.column + column, w.region.channels);
      }
    }
    write_block(&target);
  }
}

/* Whether kernel place (i, j) of an output holds the first of its largest values. */
static uint32_t is_largest(const PoolBackOperation *op, const Block *source, const Places *places, uint32_t row,
                           uint32_t column, uint32_t i, uint32_t j, uint32_t c) {
  int32_t x = element(source_pixel(&op->window, source, row, column, i, j), source->type, c);
  for (uint32_t a = places->rows.first; a < places->rows.end; a += 1) {
    for (uint32_t b = places->columns.first; b < places->columns.end; b += 1) {
      int32_t other = element(source_pixel(&op->window, source, row, column, a, b), source->type, c);
      if (other > x || (other == x && (a < i || (a == i && b < j)))) {
        return 0;
      }
    }
  }
  return 1;
}

typedef struct {
  const PoolBackOperation *op;
  Window back;
  Block error, source;
  int32_t shift;
} PoolBack;

/* The error of a source pixel: of all windows that it lies in. Mean: each share is rounded with 16 guard bits. */
static int64_t pool_back_element(const PoolBack *p, uint32_t row, uint32_t column, uint32_t c) {
  const PoolBackOperation *op = p->op;
  int64_t sum = 0;
  for (uint32_t i = 0; i < op->window.kernelRows; i += 1) {
    uint32_t r = input_row(&p->back, row, i);
    for (uint32_t j = 0; r < op->error.rows && j < op->window.kernelColumns; j += 1) {
      uint32_t col = input_column(&p->back, column, j);
      if (col >= op->error.columns) {
        continue;
      }
      const int32_t *errors = (const int32_t *)pixel_of(&p->error, r - p->error.region.row, col - p->error.region.column);
      Places places = places_of(&op->window, &op->source, r, col);
      uint32_t a = op->window.kernelRows - 1 - i;
      uint32_t b = op->window.kernelColumns - 1 - j;
      if (op->function == POOL_MEAN) {
        sum += mean_of(errors[c], places.count, p->shift - 16);
      } else if (is_largest(op, &p->source, &places, r, col, a, b, c)) {
        sum += errors[c];
      }
    }
  }
  return op->function == POOL_MEAN ? rounded(sum, 16) : rounded(sum, p->shift);
}

/* Whether no place of the source lies in two windows. */
static uint32_t windows_are_apart(const Window *w, const Tensor *error) {
  return (error->rows == 1 || (w->kernelRows - 1) * w->dilationRows < w->strideRows) &&
         (error->columns == 1 || (w->kernelColumns - 1) * w->dilationColumns < w->strideColumns);
}

static inline uint32_t first_largest(const uint8_t *first, uint32_t rows, uint32_t rowStep, uint32_t columns,
                                     uint32_t columnStep, uint32_t c, uint32_t type) {
  int32_t largest = element(first, type, c);
  uint32_t found = 0;
  for (uint32_t i = 0; i < rows; i += 1) {
    for (uint32_t j = 0; j < columns; j += 1) {
      int32_t x = element(first, type, i * rowStep + j * columnStep + c);
      if (x > largest) {
        largest = x;
        found = i * columns + j;
      }
    }
  }
  return found;
}

#ifdef __wasm__
/* The same for four channels and a whole window inside of the target, whose every place is written. */
static void give_four(const PoolBack *p, const int32_t *errors, const uint8_t *first, uint8_t *to, const Block *target,
                      uint32_t rows, uint32_t columns) {
  const Window *w = &p->op->window;
  uint32_t rowStep = w->dilationRows * p->source.row;
  uint32_t columnStep = w->dilationColumns * p->source.pixel;
  v128_t largest = wasm_i32x4_splat(INT32_MIN);
  v128_t found = wasm_i32x4_splat(-1);
  v128_t place = wasm_i32x4_splat(0);
  v128_t one = wasm_i32x4_splat(1);
  for (uint32_t i = 0; i < rows; i += 1) {
    for (uint32_t j = 0; j < columns; j += 1) {
      const uint8_t *from = first + (i * rowStep + j * columnStep) * p->source.bytes;
      v128_t x = p->source.bytes == 2 ? wasm_i32x4_load16x4(from) : wasm_v128_load(from);
      v128_t greater = wasm_v128_or(wasm_i32x4_gt(x, largest), wasm_i32x4_lt(found, wasm_i32x4_splat(0)));
      largest = wasm_v128_bitselect(x, largest, greater);
      found = wasm_v128_bitselect(place, found, greater);
      place = wasm_i32x4_add(place, one);
    }
  }
  v128_t error = wasm_v128_load(errors);
  if (p->shift) {
    v128_t half = wasm_v128_and(wasm_i32x4_shr(error, (uint32_t)p->shift - 1), one);
    error = wasm_i32x4_add(wasm_i32x4_shr(error, (uint32_t)p->shift), half);
  }
  place = wasm_i32x4_splat(0);
  for (uint32_t i = 0; i < rows; i += 1) {
    for (uint32_t j = 0; j < columns; j += 1) {
      uint32_t at = i * w->dilationRows * target->row + j * w->dilationColumns * target->pixel;
      wasm_v128_store((int32_t *)to + at, wasm_v128_and(error, wasm_i32x4_eq(found, place)));
      place = wasm_i32x4_add(place, one);
    }
  }
}

#endif

/* An error to some places of a row, where they lie in the target's block. */
static void give(const Block *target, uint32_t row, uint32_t column, uint32_t columns, uint32_t step, uint32_t c, int64_t value,
                 uint32_t accumulate) {
  const Region *region = &target->region;
  if (row - region->row >= region->rows) {
    return;
  }
  for (uint32_t j = 0; j < columns; j += 1, column += step) {
    if (column - region->column < region->columns) {
      add_element(pixel_of(target, row - region->row, column - region->column), ELEMENT_INT32, c, value, accumulate);
    }
  }
}

/* The errors of one window, to the places of the target's block that lie in it. */
static void give_window(const PoolBack *p, const Block *target, uint32_t outputRow, uint32_t outputColumn) {
  const PoolBackOperation *op = p->op;
  const Window *w = &op->window;
  const Region *region = &target->region;
  const int32_t *errors = (const int32_t *)pixel_of(&p->error, outputRow - p->error.region.row, outputColumn - p->error.region.column);
  Places places = places_of(w, &op->source, outputRow, outputColumn);
  if (!places.count) {
    return;
  }
  uint32_t rows = places.rows.end - places.rows.first;
  uint32_t columns = places.columns.end - places.columns.first;
  uint32_t top = input_row(w, outputRow, places.rows.first);
  uint32_t left = input_column(w, outputColumn, places.columns.first);
#ifdef __wasm__
  uint32_t inside = top >= region->row && left >= region->column &&
                    top + (rows - 1) * w->dilationRows < region->row + region->rows &&
                    left + (columns - 1) * w->dilationColumns < region->column + region->columns;
  if (op->function == POOL_LARGEST && !op->accumulate && inside && region->channels >= 4 && p->shift >= 0 && p->shift < 32) {
    const uint8_t *first = pixel_of(&p->source, top - p->source.region.row, left - p->source.region.column);
    uint8_t *to = pixel_of(target, top - region->row, left - region->column);
    for (uint32_t c = 0; c < region->channels; c += 4) {
      c = smaller(c, region->channels - 4);
      give_four(p, errors + c, first + c * p->source.bytes, to + c * 4, target, rows, columns);
    }
    return;
  }
#endif
  for (uint32_t c = 0; c < region->channels; c += 1) {
    if (!errors[c]) {
      continue;
    }
    if (op->function == POOL_MEAN) {
      int64_t value = rounded(mean_of(errors[c], places.count, p->shift - 16), 16);
      for (uint32_t i = 0; i < rows; i += 1) {
        give(target, top + i * w->dilationRows, left, columns, w->dilationColumns, c, value, op->accumulate);
      }
      continue;
    }
    const uint8_t *first = pixel_of(&p->source, top - p->source.region.row, left - p->source.region.column);
    uint32_t rowStep = w->dilationRows * p->source.row;
    uint32_t columnStep = w->dilationColumns * p->source.pixel;
    uint32_t found = p->source.type == ELEMENT_INT16 ? first_largest(first, rows, rowStep, columns, columnStep, c, ELEMENT_INT16)
                                                     : first_largest(first, rows, rowStep, columns, columnStep, c, ELEMENT_INT32);
    uint32_t i = found / columns;
    uint32_t column = left + (found - i * columns) * w->dilationColumns;
    give(target, top + i * w->dilationRows, column, 1, 1, c, rounded(errors[c], p->shift), op->accumulate);
  }
}

/* Windows that are apart give their errors, each by itself. */
static void give_windows(const PoolBack *p, const Block *target, const Region *outputs) {
  const Region *region = &target->region;
  for (uint32_t row = 0; row < region->rows && !p->op->accumulate; row += 1) {
    uint32_t together = target->pixel == region->channels ? region->columns : 1;
    for (uint32_t column = 0; column < region->columns; column += together) {
      clear_row(pixel_of(target, row, column), together * region->channels * 4);
    }
  }
  for (uint32_t row = 0; row < outputs->rows; row += 1) {
    for (uint32_t column = 0; column < outputs->columns; column += 1) {
      give_window(p, target, outputs->row + row, outputs->column + column);
    }
  }
}

static Window window_back(const Window *window) {
  Window back = *window;
  back.strideRows = 1;
  back.strideColumns = 1;
  back.top = (int32_t)((window->kernelRows - 1) * window->dilationRows) - window->top;
  back.left = (int32_t)((window->kernelColumns - 1) * window->dilationColumns) - window->left;
  back.spreadRows = window->strideRows;
  back.spreadColumns = window->strideColumns;
  return back;
}

void run_pool_back(const void *operation) {
  const PoolBackOperation *op = operation;
  PoolBack p = {.op = op, .back = window_back(&op->window), .shift = op->error.fraction - op->target.fraction};
  Walk w = walk(&op->target, op->rowsPerBlock, op->columnsPerBlock, op->channelsPerBlock);
  while (next(&w)) {
    uint32_t channel = w.region.channel;
    uint32_t channels = w.region.channels;
    Block target = op->accumulate ? same_block(&w, &op->target) : new_block(&op->target, &w.region);
    Region outputs = input_region(&p.back, &op->error, &w.region, channel, channels);
    p.error = block_of(&op->error, &outputs);
    if (op->function == POOL_LARGEST && outputs.rows && outputs.columns) {
      p.source = input_block(&op->window, &op->source, &outputs, channel, channels);
    }
    if (windows_are_apart(&op->window, &op->error)) {
      give_windows(&p, &target, &outputs);
      write_block(&target);
      continue;
    }
    for (uint32_t row = 0; row < w.region.rows; row += 1) {
      for (uint32_t column = 0; column < w.region.columns; column += 1) {
        int32_t *to = (int32_t *)pixel_of(&target, row, column);
        for (uint32_t c = 0; c < channels; c += 1) {
          int64_t error = pool_back_element(&p, w.region.row + row, w.region.column + column, c);
          add_element(to, ELEMENT_INT32, c, error, op->accumulate);
        }
      }
    }
    write_block(&target);
  }
}

/* Pools, forwards and back. What lies outside does not count. */
#include "operation.h"
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

static void pool_pixel(const PoolOperation *op, const Block *source, uint8_t *to, uint32_t row, uint32_t column, uint32_t channels) {
  Places places = places_of(&op->window, &op->source, row, column);
  int32_t shift = op->source.fraction - op->target.fraction;
  for (uint32_t c = 0; c < channels; c += 1) {
    int64_t sum = 0;
    int32_t largest = INT32_MIN;
    for (uint32_t i = places.rows.first; i < places.rows.end; i += 1) {
      for (uint32_t j = places.columns.first; j < places.columns.end; j += 1) {
        int32_t x = element(source_pixel(&op->window, source, row, column, i, j), source->type, c);
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

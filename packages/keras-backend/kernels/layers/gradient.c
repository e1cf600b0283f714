/* Gradients of the weights of matrix: over all positions, deltas times windows. */
#include "operation.h"
#include "products.h"
#include "rows.h"
#include "windows.h"

typedef struct {
  const GradientOperation *op;
  uint32_t bytes;
  uint32_t k, depth, pitch; /* products of the item; pitch: rounded up to 4 */
  uint32_t output, outputs;
  uint8_t *inputRows;  /* [positions][pitch] */
  uint8_t *deltaRows;  /* [positions][outputs] */
  uint32_t *inputPairs;
  uint32_t *deltaPairs;
  uint32_t filled; /* positions laid out */
  int64_t *sums;   /* [outputs][pitch] */
  int64_t *biases;
} Gradient;

/* Positions 2 p and 2 p + 1 as halves of a word; a last one alone with 0. */
static void pair(const int16_t *rows, uint32_t size, uint32_t positions, uint32_t *pairs) {
  for (uint32_t p = 0; p < positions; p += 2) {
    const int16_t *even = rows + p * size;
    const int16_t *odd = even + size;
#ifdef __wasm__
    if (p + 1 < positions) {
      pair_rows(even, odd, size, pairs);
      pairs += size;
      continue;
    }
#endif
    if (p + 1 < positions) {
      for (uint32_t k = 0; k < size; k += 1) {
        pairs[k] = (uint16_t)even[k] | (uint32_t)(uint16_t)odd[k] << 16;
      }
    } else {
      for (uint32_t k = 0; k < size; k += 1) {
        pairs[k] = (uint16_t)even[k];
      }
    }
    pairs += size;
  }
}

static void add_products(Gradient *g) {
  uint32_t positions = g->filled;
  g->filled = 0;
#ifdef __wasm__
  if (g->biases) {
    add_columns(g->deltaRows, g->bytes, g->outputs, positions, g->biases);
  }
#else
  for (uint32_t o = 0; g->biases && o < g->outputs; o += 1) {
    for (uint32_t p = 0; p < positions; p += 1) {
      g->biases[o] += element(g->deltaRows, g->op->input.type, p * g->outputs + o);
    }
  }
#endif
  if (g->bytes == 4) {
    outer32((const int32_t *)g->inputRows, g->pitch, (const int32_t *)g->deltaRows, g->outputs, positions, g->sums);
    return;
  }
  pair((const int16_t *)g->inputRows, g->pitch, positions, g->inputPairs);
  pair((const int16_t *)g->deltaRows, g->outputs, positions, g->deltaPairs);
  outer16(g->inputPairs, g->pitch, g->deltaPairs, g->outputs, (positions + 1) / 2, g->sums);
}

/* One row of outputs of a sample. */
static void add_row(Gradient *g, uint32_t sample, uint32_t row) {
  const GradientOperation *op = g->op;
  for (uint32_t column = 0; column < op->delta.columns;) {
    uint32_t columns = smaller(op->positionsPerBlock - g->filled, op->delta.columns - column);
    uint32_t mark = arena_mark();
    Region outputs = {sample, row, 1, column, columns, g->output, g->outputs};
    Region inputs = input_region(&op->window, &op->input, &outputs, 0, op->input.channels);
    Block delta = block_of(&op->delta, &outputs);
    uint32_t inBlock = block_fits(&op->input, &inputs);
    Block block;
    if (inBlock) {
      block = block_of(&op->input, &inputs);
    }
#ifdef __wasm__
    uint8_t *place = g->inputRows + g->filled * g->pitch * g->bytes;
    uint32_t whole = inBlock && g->k == 0 && g->depth == op->window.kernelRows * op->window.kernelColumns * op->input.channels &&
                     gather_columns(place, g->pitch * g->bytes, &op->window, &op->input, &block, row, column, columns);
#endif
    for (uint32_t c = 0; c < columns; c += 1) {
      uint32_t at = g->filled + c;
      const uint8_t *from = pixel_of(&delta, 0, c);
#ifdef __wasm__
      copy_row(g->deltaRows + at * g->outputs * g->bytes, from, g->outputs * g->bytes);
      if (whole) {
        continue;
      }
#else
      for (uint32_t o = 0; o < g->outputs; o += 1) {
        int32_t value = element(from, op->delta.type, o);
        if (g->bytes == 2) {
          ((int16_t *)g->deltaRows)[at * g->outputs + o] = (int16_t)value;
        } else {
          ((int32_t *)g->deltaRows)[at * g->outputs + o] = value;
        }
      }
#endif
      gather(g->inputRows + at * g->pitch * g->bytes, &op->window, &op->input, inBlock ? &block : 0, sample, row,
             column + c, g->k, g->depth);
    }
    release_to(mark);
    column += columns;
    g->filled += columns;
    if (g->filled == op->positionsPerBlock) {
      add_products(g);
    }
  }
}

static void clear(int64_t *numbers, uint32_t count) {
  for (uint32_t i = 0; i < count; i += 1) {
    numbers[i] = 0;
  }
}

static void write_sums(const Gradient *g, uint32_t slice) {
  const GradientOperation *op = g->op;
  uint32_t all = op->window.kernelRows * op->window.kernelColumns * op->input.channels;
  uint32_t last = g->k + g->depth == all;
  for (uint32_t o = 0; o < g->outputs; o += 1) {
    uint32_t at = (g->output + o) * op->gradientStride + g->k;
    store(op->gradient + slice * op->sliceBytes + at * 8, g->sums + o * g->pitch, g->depth * 8);
    for (uint32_t k = all; last && k < op->gradientStride; k += 1) {
      int64_t nothing = 0;
      store(op->gradient + slice * op->sliceBytes + ((g->output + o) * op->gradientStride + k) * 8, &nothing, 8);
    }
  }
  if (g->biases) {
    store(op->biasGradient + slice * op->sliceBytes + g->output * 8, g->biases, g->outputs * 8);
  }
}

void run_gradient(const void *operation) {
  const GradientOperation *op = operation;
  Gradient g = {.op = op, .bytes = op->input.type == ELEMENT_INT16 ? 2 : 4};
  uint32_t all = op->window.kernelRows * op->window.kernelColumns * op->input.channels;
  uint32_t outputBlocks = quotient_up(op->delta.channels, op->outputsPerBlock);
  uint32_t depthBlocks = quotient_up(all, op->depthPerBlock);
  uint32_t rows = worker.batch.samples * op->delta.rows;
  Items own = own_items(op->slices * outputBlocks * depthBlocks);
  for (uint32_t item = own.first; item < own.end; item += 1) {
    uint32_t rest = item / depthBlocks;
    uint32_t slice = rest / outputBlocks;
    g.k = item % depthBlocks * op->depthPerBlock;
    g.depth = smaller(op->depthPerBlock, all - g.k);
    g.pitch = (g.depth + 3) & ~3u;
    g.output = rest % outputBlocks * op->outputsPerBlock;
    g.outputs = smaller(op->outputsPerBlock, op->delta.channels - g.output);
    release_to(0);
    g.sums = take_room(g.outputs * g.pitch * 8);
    clear(g.sums, g.outputs * g.pitch);
    g.biases = op->biasGradient && g.k == 0 ? take_room(g.outputs * 8) : 0;
    if (g.biases) {
      clear(g.biases, g.outputs);
    }
    g.inputRows = take_room(op->positionsPerBlock * g.pitch * g.bytes);
    g.deltaRows = take_room(op->positionsPerBlock * g.outputs * g.bytes);
    if (g.bytes == 2) {
      g.inputPairs = take_room(op->positionsPerBlock * g.pitch * 2 + 4 * g.pitch);
      g.deltaPairs = take_room(op->positionsPerBlock * g.outputs * 2 + 4 * g.outputs);
    }
    Items part = share_of(rows, slice, op->slices);
    for (uint32_t row = part.first; row < part.end; row += 1) {
      add_row(&g, row / op->delta.rows, row % op->delta.rows);
    }
    if (g.filled) {
      add_products(&g);
    }
    write_sums(&g, slice);
  }
}

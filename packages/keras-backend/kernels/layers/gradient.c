/* Gradients of the weights of matrix: over all positions, deltas times windows. */
#include "operation.h"
#include "products.h"
#include "rows.h"
#include "windows.h"

typedef struct {
  const GradientOperation *op;
  uint32_t bytes;
  uint32_t k; /* first product of the item */
  uint32_t depth;
  uint32_t output;
  uint32_t filled; /* positions laid out */
  Outer products;
  int64_t *biases;
} Gradient;

static void add_products(Gradient *g) {
  Outer *products = &g->products;
  products->positions = g->filled;
  g->filled = 0;
  if (g->biases) {
    add_columns(products->rows, g->bytes, products->pitch, products->outputs, products->positions, g->biases);
  }
  if (g->bytes == 2) {
    outer16(products);
  } else {
    outer32(products);
  }
}

/* One row of outputs of a sample. */
static void add_row(Gradient *g, uint32_t sample, uint32_t row) {
  const GradientOperation *op = g->op;
  for (uint32_t column = 0; column < op->delta.columns;) {
    uint32_t columns = smaller(op->positionsPerBlock - g->filled, op->delta.columns - column);
    uint32_t mark = arena_mark();
    Region outputs = {sample, row, 1, column, columns, g->output, g->products.outputs};
    Region inputs = input_region(&op->window, &op->input, &outputs, 0, op->input.channels);
    Block delta = block_of(&op->delta, &outputs);
    uint32_t inBlock = block_fits(&op->input, &inputs);
    Block block;
    if (inBlock) {
      block = block_of(&op->input, &inputs);
    }
    uint32_t pitch = g->products.pitch * g->bytes;
    uint8_t *place = (uint8_t *)g->products.rows + g->filled * pitch;
    uint8_t *operands = place + g->products.operands * g->bytes;
    uint32_t whole = inBlock && g->k == 0 && g->depth == op->window.kernelRows * op->window.kernelColumns * op->input.channels &&
                     gather_columns(operands, pitch, &op->window, &op->input, &block, row, column, columns);
    for (uint32_t c = 0; c < columns; c += 1) {
      copy_row(place, pixel_of(&delta, 0, c), g->products.outputs * g->bytes);
      if (!whole) {
        gather(operands, &op->window, &op->input, inBlock ? &block : 0, sample, row, column + c, g->k, g->depth);
      }
      place += pitch;
      operands += pitch;
    }
    release_to(mark);
    column += columns;
    g->filled += columns;
    if (g->filled == op->positionsPerBlock) {
      add_products(g);
    }
  }
}

static void write_sums(const Gradient *g, uint32_t slice) {
  const GradientOperation *op = g->op;
  uint32_t all = op->window.kernelRows * op->window.kernelColumns * op->input.channels;
  uint32_t last = g->k + g->depth == all;
  const Outer *products = &g->products;
  for (uint32_t o = 0; o < products->outputs; o += 1) {
    uint32_t at = (g->output + o) * op->gradientStride + g->k;
    store(op->gradient + slice * op->sliceBytes + at * 8, products->sums + o * products->depth, g->depth * 8);
    for (uint32_t k = all; last && k < op->gradientStride; k += 1) {
      int64_t nothing = 0;
      store(op->gradient + slice * op->sliceBytes + ((g->output + o) * op->gradientStride + k) * 8, &nothing, 8);
    }
  }
  if (g->biases) {
    store(op->biasGradient + slice * op->sliceBytes + g->output * 8, g->biases, products->outputs * 8);
  }
}

static uint32_t quads(uint32_t count) {
  return (count + 3) & ~3u;
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
    g.output = rest % outputBlocks * op->outputsPerBlock;
    Outer *products = &g.products;
    products->outputs = smaller(op->outputsPerBlock, op->delta.channels - g.output);
    products->operands = quads(products->outputs);
    products->depth = quads(g.depth);
    products->pitch = products->operands + products->depth;
    release_to(0);
    uint32_t sums = products->operands * products->depth;
    products->sums = take_room(sums * 8);
    clear_row(products->sums, sums * 8);
    g.biases = op->biasGradient && g.k == 0 ? take_room(products->outputs * 8) : 0;
    if (g.biases) {
      clear_row(g.biases, products->outputs * 8);
    }
    uint32_t rowBytes = (op->positionsPerBlock + 1) * products->pitch * g.bytes;
    products->rows = take_room(rowBytes);
    if (products->operands > products->outputs) {
      clear_row(products->rows, rowBytes); /* deltas of no output are 0 */
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

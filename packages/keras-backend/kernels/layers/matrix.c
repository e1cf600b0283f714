/* Dense, Conv1D, Conv2D, and the way back to their inputs: windows as rows, times weights. */
#include "operation.h"
#include "products.h"
#include "rows.h"
#include "windows.h"

typedef struct {
  const MatrixOperation *op;
  uint32_t bytes; /* of an operand */
  uint32_t depth; /* products of an output */
  uint32_t pass;  /* of one pass: a row in the arena */
  uint32_t output, outputs;
  const uint8_t *weights; /* of these outputs, where all products are one pass */
  uint32_t weightPitch;
} Matrix;

/* Products k .. k + depth of the block's weights. */
static const uint8_t *weights_of(Matrix *m, uint8_t *room, uint32_t k, uint32_t depth) {
  const MatrixOperation *op = m->op;
  uint32_t address = op->weights + (m->output * op->weightStride + k) * m->bytes;
  const uint8_t *place = direct(address);
  m->weightPitch = place ? op->weightStride : m->pass;
  if (place) {
    return place;
  }
  if (m->pass == op->weightStride) {
    fetch(room, address, m->outputs * m->pass * m->bytes);
    return room;
  }
  for (uint32_t o = 0; o < m->outputs; o += 1) {
    fetch(room + o * m->pass * m->bytes, address + o * op->weightStride * m->bytes, depth * m->bytes);
  }
  return room;
}

/* Inputs of the positions of a region as rows, where they lie as rows already; else 0. */
static const void *rows_in_place(const Matrix *m, const Region *region, uint32_t samples, uint32_t *pitch) {
  const MatrixOperation *op = m->op;
  const Window *window = &op->window;
  if (window->kernelRows * window->kernelColumns != 1 || window->spreadRows * window->spreadColumns != 1 ||
      window->top != 0 || window->left != 0) {
    return 0;
  }
#ifdef __wasm__
  if ((region->row + region->rows - 1) * window->strideRows >= op->input.rows ||
      (region->column + region->columns - 1) * window->strideColumns >= op->input.columns) {
    return 0;
  }
#endif
  Region first = *region;
  first.row *= window->strideRows;
  first.column *= window->strideColumns;
  first.channel = 0;
  if (region->rows * region->columns == 1) {
    *pitch = op->input.sampleStride / m->bytes;
  } else if (samples == 1 && region->rows == 1) {
    *pitch = window->strideColumns * op->input.pixelStride;
  } else {
    return 0;
  }
  return direct(region_address(&op->input, &first));
}

/* Lays out products k .. k + depth of all positions. */
static void lay_out(const Matrix *m, uint8_t *rows, const Region *region, uint32_t samples, uint32_t k, uint32_t depth) {
  const MatrixOperation *op = m->op;
  uint32_t inBlock = op->window.kernelRows * op->window.kernelColumns > 1 && depth == m->depth;
  for (uint32_t s = 0; s < samples; s += 1) {
    Region outputs = *region;
    outputs.sample += s;
    uint32_t mark = arena_mark();
    Block block;
    if (inBlock) {
      block = input_block(&op->window, &op->input, &outputs, 0, op->input.channels);
    }
    for (uint32_t r = 0; r < region->rows; r += 1) {
      uint32_t pitch = m->pass * m->bytes;
      if (inBlock && gather_columns(rows, pitch, &op->window, &op->input, &block, region->row + r, region->column, region->columns)) {
        rows += region->columns * pitch;
        continue;
      }
      for (uint32_t c = 0; c < region->columns; c += 1) {
        gather(rows, &op->window, &op->input, inBlock ? &block : 0, outputs.sample, region->row + r, region->column + c, k, depth);
        rows += m->pass * m->bytes;
      }
    }
    release_to(mark);
  }
}

static int64_t bias_of(const uint8_t *biases, uint32_t bytes, uint32_t index) {
  if (!biases) {
    return 0;
  }
  return bytes == 2 ? ((const int32_t *)biases)[index] : ((const int64_t *)biases)[index];
}

/* z = sat32(round(sum + bias)), to the block of each sample. */
static void finish(const Matrix *m, const void *sums, const uint8_t *biases, const Region *region, uint32_t samples) {
  const MatrixOperation *op = m->op;
  int32_t shift = op->input.fraction + op->weightFraction - op->output.fraction;
  uint32_t narrow = m->bytes == 2 && !op->accumulate && shift > -32 && shift < 32;
  uint32_t p = 0;
  for (uint32_t s = 0; s < samples; s += 1) {
    Region outputs = *region;
    outputs.sample += s;
    uint32_t mark = arena_mark();
    Block block = op->accumulate ? block_of(&op->output, &outputs) : new_block(&op->output, &outputs);
    for (uint32_t r = 0; r < region->rows; r += 1) {
      for (uint32_t c = 0; c < region->columns; c += 1, p += 1) {
        int32_t *z = (int32_t *)pixel_of(&block, r, c);
        if (narrow) {
          const int32_t *from = (const int32_t *)sums + p * m->outputs;
          if (shift > 0) {
            round_row(z, from, (const int32_t *)biases, m->outputs, shift);
          } else {
            raise_row(z, from, (const int32_t *)biases, m->outputs, (uint32_t)-shift);
          }
          continue;
        }
#ifdef __wasm__
        if (m->bytes == 4) {
          round_sums(z, (const int64_t *)sums + p * m->outputs, (const int64_t *)biases, m->outputs, shift, op->accumulate);
          continue;
        }
#endif
        for (uint32_t o = 0; o < m->outputs; o += 1) {
          uint64_t bias = (uint64_t)bias_of(biases, m->bytes, o);
          int64_t sum = m->bytes == 2 ? (int32_t)((uint32_t)((const int32_t *)sums)[p * m->outputs + o] + (uint32_t)bias)
                                      : (int64_t)((uint64_t)((const int64_t *)sums)[p * m->outputs + o] + bias);
          add_element(z, ELEMENT_INT32, o, rounded(sum, shift), op->accumulate);
        }
      }
    }
    write_block(&block);
    release_to(mark);
  }
}

static void positions_of(Matrix *m, const Region *region, uint32_t samples, const uint8_t *biases, uint8_t *weightRoom) {
  uint32_t positions = samples * region->rows * region->columns;
  uint32_t mark = arena_mark();
  void *sums = take_room(positions * m->outputs * (m->bytes == 2 ? 4 : 8));
  uint8_t *rows = 0;
  for (uint32_t k = 0; k < m->depth; k += m->pass) {
    uint32_t depth = smaller(m->pass, m->depth - k);
    uint32_t padded = smaller(m->pass, m->op->weightStride - k);
    const uint8_t *weights = m->weights ? m->weights : weights_of(m, weightRoom, k, padded);
    uint32_t pitch;
    const void *place = depth == m->depth ? rows_in_place(m, region, samples, &pitch) : 0;
    if (!place) {
      pitch = m->pass;
      rows = rows ? rows : take_room(positions * m->pass * m->bytes);
      lay_out(m, rows, region, samples, k, depth);
      place = rows;
    }
    Product product = {place, pitch, positions, weights, m->weightPitch, m->outputs, padded, k > 0};
    if (m->bytes == 2) {
      product16(&product, sums);
    } else {
      product32(&product, sums);
    }
  }
  finish(m, sums, biases, region, samples);
  release_to(mark);
}

void run_matrix(const void *operation) {
  const MatrixOperation *op = operation;
  const Tensor *output = &op->output;
  Matrix m = {.op = op, .bytes = op->input.type == ELEMENT_INT16 ? 2 : 4};
  m.depth = op->window.kernelRows * op->window.kernelColumns * op->input.channels;
  uint32_t whole = op->depthPerBlock >= m.depth;
  m.pass = whole ? op->weightStride : op->depthPerBlock;
  uint32_t rowBlocks = quotient_up(output->rows, op->rowsPerBlock);
  uint32_t columnBlocks = quotient_up(output->columns, op->columnsPerBlock);
  uint32_t places = quotient_up(worker.batch.samples, op->samplesPerBlock) * rowBlocks * columnBlocks;
  Items own = own_items(places * quotient_up(output->channels, op->outputsPerBlock));
  uint32_t current = UINT32_MAX;
  uint8_t *room = 0;
  const uint8_t *biases = 0;
  for (uint32_t item = own.first; item < own.end; item += 1) {
    uint32_t rest = item % places;
    if (item / places != current) {
      current = item / places;
      release_to(0);
      m.output = current * op->outputsPerBlock;
      m.outputs = smaller(op->outputsPerBlock, output->channels - m.output);
      room = direct(op->weights) ? 0 : take_room(m.outputs * m.pass * m.bytes);
      m.weights = whole ? weights_of(&m, room, 0, m.pass) : 0;
      if (op->bias) {
        uint32_t width = m.bytes == 2 ? 4 : 8;
        uint8_t *copy = take_room(m.outputs * width);
        fetch(copy, op->bias + m.output * width, m.outputs * width);
        biases = copy;
      }
    }
    Region region = {.channel = m.output, .channels = m.outputs};
    region.column = rest % columnBlocks * op->columnsPerBlock;
    region.columns = smaller(op->columnsPerBlock, output->columns - region.column);
    rest /= columnBlocks;
    region.row = rest % rowBlocks * op->rowsPerBlock;
    region.rows = smaller(op->rowsPerBlock, output->rows - region.row);
    region.sample = rest / rowBlocks * op->samplesPerBlock;
    positions_of(&m, &region, smaller(op->samplesPerBlock, worker.batch.samples - region.sample), biases, room);
  }
}

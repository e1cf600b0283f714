/* DepthwiseConv2D, forwards, back and for its weights: each channel by itself. */
#include "operation.h"
#include "windows.h"

/* Operands of kernel places [places][channels] for some outputs. */
static const uint8_t *fetch_weights(uint32_t weights, uint32_t stride, uint32_t bytes, uint32_t places, uint32_t output,
                                    uint32_t outputs, uint32_t *pitch) {
  uint32_t address = weights + output * bytes;
  const uint8_t *place = direct(address);
  *pitch = place ? stride : outputs;
  if (place) {
    return place;
  }
  uint8_t *room = take_room(places * outputs * bytes);
  for (uint32_t i = 0; i < places; i += 1) {
    fetch(room + i * outputs * bytes, address + i * stride * bytes, outputs * bytes);
  }
  return room;
}

typedef struct {
  const Window *window;
  const Tensor *input;
  uint32_t type, pitch, multiplier;
  const uint8_t *weights;
} Kernel;

static const uint8_t *input_pixel(const Kernel *k, const Block *block, uint32_t row, uint32_t column, uint32_t i, uint32_t j) {
  uint32_t r = input_row(k->window, row, i);
  uint32_t c = input_column(k->window, column, j);
  if (r >= k->input->rows || c >= k->input->columns) {
    return 0;
  }
  return pixel_of(block, r - block->region.row, c - block->region.column);
}

/* The sum for output `o` of a block, whose channel in the block of the input is `c`. */
static int64_t sum_of(const Kernel *k, const Block *block, uint32_t row, uint32_t column, uint32_t c, uint32_t o) {
  uint64_t sum = 0;
  for (uint32_t i = 0; i < k->window->kernelRows; i += 1) {
    for (uint32_t j = 0; j < k->window->kernelColumns; j += 1) {
      const uint8_t *pixel = input_pixel(k, block, row, column, i, j);
      if (pixel) {
        int64_t w = element(k->weights, k->type, (i * k->window->kernelColumns + j) * k->pitch + o);
        sum += (uint64_t)(w * element(pixel, k->type, c));
      }
    }
  }
  return (int64_t)sum;
}

/* Sums of int16 operands have 32 bits, as in matrix. */
static int64_t narrowed(int64_t sum, uint32_t type) {
  return type == ELEMENT_INT16 ? (int32_t)sum : sum;
}

static int64_t bias_of(const DepthwiseOperation *op, uint32_t output) {
  int64_t wide;
  if (!op->bias) {
    return 0;
  }
  if (op->input.type == ELEMENT_INT16) {
    return (int32_t)fetch_word(op->bias + output * 4);
  }
  fetch(&wide, op->bias + output * 8, 8);
  return wide;
}

void run_depthwise(const void *operation) {
  const DepthwiseOperation *op = operation;
  const Window *window = &op->window;
  Kernel k = {.window = window, .input = &op->input, .type = op->input.type, .multiplier = op->multiplier};
  uint32_t bytes = op->input.type == ELEMENT_INT16 ? 2 : 4;
  int32_t shift = op->input.fraction + op->weightFraction - op->output.fraction;
  Walk w = walk(&op->output, op->rowsPerBlock, op->columnsPerBlock, op->channelsPerBlock);
  while (next(&w)) {
    uint32_t outputs = w.region.channels;
    uint32_t channel = w.region.channel / op->multiplier;
    uint32_t last = (w.region.channel + outputs - 1) / op->multiplier;
    k.weights = fetch_weights(op->weights, op->weightStride, bytes, window->kernelRows * window->kernelColumns,
                              w.region.channel, outputs, &k.pitch);
    int64_t *biases = take_room(outputs * 8);
    for (uint32_t o = 0; o < outputs; o += 1) {
      biases[o] = bias_of(op, w.region.channel + o);
    }
    Block input = input_block(window, &op->input, &w.region, channel, last - channel + 1);
    Block target = new_block(&op->output, &w.region);
    for (uint32_t row = 0; row < w.region.rows; row += 1) {
      for (uint32_t column = 0; column < w.region.columns; column += 1) {
        uint8_t *to = pixel_of(&target, row, column);
        for (uint32_t o = 0; o < outputs; o += 1) {
          uint32_t c = (w.region.channel + o) / op->multiplier - channel;
          int64_t sum = sum_of(&k, &input, w.region.row + row, w.region.column + column, c, o);
          sum = narrowed((int64_t)((uint64_t)sum + (uint64_t)biases[o]), k.type);
          put_element(to, ELEMENT_INT32, o, rounded(sum, shift));
        }
      }
    }
    write_block(&target);
  }
}

/* The error of an input: the window is turned around, the weights are not. */
static int64_t back_sum(const Kernel *k, const Block *delta, uint32_t row, uint32_t column, uint32_t c) {
  uint32_t places = k->window->kernelRows * k->window->kernelColumns;
  uint64_t sum = 0;
  for (uint32_t i = 0; i < k->window->kernelRows; i += 1) {
    for (uint32_t j = 0; j < k->window->kernelColumns; j += 1) {
      const uint8_t *pixel = input_pixel(k, delta, row, column, i, j);
      uint32_t place = places - 1 - (i * k->window->kernelColumns + j);
      for (uint32_t o = 0; pixel && o < k->multiplier; o += 1) {
        uint32_t output = c * k->multiplier + o;
        sum += (uint64_t)((int64_t)element(k->weights, k->type, place * k->pitch + output) * element(pixel, k->type, output));
      }
    }
  }
  return (int64_t)sum;
}

void run_depthwise_back(const void *operation) {
  const DepthwiseBackOperation *op = operation;
  const Window *window = &op->window;
  Kernel k = {.window = window, .input = &op->delta, .type = op->delta.type, .multiplier = op->multiplier};
  uint32_t bytes = op->delta.type == ELEMENT_INT16 ? 2 : 4;
  int32_t shift = op->delta.fraction + op->weightFraction - op->error.fraction;
  Walk w = walk(&op->error, op->rowsPerBlock, op->columnsPerBlock, op->channelsPerBlock);
  while (next(&w)) {
    uint32_t output = w.region.channel * op->multiplier;
    uint32_t outputs = w.region.channels * op->multiplier;
    k.weights = fetch_weights(op->weights, op->weightStride, bytes, window->kernelRows * window->kernelColumns, output,
                              outputs, &k.pitch);
    Block delta = input_block(window, &op->delta, &w.region, output, outputs);
    Block target = op->accumulate ? same_block(&w, &op->error) : new_block(&op->error, &w.region);
    for (uint32_t row = 0; row < w.region.rows; row += 1) {
      for (uint32_t column = 0; column < w.region.columns; column += 1) {
        uint8_t *to = pixel_of(&target, row, column);
        for (uint32_t c = 0; c < w.region.channels; c += 1) {
          int64_t sum = back_sum(&k, &delta, w.region.row + row, w.region.column + column, c);
          add_element(to, ELEMENT_INT32, c, rounded(narrowed(sum, k.type), shift), op->accumulate);
        }
      }
    }
    write_block(&target);
  }
}

typedef struct {
  const DepthwiseGradientOperation *op;
  Kernel kernel;
  uint32_t channel, channels, outputs;
  int64_t *sums; /* [kernel places][outputs], then the biases */
} DepthwiseGradient;

static void add_row(const DepthwiseGradient *g, uint32_t sample, uint32_t row) {
  const DepthwiseGradientOperation *op = g->op;
  uint32_t places = op->window.kernelRows * op->window.kernelColumns;
  uint32_t columns = op->delta.columns;
  Region outputs = {sample, row, 1, 0, columns, g->channel * op->multiplier, g->outputs};
  uint32_t mark = arena_mark();
  Block delta = block_of(&op->delta, &outputs);
  Block input = input_block(&op->window, &op->input, &outputs, g->channel, g->channels);
  for (uint32_t column = 0; column < columns; column += 1) {
    const uint8_t *deltas = pixel_of(&delta, 0, column);
    for (uint32_t o = 0; o < g->outputs; o += 1) {
      g->sums[places * g->outputs + o] += element(deltas, op->delta.type, o);
    }
    for (uint32_t place = 0; place < places; place += 1) {
      uint32_t i = place / op->window.kernelColumns;
      const uint8_t *pixel = input_pixel(&g->kernel, &input, row, column, i, place - i * op->window.kernelColumns);
      for (uint32_t o = 0; pixel && o < g->outputs; o += 1) {
        int64_t x = element(pixel, op->input.type, o / op->multiplier);
        g->sums[place * g->outputs + o] += x * element(deltas, op->delta.type, o);
      }
    }
  }
  release_to(mark);
}

static void write_sums(const DepthwiseGradient *g, uint32_t slice) {
  const DepthwiseGradientOperation *op = g->op;
  uint32_t places = op->window.kernelRows * op->window.kernelColumns;
  uint32_t output = g->channel * op->multiplier;
  uint32_t all = op->input.channels * op->multiplier;
  uint32_t address = op->gradient + slice * op->sliceBytes;
  for (uint32_t place = 0; place < places; place += 1) {
    store(address + (place * op->gradientStride + output) * 8, g->sums + place * g->outputs, g->outputs * 8);
    int64_t nothing = 0;
    for (uint32_t o = all; output + g->outputs == all && o < op->gradientStride; o += 1) {
      store(address + (place * op->gradientStride + o) * 8, &nothing, 8);
    }
  }
  if (op->biasGradient) {
    store(op->biasGradient + slice * op->sliceBytes + output * 8, g->sums + places * g->outputs, g->outputs * 8);
  }
}

void run_depthwise_gradient(const void *operation) {
  const DepthwiseGradientOperation *op = operation;
  DepthwiseGradient g = {.op = op, .kernel = {.window = &op->window, .input = &op->input}};
  uint32_t places = op->window.kernelRows * op->window.kernelColumns;
  uint32_t blocks = quotient_up(op->input.channels, op->channelsPerBlock);
  uint32_t rows = worker.batch.samples * op->delta.rows;
  Items own = own_items(op->slices * blocks);
  for (uint32_t item = own.first; item < own.end; item += 1) {
    uint32_t slice = item / blocks;
    g.channel = item % blocks * op->channelsPerBlock;
    g.channels = smaller(op->channelsPerBlock, op->input.channels - g.channel);
    g.outputs = g.channels * op->multiplier;
    release_to(0);
    uint32_t count = (places + 1) * g.outputs;
    g.sums = take_room(count * 8);
    for (uint32_t i = 0; i < count; i += 1) {
      g.sums[i] = 0;
    }
    Items part = share_of(rows, slice, op->slices);
    for (uint32_t row = part.first; row < part.end; row += 1) {
      add_row(&g, row / op->delta.rows, row % op->delta.rows);
    }
    write_sums(&g, slice);
  }
}

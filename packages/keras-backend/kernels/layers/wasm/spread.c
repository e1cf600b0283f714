/*
 * The way back through strides: most products of its windows are with zeros between the errors. They are left out here: such
 * an operation is run as several whose windows are not spread, one for all outputs that take the same kernel places.
 */
#include "../blocks.h"
#include "../operation.h"
#include "../rows.h"

/* Outputs first, first + spread, ... along an axis: they take kernel places place, place + spread, ... */
typedef struct {
  uint32_t first, outputs;
  uint32_t place, places;
  int32_t before; /* as of a window with these places alone */
} Phase;

static Phase phase_of(uint32_t first, uint32_t size, uint32_t kernel, int32_t before, uint32_t spread) {
  int32_t step = (int32_t)spread;
  int32_t start = (int32_t)first - before;
  uint32_t place = (uint32_t)((step - start % step) % step);
  return (Phase){
      .first = first,
      .outputs = first < size ? quotient_up(size - first, spread) : 0,
      .place = place,
      .places = place < kernel ? quotient_up(kernel - place, spread) : 0,
      .before = -(start + (int32_t)place) / step,
  };
}

/* The weights of some kernel places, side by side as for a smaller kernel. */
static void pack(const MatrixOperation *op, const Phase *rows, const Phase *columns, uint32_t stride, uint8_t *to) {
  const Window *window = &op->window;
  uint32_t bytes = op->input.type == ELEMENT_INT16 ? 2 : 4;
  uint32_t channels = op->input.channels * bytes;
  const uint8_t *from = direct(op->weights);
  for (uint32_t o = 0; o < op->output.channels; o += 1) {
    uint8_t *place = to + o * stride * bytes;
    clear_row(place, stride * bytes);
    for (uint32_t i = 0; i < rows->places; i += 1) {
      for (uint32_t j = 0; j < columns->places; j += 1) {
        uint32_t row = rows->place + i * window->spreadRows;
        uint32_t column = columns->place + j * window->spreadColumns;
        copy_row(place, from + o * op->weightStride * bytes + (row * window->kernelColumns + column) * channels, channels);
        place += channels;
      }
    }
  }
}

/* An error of 0 to outputs that no kernel place reaches. */
static void clear(const Tensor *output) {
  for (uint32_t sample = 0; sample < worker.batch.samples; sample += 1) {
    for (uint32_t row = 0; row < output->rows; row += 1) {
      for (uint32_t column = 0; column < output->columns; column += 1) {
        Region pixel = {sample, row, 1, column, 1, 0, output->channels};
        clear_row(direct(region_address(output, &pixel)), output->channels * 4);
      }
    }
  }
}

static void run_phase(const MatrixOperation *op, const Phase *rows, const Phase *columns, uint8_t *room) {
  const Window *window = &op->window;
  uint32_t depth = rows->places * columns->places * op->input.channels;
  MatrixOperation part = *op;
  Tensor *output = &part.output;
  output->address += (rows->first * output->rowStride + columns->first * output->pixelStride) * 4;
  output->rows = rows->outputs;
  output->columns = columns->outputs;
  output->rowStride *= window->spreadRows;
  output->pixelStride *= window->spreadColumns;
  if (depth == 0) {
    if (!op->accumulate) {
      clear(output);
    }
    return;
  }
  part.window = (Window){rows->places, columns->places, 1, 1, 1, 1, rows->before, columns->before, 1, 1};
  part.weightStride = quotient_up(depth, 8) * 8;
  part.weights = op->weights + (uint32_t)(room - (uint8_t *)direct(op->weights));
  pack(op, rows, columns, part.weightStride, room);
  run_matrix(&part);
}

void run_spread_matrix(const void *operation) {
  const MatrixOperation *op = operation;
  const Window *window = &op->window;
  uint32_t bytes = op->input.type == ELEMENT_INT16 ? 2 : 4;
  uint32_t depth = window->kernelRows * window->kernelColumns * op->input.channels;
  uint32_t packed = op->output.channels * (depth + 8) * bytes;
  uint32_t all = arena_bytes;
  if (window->spreadRows * window->spreadColumns == 1 || window->strideRows * window->strideColumns != 1 ||
      window->dilationRows * window->dilationColumns != 1 || op->bias || op->depthPerBlock < depth || !direct(op->weights) ||
      packed > all / 4) {
    run_matrix(op);
    return;
  }
  arena_bytes = (all - packed) & ~15u;
  for (uint32_t r = 0; r < window->spreadRows; r += 1) {
    Phase rows = phase_of(r, op->output.rows, window->kernelRows, window->top, window->spreadRows);
    for (uint32_t c = 0; c < window->spreadColumns; c += 1) {
      Phase columns = phase_of(c, op->output.columns, window->kernelColumns, window->left, window->spreadColumns);
      if (rows.outputs && columns.outputs) {
        run_phase(op, &rows, &columns, arena + arena_bytes);
      }
    }
  }
  arena_bytes = all;
}

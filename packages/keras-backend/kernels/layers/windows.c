#include "windows.h"
#include "rows.h"

/* Along one axis: places from *first, *count of them, that kernel places of outputs p .. p + outputs can reach. */
static void reach(uint32_t p, uint32_t outputs, uint32_t kernel, uint32_t stride, uint32_t dilation, int32_t before,
                  uint32_t spread, uint32_t size, uint32_t *first, uint32_t *count) {
  int32_t low = (int32_t)(p * stride) - before;
  int32_t high = (int32_t)((p + outputs - 1) * stride + (kernel - 1) * dilation) - before;
  *first = low < 0 ? 0 : (uint32_t)low / spread;
  uint32_t end = high < 0 ? 0 : smaller((uint32_t)high / spread + 1, size);
  *count = larger(end, *first) - *first;
}

Region input_region(const Window *window, const Tensor *input, const Region *outputs, uint32_t channel,
                    uint32_t channels) {
  Region region = {.sample = outputs->sample, .channel = channel, .channels = channels};
  reach(outputs->row, outputs->rows, window->kernelRows, window->strideRows, window->dilationRows, window->top,
        window->spreadRows, input->rows, &region.row, &region.rows);
  reach(outputs->column, outputs->columns, window->kernelColumns, window->strideColumns, window->dilationColumns,
        window->left, window->spreadColumns, input->columns, &region.column, &region.columns);
  return region;
}

Block input_block(const Window *window, const Tensor *input, const Region *outputs, uint32_t channel, uint32_t channels) {
  Region region = input_region(window, input, outputs, channel, channels);
  return block_of(input, &region);
}

void gather(void *to, const Window *window, const Tensor *input, const Block *block, uint32_t sample, uint32_t row,
            uint32_t column, uint32_t k, uint32_t depth) {
  uint32_t channels = input->channels;
  uint32_t bytes = input->type == ELEMENT_INT16 ? 2 : 4;
  uint32_t kernelPlace = k / channels;
  uint32_t channel = k - kernelPlace * channels;
  uint32_t i = kernelPlace / window->kernelColumns;
  uint32_t j = kernelPlace - i * window->kernelColumns;
  uint8_t *place = to;
  uint32_t dense = window->dilationColumns == 1 && window->spreadColumns == 1 && block && block->pixel == channels;
  while (depth > 0) {
    uint32_t run = smaller(channels - channel, depth);
    uint32_t r = input_row(window, row, i);
    uint32_t c = input_column(window, column, j);
    uint32_t steps = 1;
    if (r >= input->rows || c >= input->columns) {
      clear_row(place, run * bytes);
    } else if (block) {
      if (dense && channel == 0) { /* as many kernel columns as lie side by side */
        steps = smaller(smaller(window->kernelColumns - j, input->columns - c), larger(1, depth / channels));
        run = steps > 1 ? steps * channels : run;
      }
      copy_row(place, pixel_of(block, r - block->region.row, c - block->region.column) + channel * bytes, run * bytes);
    } else {
      Region region = {sample, r, 1, c, 1, channel, run};
      uint32_t address = region_address(input, &region);
      const uint8_t *from = direct(address);
      if (from) {
        copy_row(place, from, run * bytes);
      } else {
        fetch(place, address, run * bytes);
      }
    }
    place += run * bytes;
    depth -= run;
    channel = 0;
    j += steps;
    if (j >= window->kernelColumns) {
      j = 0;
      i += 1;
    }
  }
}

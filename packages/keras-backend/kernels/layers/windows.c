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

/* Channels of pixels that lie `step` bytes apart. */
static inline void gather_pixels(uint8_t *to, const uint8_t *from, uint32_t pixels, uint32_t step, uint32_t bytes) {
  if (step == bytes) {
    copy_row(to, from, pixels * bytes);
  } else if (bytes == 2) {
    for (uint32_t i = 0; i < pixels; i += 1) {
      ((uint16_t *)to)[i] = *(const uint16_t *)(from + i * step);
    }
  } else {
    for (uint32_t i = 0; i < pixels; i += 1) {
      copy_row(to + i * bytes, from + i * step, bytes);
    }
  }
}

/* One row of a patch: `columns` places from input column `first` on, zeros for those that are not there. */
static void gather_patch_row(uint8_t *to, const Tensor *input, const Block *block, uint32_t row, int32_t first, uint32_t columns) {
  uint32_t bytes = input->channels * block->bytes;
  int32_t end = first + (int32_t)columns;
  int32_t from = first < 0 ? 0 : first;
  int32_t until = end < (int32_t)input->columns ? end : (int32_t)input->columns;
  if (row >= input->rows || from >= until) {
    clear_row(to, columns * bytes);
    return;
  }
  clear_row(to, (uint32_t)(from - first) * bytes);
  const uint8_t *pixels = pixel_of(block, row - block->region.row, (uint32_t)from - block->region.column);
  gather_pixels(to + (uint32_t)(from - first) * bytes, pixels, (uint32_t)(until - from), block->pixel * block->bytes, bytes);
  clear_row(to + (uint32_t)(until - first) * bytes, (uint32_t)(end - until) * bytes);
}

uint32_t gather_columns(uint8_t *to, uint32_t pitch, const Window *window, const Tensor *input, const Block *block,
                        uint32_t row, uint32_t column, uint32_t columns) {
  uint32_t bytes = input->channels * block->bytes;
  uint32_t kernel = window->kernelColumns;
  uint32_t places = (columns - 1) * window->strideColumns + (kernel - 1) * window->dilationColumns + 1;
  if (window->spreadRows * window->spreadColumns != 1 || arena_mark() + places * bytes + 16 > arena_bytes) {
    return 0;
  }
  uint32_t mark = arena_mark();
  uint8_t *patch = take_room(places * bytes);
  int32_t first = (int32_t)(column * window->strideColumns) - window->left;
  uint32_t stride = window->strideColumns * bytes;
  for (uint32_t i = 0; i < window->kernelRows; i += 1) {
    gather_patch_row(patch, input, block, input_row(window, row, i), first, places);
    uint8_t *place = to + i * kernel * bytes;
    const uint8_t *from = patch;
    for (uint32_t p = 0; p < columns; p += 1, place += pitch, from += stride) {
      gather_pixels(place, from, kernel, window->dilationColumns * bytes, bytes);
    }
  }
  release_to(mark);
  return 1;
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

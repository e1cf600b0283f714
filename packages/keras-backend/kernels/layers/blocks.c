#include "blocks.h"

static uint32_t used;

void *take_room(uint32_t bytes) {
  uint32_t from = used;
  used = from + ((bytes + 7) & ~7u);
  if (used > arena_bytes) {
    fail();
  }
  return arena + from;
}

uint32_t arena_mark(void) {
  return used;
}

void release_to(uint32_t mark) {
  used = mark;
}

Region whole(const Tensor *tensor, uint32_t sample) {
  return (Region){sample, 0, tensor->rows, 0, tensor->columns, 0, tensor->channels};
}

uint32_t region_address(const Tensor *tensor, const Region *region) {
  uint32_t element = region->row * tensor->rowStride + region->column * tensor->pixelStride + region->channel;
  return tensor->address + region->sample * tensor->sampleStride + element * (tensor->type == ELEMENT_INT16 ? 2 : 4);
}

static Block shape_of(const Tensor *tensor, const Region *region) {
  uint32_t bytes = tensor->type == ELEMENT_INT16 ? 2 : 4;
  uint8_t *place = direct(region_address(tensor, region));
  if (place) {
    return (Block){place, tensor->pixelStride, tensor->rowStride, tensor->type, bytes, tensor, *region};
  }
  uint32_t pixel = region->channels + (bytes == 2 ? region->channels & 1 : 0);
  uint32_t row = region->columns * pixel;
  uint8_t *room = take_room(region->rows * row * bytes);
  return (Block){room, pixel, row, tensor->type, bytes, tensor, *region};
}

uint32_t block_fits(const Tensor *tensor, const Region *region) {
  uint32_t elements = region->rows * region->columns * (region->channels + 1);
  return direct(tensor->address) || used + elements * (tensor->type == ELEMENT_INT16 ? 2 : 4) + 8 <= arena_bytes;
}

/* Calls a copying function for each run of elements that lies alike in memory and in the block. */
static void copy_runs(const Block *block, uint32_t reading) {
  const Tensor *tensor = block->tensor;
  uint32_t address = region_address(tensor, &block->region);
  uint32_t rows = block->region.rows;
  uint32_t columns = block->region.columns;
  uint32_t channels = block->region.channels;
  if (block->pixel == tensor->pixelStride && (reading || channels == block->pixel)) {
    channels = columns * block->pixel;
    columns = 1;
    if (block->row == tensor->rowStride) {
      channels *= rows;
      rows = 1;
    }
  }
  for (uint32_t row = 0; row < rows; row += 1) {
    for (uint32_t column = 0; column < columns; column += 1) {
      uint32_t at = address + (row * tensor->rowStride + column * tensor->pixelStride) * block->bytes;
      if (reading) {
        fetch(pixel_of(block, row, column), at, channels * block->bytes);
      } else {
        store(at, pixel_of(block, row, column), channels * block->bytes);
      }
    }
  }
}

Block block_of(const Tensor *tensor, const Region *region) {
  Block block = shape_of(tensor, region);
  if (!direct(tensor->address)) {
    copy_runs(&block, 1);
  }
  return block;
}

Block new_block(const Tensor *tensor, const Region *region) {
  return shape_of(tensor, region);
}

void write_block(const Block *block) {
  if (!direct(block->tensor->address)) {
    copy_runs(block, 0);
  }
}

Walk walk(const Tensor *tensor, uint32_t rows, uint32_t columns, uint32_t channels) {
  Walk result = {.tensor = tensor, .rows = rows, .columns = columns, .channels = channels};
  result.rowBlocks = quotient_up(tensor->rows, rows);
  result.columnBlocks = quotient_up(tensor->columns, columns);
  result.channelBlocks = quotient_up(tensor->channels, channels);
  uint32_t items = worker.batch.samples * result.rowBlocks * result.columnBlocks * result.channelBlocks;
  Items own = own_items(items);
  result.item = own.first;
  result.end = own.end;
  return result;
}

uint32_t next(Walk *walk) {
  if (walk->item >= walk->end) {
    return 0;
  }
  const Tensor *tensor = walk->tensor;
  uint32_t rest = walk->item;
  uint32_t channel = rest % walk->channelBlocks * walk->channels;
  rest /= walk->channelBlocks;
  uint32_t column = rest % walk->columnBlocks * walk->columns;
  rest /= walk->columnBlocks;
  uint32_t row = rest % walk->rowBlocks * walk->rows;
  walk->region = (Region){
      rest / walk->rowBlocks,
      row,
      smaller(walk->rows, tensor->rows - row),
      column,
      smaller(walk->columns, tensor->columns - column),
      channel,
      smaller(walk->channels, tensor->channels - channel),
  };
  walk->item += 1;
  release_to(0);
  return 1;
}

Block same_block(const Walk *walk, const Tensor *tensor) {
  return block_of(tensor, &walk->region);
}

uint32_t place_in_batch(const Tensor *tensor, const Region *region, uint32_t row, uint32_t column) {
  uint32_t place = worker.batch.firstSample + region->sample;
  place = (place * tensor->rows + region->row + row) * tensor->columns + region->column + column;
  return place * tensor->channels + region->channel;
}

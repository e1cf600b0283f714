/* Blocks of tensors: in the replica's memory where a worker may work there, else copied to the arena and back. */
#ifndef BLOCKS_H
#define BLOCKS_H
#include "../include/fixed.h"
#include "worker.h"

typedef struct {
  uint32_t sample;
  uint32_t row, rows;
  uint32_t column, columns;
  uint32_t channel, channels;
} Region;

typedef struct {
  uint8_t *data; /* its first element */
  uint32_t pixel; /* elements from one column to the next */
  uint32_t row;   /* elements from one row to the next */
  uint32_t type;
  uint32_t bytes; /* of an element */
  const Tensor *tensor;
  Region region;
} Block;

/* Room in the arena, 8-byte aligned, until the arena is released to a mark taken before. */
void *take_room(uint32_t bytes);
uint32_t arena_mark(void);
void release_to(uint32_t mark);

/* Address of the first element of a region. */
uint32_t region_address(const Tensor *tensor, const Region *region);

/*
 * A block with the values of a region; one without (all of it will be written); whether there is room for one;
 * and writing one back. */
Block block_of(const Tensor *tensor, Region region);
Block new_block(const Tensor *tensor, Region region);
uint32_t block_fits(const Tensor *tensor, const Region *region);
void write_block(const Block *block);

/* The whole image of a sample. */
Region whole(const Tensor *tensor, uint32_t sample);

static inline uint8_t *pixel_of(const Block *block, uint32_t row, uint32_t column) {
  return block->data + (row * block->row + column * block->pixel) * block->bytes;
}

static inline int32_t element(const void *data, uint32_t type, uint32_t index) {
  return type == ELEMENT_INT16 ? ((const int16_t *)data)[index] : ((const int32_t *)data)[index];
}

/* Clamps to the type. */
static inline void put_element(void *data, uint32_t type, uint32_t index, int64_t value) {
  if (type == ELEMENT_INT16) {
    ((int16_t *)data)[index] = (int16_t)saturate16(value, &worker.saturations);
  } else {
    ((int32_t *)data)[index] = saturate32(value, &worker.saturations);
  }
}

/* The same, added to what is there. */
static inline void add_element(void *data, uint32_t type, uint32_t index, int64_t value, uint32_t accumulate) {
  put_element(data, type, index, accumulate ? value + element(data, type, index) : value);
}

/* Walks the blocks of all samples of a tensor that are this worker's: for (Walk w = walk(...); next(&w);) w.region. */
typedef struct {
  const Tensor *tensor;
  uint32_t rows, columns, channels; /* of a block */
  uint32_t rowBlocks, columnBlocks, channelBlocks;
  uint32_t item, end;
  Region region;
} Walk;

Walk walk(const Tensor *tensor, uint32_t rows, uint32_t columns, uint32_t channels);
uint32_t next(Walk *walk);

/* The region of another tensor of the same sizes. */
Block same_block(const Walk *walk, const Tensor *tensor);

#endif

/* Blocks of tensors: in the replica's memory where a worker may work there, else copied to the arena and back. */
#ifndef BLOCKS_H
#define BLOCKS_H
#include "elements.h"

/* Room in the arena, 8-byte aligned, until the arena is released to a mark taken before. */
void *take_room(uint32_t bytes);
uint32_t arena_mark(void);
void release_to(uint32_t mark);

/* Address of the first element of a region. */
uint32_t region_address(const Tensor *tensor, const Region *region);

/*
 * A block with the values of a region; one without (all of it will be written); whether there is room for one;
 * and writing one back. */
Block block_of(const Tensor *tensor, const Region *region);
Block new_block(const Tensor *tensor, const Region *region);
uint32_t block_fits(const Tensor *tensor, const Region *region);
void write_block(const Block *block);

/* Number of an element among all those of a batch, over all replicas: of a pixel of a region, its first channel. */
uint32_t place_in_batch(const Tensor *tensor, const Region *region, uint32_t row, uint32_t column);

/* The whole image of a sample. */
Region whole(const Tensor *tensor, uint32_t sample);

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

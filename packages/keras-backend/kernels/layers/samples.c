/* Samples from data sets to tensors of the batch, and back. */
#include "blocks.h"
#include "operation.h"
#include "rows.h"

#define PART (arena_bytes / 16) /* elements that are copied at a time: 4 bytes there and here, and room to spare */

/* A data set's sample as a tensor: like another, without padding. */
static Tensor sample_of(const Tensor *like, uint32_t stream, uint32_t stride, uint32_t sample) {
  const BatchHeader *batch = &worker.batch;
  uint32_t place = batch->position + batch->firstSample + sample;
  if (batch->shuffle) {
    place = shuffled_index(place, batch->epochSamples, batch->shuffleSeed);
  }
  Tensor result = *like;
  result.address = batch->streams[stream] + place * stride;
  result.pixelStride = like->channels;
  result.rowStride = like->columns * like->channels;
  return result;
}

static void copy_block(const Block *from, const Block *to) {
  for (uint32_t row = 0; row < to->region.rows; row += 1) {
    for (uint32_t column = 0; column < to->region.columns; column += 1) {
      copy_row(pixel_of(to, row, column), pixel_of(from, row, column), to->region.channels * to->bytes);
    }
  }
}

static void copy_samples(const Tensor *tensor, uint32_t stream, uint32_t stride, uint32_t taking) {
  if (!worker.batch.streams[stream]) {
    return;
  }
  uint32_t channels = smaller(tensor->channels, PART);
  Walk w = walk(tensor, 1, larger(1, smaller(tensor->columns, PART / channels)), channels);
  while (next(&w)) {
    Tensor data = sample_of(tensor, stream, stride, w.region.sample);
    Region region = w.region;
    region.sample = 0;
    Block from = taking ? block_of(&data, &region) : same_block(&w, tensor);
    Block to = taking ? new_block(tensor, &w.region) : new_block(&data, &region);
    copy_block(&from, &to);
    write_block(&to);
  }
}

void run_take(const void *operation) {
  const TakeOperation *op = operation;
  copy_samples(&op->target, op->stream, op->streamStride, 1);
}

void run_put(const void *operation) {
  const PutOperation *op = operation;
  copy_samples(&op->source, op->stream, op->streamStride, 0);
}

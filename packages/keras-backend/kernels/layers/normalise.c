/* BatchNormalization of values, forwards and back; what channels are multiplied by is in moments.c. */
#include "blocks.h"
#include "operation.h"
#ifdef __wasm__
#include "wasm/channels.h"
#endif

#define SLOPE_GUARD 8 /* more fraction bits than the target, until the sum is rounded */

typedef struct {
  uint32_t sums, slices, channels;
  int32_t valueShift, errorShift;
} Sums;

#ifdef __wasm__
/* Pixels that lie side by side; 0 where that cannot be. */
static uint32_t add_fours(const Sums *s, const Block *source, const Block *error, int64_t *first, int64_t *second) {
  FourRow row = {source->region.columns, source->region.channels};
  if (row.channels % 4 || source->pixel != row.channels || (error && error->pixel != row.channels) || s->valueShift < 0 ||
      s->valueShift > 31 || s->errorShift < 0 || s->errorShift > 31) {
    return 0;
  }
  const uint8_t *values = pixel_of(source, 0, 0);
  const int32_t *errors = error ? (const int32_t *)pixel_of(error, 0, 0) : 0;
  for (uint32_t c = 0; c < row.channels; c += 4) {
    const int32_t *some = errors ? errors + c : 0;
    if (source->type == ELEMENT_INT16) {
      add_four(&row, values + c * 2, ELEMENT_INT16, some, s->valueShift, s->errorShift, first + c, second + c);
    } else {
      add_four(&row, values + c * 4, ELEMENT_INT32, some, s->valueShift, s->errorShift, first + c, second + c);
    }
  }
  return 1;
}
#endif

/* Adds up one row of a sample: x and x * x, or error and error * x. */
static void add_row(const Sums *s, const Block *source, const Block *error, int64_t *first, int64_t *second) {
#ifdef __wasm__
  if (add_fours(s, source, error, first, second)) {
    return;
  }
#endif
  for (uint32_t column = 0; column < source->region.columns; column += 1) {
    const uint8_t *values = pixel_of(source, 0, column);
    const int32_t *errors = error ? (const int32_t *)pixel_of(error, 0, column) : 0;
    for (uint32_t c = 0; c < source->region.channels; c += 1) {
      int64_t x = rounded(element(values, source->type, c), s->valueShift);
      int64_t e = errors ? rounded(errors[c], s->errorShift) : x;
      first[c] += e;
      second[c] += e * x;
    }
  }
}

/* Items are channels of a slice of all rows. */
static void add_slices(const Sums *s, const Tensor *source, const Tensor *error, uint32_t columnsPer, uint32_t channelsPer) {
  uint32_t channelBlocks = quotient_up(s->channels, channelsPer);
  Items own = own_items(s->slices * channelBlocks);
  uint32_t rows = worker.batch.samples * source->rows;
  for (uint32_t item = own.first; item < own.end; item += 1) {
    uint32_t slice = item / channelBlocks;
    Region region = {.rows = 1, .channel = item % channelBlocks * channelsPer};
    region.channels = smaller(channelsPer, s->channels - region.channel);
    release_to(0);
    int64_t *first = take_room(region.channels * 8);
    int64_t *second = take_room(region.channels * 8);
    for (uint32_t c = 0; c < region.channels; c += 1) {
      first[c] = 0;
      second[c] = 0;
    }
    Items part = share_of(rows, slice, s->slices);
    for (uint32_t row = part.first; row < part.end; row += 1) {
      region.sample = row / source->rows;
      region.row = row % source->rows;
      for (region.column = 0; region.column < source->columns; region.column += columnsPer) {
        region.columns = smaller(columnsPer, source->columns - region.column);
        uint32_t mark = arena_mark();
        Block values = block_of(source, &region);
        Block errors;
        if (error) {
          errors = block_of(error, &region);
        }
        add_row(s, &values, error ? &errors : 0, first, second);
        release_to(mark);
      }
    }
    uint32_t address = s->sums + (slice * 2 * s->channels + region.channel) * 8;
    store(address, first, region.channels * 8);
    store(address + s->channels * 8, second, region.channels * 8);
  }
}

void run_statistics(const void *operation) {
  const StatisticsOperation *op = operation;
  Sums s = {op->sums, op->slices, op->source.channels, op->valueShift, 0};
  add_slices(&s, &op->source, 0, op->columnsPerBlock, op->channelsPerBlock);
}

void run_statistics_back(const void *operation) {
  const StatisticsBackOperation *op = operation;
  Sums s = {op->sums, op->slices, op->source.channels, op->valueShift, op->errorShift};
  add_slices(&s, &op->source, &op->error, op->columnsPerBlock, op->channelsPerBlock);
}

#ifdef __wasm__
/* 0 where the arena is too small: blocks were laid out without it. */
static void *room_for_fours(uint32_t bytes) {
  return arena_mark() + bytes + 8 <= arena_bytes ? take_room(bytes) : 0;
}

/* All channels as fours; 0 where that cannot be. */
static const FourFactors *scales_as_fours(const NormaliseOperation *op, const ChannelScale *scales, uint32_t channels) {
  if (channels % 4) {
    return 0;
  }
  FourFactors *fours = room_for_fours(channels / 4 * sizeof(FourFactors));
  for (uint32_t c = 0; fours && c < channels; c += 4) {
    int32_t multipliers[4], shifts[4];
    int64_t offsets[4];
    for (uint32_t i = 0; i < 4; i += 1) {
      multipliers[i] = scales[c + i].multiplier;
      offsets[i] = scales[c + i].offset;
      shifts[i] = op->source.fraction + scales[c + i].exponent - op->target.fraction;
    }
    if (!four_factors(fours + c / 4, multipliers, offsets, shifts, 31)) {
      return 0;
    }
  }
  return fours;
}

static const FourSlopes *slopes_as_fours(const ChannelSlope *slopes, uint32_t channels) {
  if (channels % 4) {
    return 0;
  }
  FourSlopes *fours = room_for_fours(channels / 4 * sizeof(FourSlopes));
  for (uint32_t c = 0; fours && c < channels; c += 4) {
    if (!four_slopes(fours + c / 4, slopes + c, SLOPE_GUARD)) {
      return 0;
    }
  }
  return fours;
}
#endif

void run_normalise(const void *operation) {
  const NormaliseOperation *op = operation;
  Walk w = walk(&op->target, op->rowsPerBlock, op->columnsPerBlock, op->channelsPerBlock);
  while (next(&w)) {
    uint32_t channels = w.region.channels;
    Block source = same_block(&w, &op->source);
    Block target = new_block(&op->target, &w.region);
    ChannelScale *scales = take_room(channels * sizeof(ChannelScale));
    fetch(scales, op->channelScales + w.region.channel * sizeof(ChannelScale), channels * sizeof(ChannelScale));
#ifdef __wasm__
    FourRow pixels = {w.region.columns, channels};
    const FourFactors *fours = source.pixel == channels && target.pixel == channels ? scales_as_fours(op, scales, channels) : 0;
#endif
    for (uint32_t row = 0; row < w.region.rows; row += 1) {
#ifdef __wasm__
      const uint8_t *first = pixel_of(&source, row, 0);
      uint8_t *result = pixel_of(&target, row, 0);
      if (fours && (source.type == ELEMENT_INT16
                        ? normalise_row(fours, &pixels, first, ELEMENT_INT16, result, target.type, &worker.saturations)
                        : normalise_row(fours, &pixels, first, ELEMENT_INT32, result, target.type, &worker.saturations))) {
        continue;
      }
#endif
      for (uint32_t column = 0; column < w.region.columns; column += 1) {
        const uint8_t *from = pixel_of(&source, row, column);
        uint8_t *to = pixel_of(&target, row, column);
        for (uint32_t c = 0; c < channels; c += 1) {
          int64_t value = (int64_t)element(from, source.type, c) * scales[c].multiplier + scales[c].offset;
          int32_t shift = op->source.fraction + scales[c].exponent - op->target.fraction;
          put_element(to, target.type, c, rounded(value, shift));
        }
      }
    }
    write_block(&target);
  }
}

void run_normalise_back(const void *operation) {
  const NormaliseBackOperation *op = operation;
  Walk w = walk(&op->target, op->rowsPerBlock, op->columnsPerBlock, op->channelsPerBlock);
  while (next(&w)) {
    uint32_t channels = w.region.channels;
    Block error = same_block(&w, &op->error);
    Block source = same_block(&w, &op->source);
    Block target = op->accumulate ? same_block(&w, &op->target) : new_block(&op->target, &w.region);
    ChannelSlope *slopes = take_room(channels * sizeof(ChannelSlope));
    fetch(slopes, op->channelSlopes + w.region.channel * sizeof(ChannelSlope), channels * sizeof(ChannelSlope));
#ifdef __wasm__
    FourRow pixels = {w.region.columns, channels};
    uint32_t dense = error.pixel == channels && source.pixel == channels && target.pixel == channels;
    const FourSlopes *fours = dense ? slopes_as_fours(slopes, channels) : 0;
#endif
    for (uint32_t row = 0; row < w.region.rows; row += 1) {
#ifdef __wasm__
      const int32_t *first = (const int32_t *)pixel_of(&error, row, 0);
      const uint8_t *firstValues = pixel_of(&source, row, 0);
      int32_t *result = (int32_t *)pixel_of(&target, row, 0);
      if (fours && (source.type == ELEMENT_INT16 ? normalise_back_row(fours, &pixels, first, firstValues, ELEMENT_INT16, result,
                                                                      SLOPE_GUARD, op->accumulate, &worker.saturations)
                                                 : normalise_back_row(fours, &pixels, first, firstValues, ELEMENT_INT32, result,
                                                                      SLOPE_GUARD, op->accumulate, &worker.saturations))) {
        continue;
      }
#endif
      for (uint32_t column = 0; column < w.region.columns; column += 1) {
        const int32_t *errors = (const int32_t *)pixel_of(&error, row, column);
        const uint8_t *values = pixel_of(&source, row, column);
        uint8_t *to = pixel_of(&target, row, column);
        for (uint32_t c = 0; c < channels; c += 1) {
          const ChannelSlope *slope = slopes + c;
          int64_t sum = rounded((int64_t)errors[c] * slope->errorMultiplier, slope->errorShift);
          sum += rounded((int64_t)element(values, source.type, c) * slope->valueMultiplier, slope->valueShift);
          add_element(to, ELEMENT_INT32, c, rounded(sum + slope->offset, SLOPE_GUARD), op->accumulate);
        }
      }
    }
    write_block(&target);
  }
}

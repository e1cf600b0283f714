/* Activations of tensors, forwards and back. */
#include "activation.h"
#include "blocks.h"
#include "delta.h"
#include "operation.h"
#include "rows.h"

static void softmax_pixel(const uint8_t *z, uint8_t *to, const Block *source, const Block *target, uint32_t *v31, int32_t *wide) {
  uint32_t channels = source->region.channels;
  for (uint32_t c = 0; c < channels; c += 1) {
    wide[c] = element(z, source->type, c);
  }
  softmax31(wide, v31, channels, (uint32_t)source->tensor->fraction);
  for (uint32_t c = 0; c < channels; c += 1) {
    put_element(to, target->type, c, rounded(v31[c], 31 - target->tensor->fraction));
  }
}

/* Whether an activation leaves nothing but rounding, between two limits. */
static uint32_t is_clamp(uint32_t function, int32_t slope, int32_t threshold) {
  return function == FUNCTION_LINEAR || (function == FUNCTION_RELU && slope == 0 && threshold == 0);
}

/* Whether that is from int32 to int16. */
static uint32_t is_narrow(uint32_t function, int32_t slope, int32_t threshold, const Tensor *source, const Tensor *target) {
  int32_t shift = source->fraction - target->fraction;
  return is_clamp(function, slope, threshold) && source->type == ELEMENT_INT32 && target->type == ELEMENT_INT16 && shift > 0 && shift < 32;
}

/* Elements that lie side by side in all blocks: a row of pixels, or the channels of one. */
static uint32_t run_of(const Block *a, const Block *b, const Block *c) {
  uint32_t channels = a->region.channels;
  uint32_t together = a->pixel == channels && b->pixel == channels && c->pixel == channels;
  return together ? a->region.columns * channels : channels;
}

void run_activate(const void *operation) {
  const ActivateOperation *op = operation;
  uint32_t narrow = is_narrow(op->function, op->slope, op->threshold, &op->source, &op->target);
  uint32_t relu = op->function == FUNCTION_RELU;
#ifdef __wasm__
  int32_t shift = op->source.fraction - op->target.fraction;
  uint32_t isShort = op->target.type == ELEMENT_INT16;
  uint32_t clamps = is_clamp(op->function, op->slope, op->threshold) && op->source.type == op->target.type &&
                    shift > (isShort ? -16 : -32) && shift < 32;
  int32_t least = relu ? 0 : INT32_MIN;
  int32_t most = relu ? op->limit : INT32_MAX;
#endif
  Activation activation = {op->function, op->slope, op->scale, op->threshold, op->limit, op->source.fraction};
  Walk w = walk(&op->target, op->rowsPerBlock, op->columnsPerBlock, op->channelsPerBlock);
  while (next(&w)) {
    Block source = same_block(&w, &op->source);
    Block target = new_block(&op->target, &w.region);
    uint32_t channels = w.region.channels;
    uint32_t *v31 = op->function == FUNCTION_SOFTMAX ? take_room(channels * 4) : 0;
    int32_t *wide = v31 ? take_room(channels * 4) : 0;
    for (uint32_t row = 0; row < w.region.rows; row += 1) {
      for (uint32_t column = 0; column < w.region.columns; column += 1) {
        const uint8_t *z = pixel_of(&source, row, column);
        uint8_t *to = pixel_of(&target, row, column);
        if (narrow) {
          uint32_t run = run_of(&source, &target, &target);
          narrow_row((int16_t *)to, (const int32_t *)z, run, op->source.fraction - op->target.fraction,
                     relu ? 0 : INT32_MIN, relu ? op->limit : INT32_MAX);
          column += run / channels - 1;
          continue;
        }
#ifdef __wasm__
        if (clamps) {
          uint32_t run = run_of(&source, &target, &target);
          if (isShort) {
            clamp_short_row((int16_t *)to, (const int16_t *)z, run, shift, least, most);
          } else {
            clamp_row((int32_t *)to, (const int32_t *)z, run, shift, least, most);
          }
          column += run / channels - 1;
          continue;
        }
#endif
        if (v31) {
          softmax_pixel(z, to, &source, &target, v31, wide);
          continue;
        }
        for (uint32_t c = 0; c < channels; c += 1) {
          Fixed y = activated(&activation, element(z, source.type, c));
          put_element(to, target.type, c, rounded(y.value, y.fraction - op->target.fraction));
        }
      }
    }
    write_block(&target);
  }
}

/* g - sum of g * y over the pixel, at the fraction of g. */
static int32_t softmax_mean(const uint8_t *errors, const uint8_t *values, const Block *value, int32_t fraction) {
  int64_t dot = 0;
  for (uint32_t c = 0; c < value->region.channels; c += 1) {
    dot += (int64_t)((const int32_t *)errors)[c] * element(values, value->type, c);
  }
  return saturate32(rounded(dot, fraction), &worker.saturations);
}

/* The slope by the value that came out. */
static Fixed slope_by_value(const ActivateBackOperation *op, int32_t y) {
  int32_t fraction = op->value.fraction;
  switch (op->function) {
  case FUNCTION_SIGMOID: {
    uint64_t y31 = (uint64_t)y << (31 - fraction);
    return (Fixed){(int64_t)((y31 * (ONE31 - y31) + (1u << 30)) >> 31), 31};
  }
  case FUNCTION_TANH: {
    uint64_t y31 = (uint64_t)(y < 0 ? -(int64_t)y : y) << (31 - fraction);
    return (Fixed){(int64_t)ONE31 - (int64_t)((y31 * y31 + (1u << 30)) >> 31), 31};
  }
  case FUNCTION_RELU: {
    int64_t limit = rounded(op->limit, op->source.fraction - fraction);
    return (Fixed){y > 0 && (op->limit == INT32_MAX || y < limit), 0};
  }
  default: /* softmax, exponential */
    return (Fixed){y, fraction};
  }
}

static uint32_t reads_value(const ActivateBackOperation *op) {
  switch (op->function) {
  case FUNCTION_SIGMOID:
  case FUNCTION_TANH:
  case FUNCTION_SOFTMAX:
  case FUNCTION_EXPONENTIAL:
    return 1;
  case FUNCTION_RELU:
    return op->slope == 0 && op->threshold == 0;
  default:
    return 0;
  }
}

void run_activate_back(const void *operation) {
  const ActivateBackOperation *op = operation;
  Activation activation = {op->function, op->slope, op->scale, op->threshold, op->limit, op->source.fraction};
  uint32_t byValue = reads_value(op);
  const Tensor *read = byValue ? &op->value : op->function == FUNCTION_LINEAR ? &op->error : &op->source;
  int32_t shift = op->error.fraction - op->target.fraction;
  uint32_t narrow = is_narrow(op->function, op->slope, op->threshold, &op->error, &op->target) && !op->accumulate &&
                    (op->function == FUNCTION_LINEAR || (read->type == ELEMENT_INT16 && op->limit == INT32_MAX)) &&
                    !BY_CHANCE;
#ifdef __wasm__
  uint32_t rectifies = op->function == FUNCTION_RELU && op->slope == 0 && op->threshold == 0 && op->limit == INT32_MAX &&
                       read->type == ELEMENT_INT16 && op->target.type == ELEMENT_INT32 && !op->accumulate && shift >= 0 && shift < 32 &&
                       !BY_CHANCE;
  uint32_t wide = is_clamp(op->function, op->slope, op->threshold) && op->limit == INT32_MAX && read->type == ELEMENT_INT32 &&
                  op->target.type == ELEMENT_INT32 && shift > (op->accumulate ? -1 : -32) && shift < 32 && !BY_CHANCE;
#endif
  Deltas deltas = {op->target.type, op->accumulate, worker.step.seed + op->salt};
  Walk w = walk(&op->target, op->rowsPerBlock, op->columnsPerBlock, op->channelsPerBlock);
  while (next(&w)) {
    Block error = same_block(&w, &op->error);
    Block other = same_block(&w, read);
    Block target = op->accumulate ? same_block(&w, &op->target) : new_block(&op->target, &w.region);
    for (uint32_t row = 0; row < w.region.rows; row += 1) {
      for (uint32_t column = 0; column < w.region.columns; column += 1) {
        const uint8_t *errors = pixel_of(&error, row, column);
        const uint8_t *others = pixel_of(&other, row, column);
        uint8_t *to = pixel_of(&target, row, column);
        if (narrow) {
          const int16_t *values = op->function == FUNCTION_RELU ? (const int16_t *)others : 0;
          uint32_t run = run_of(&error, &other, &target);
          delta_row((int16_t *)to, (const int32_t *)errors, values, run, shift);
          column += run / w.region.channels - 1;
          continue;
        }
#ifdef __wasm__
        if (rectifies) {
          uint32_t run = run_of(&error, &other, &target);
          worker.underflows += error_row((int32_t *)to, (const int32_t *)errors, (const int16_t *)others, run, shift);
          column += run / w.region.channels - 1;
          continue;
        }
        if (wide) {
          const int32_t *values = op->function == FUNCTION_RELU ? (const int32_t *)others : 0;
          uint32_t run = run_of(&error, &other, &target);
          wide_delta_row((int32_t *)to, (const int32_t *)errors, values, run, shift, op->accumulate);
          column += run / w.region.channels - 1;
          continue;
        }
#endif
        uint32_t place = place_in_batch(&op->target, &w.region, row, column);
        int32_t mean = op->function == FUNCTION_SOFTMAX ? softmax_mean(errors, others, &other, op->value.fraction) : 0;
        for (uint32_t c = 0; c < w.region.channels; c += 1) {
          int32_t x = element(others, other.type, c);
          Fixed slope = byValue ? slope_by_value(op, x) : slope_of(&activation, x);
          int64_t g = saturate32((int64_t)((const int32_t *)errors)[c] - mean, &worker.saturations);
          put_delta(&deltas, to, c, g * slope.value, slope.fraction + shift, place);
        }
      }
    }
    write_block(&target);
  }
}

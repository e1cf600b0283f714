/* Loss, metrics and deltas of the output layer. */
#include "dense.h"

#define SMALLEST31 215u /* Keras clips probabilities at 1e-7 */
#define DIFFERENCE_FRACTION 27

static int32_t clipped_logarithm(uint32_t v31) {
  uint32_t clipped = v31 < SMALLEST31 ? SMALLEST31 : v31 > ONE31 - SMALLEST31 ? ONE31 - SMALLEST31 : v31;
  return ln31(clipped);
}

/* a - y at fraction 27. */
static int32_t difference_of(int32_t a, int32_t y) {
  int32_t fa = (int32_t)config.activationFraction;
  int32_t fy = (int32_t)config.targetFraction;
  int32_t common = fa > fy ? fa : fy;
  int64_t difference = round_shift(a, fa - common) - round_shift(y, fy - common);
  return saturate32(round_shift(difference, common - DIFFERENCE_FRACTION), &statistics.saturatedError);
}

static int64_t weighted_logarithm(int64_t y, uint32_t v31) {
  return round_shift(y * clipped_logarithm(v31), (int32_t)config.targetFraction);
}

static int64_t loss_of(uint32_t v31, int32_t y, int32_t difference) {
  int64_t one = (int64_t)1 << config.targetFraction;
  switch (config.loss) {
    case LOSS_CATEGORICAL_CROSSENTROPY:
      return y != 0 ? -weighted_logarithm(y, v31) : 0;
    case LOSS_BINARY_CROSSENTROPY:
      return -weighted_logarithm(y, v31) - weighted_logarithm(one - y, ONE31 - v31);
    default:
      return ((int64_t)difference * difference) >> 30;
  }
}

static uint32_t first_largest(const void *operands, uint32_t first) {
  uint32_t best = 0;
  int32_t largest = operand_get(operands, first);
  for (uint32_t u = 1; u < config.units; u += 1) {
    int32_t value = operand_get(operands, first + u);
    if (value > largest) {
      best = u;
      largest = value;
    }
  }
  return best;
}

static void count_categorical(uint32_t first) {
  statistics.correct += first_largest(buffers.activations, first) == first_largest(buffers.targets, first);
}

static bool above_half(int32_t value, uint32_t fraction) {
  return 2 * (int64_t)value > (int64_t)1 << fraction;
}

static void count_binary(int32_t a, int32_t y) {
  statistics.correct += above_half(a, config.activationFraction) == above_half(y, config.targetFraction);
}

/* Errors of the sample into z, loss and binary accuracy. */
static void take_difference(uint32_t u, int32_t a, int32_t y, int32_t difference) {
  statistics.lossSum += loss_of(buffers.v31[u], y, difference);
  if (config.accuracy == ACCURACY_BINARY) {
    count_binary(a, y);
  }
  buffers.z[u] = saturate32(round_shift((int64_t)difference * config.lossScale, 30), &statistics.saturatedError);
}

static void take_differences(uint32_t first) {
  for (uint32_t u = 0; u < config.units; u += 1) {
    int32_t a = operand_get(buffers.activations, first + u);
    int32_t y = operand_get(buffers.targets, first + u);
    take_difference(u, a, y, difference_of(a, y));
  }
}

/* What most classifiers have: differences of halfwords, cross-entropy with few targets that are not 0. */
static bool is_plain(void) {
  return !buffers.exact && config.loss == LOSS_CATEGORICAL_CROSSENTROPY && config.lossScale == 1u << 30 &&
         config.accuracy == ACCURACY_CATEGORICAL && config.activationFraction >= config.targetFraction &&
         config.activationFraction <= 15;
}

static void take_plain_differences(uint32_t first) {
  const int16_t *a = (const int16_t *)buffers.activations + first;
  const int16_t *y = (const int16_t *)buffers.targets + first;
  uint32_t align = config.activationFraction - config.targetFraction;
  uint32_t raise = DIFFERENCE_FRACTION - config.activationFraction;
  for (uint32_t u = 0; u < config.units; u += 1) {
    int32_t target = y[u];
    if (target != 0) {
      statistics.lossSum -= weighted_logarithm(target, buffers.v31[u]);
    }
    buffers.z[u] = raised32(a[u] - (target << align), raise, &statistics.saturatedError);
  }
}

void output_sample(uint32_t sample) {
  uint32_t first = sample * buffers.units;
  if (is_plain()) {
    take_plain_differences(first);
  } else {
    take_differences(first);
  }
  if (config.accuracy == ACCURACY_CATEGORICAL) {
    count_categorical(first);
  }
  if (!batch.trains) {
    return;
  }
  if (config.loss == LOSS_MEAN_SQUARED_ERROR) {
    derivative(sample);
    return;
  }
  int32_t shift = DIFFERENCE_FRACTION - (int32_t)config.deltaFraction;
  for (uint32_t u = 0; u < config.units; u += 1) {
    buffers.z[u] = operand_round32(buffers.z[u], shift, &statistics.saturatedDelta);
  }
}

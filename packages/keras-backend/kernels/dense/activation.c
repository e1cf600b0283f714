/* Activations and their derivatives. */
#include "dense.h"

static int32_t activation_operand(uint32_t v31) {
  return operand_round32((int32_t)v31, 31 - (int32_t)config.activationFraction, &statistics.saturatedActivation);
}

/* linear and relu: the pre-activation itself, not below `lowest`. */
static void activate_unbounded(uint32_t first, int32_t lowest) {
  int32_t shift = (int32_t)config.zFraction - (int32_t)config.activationFraction;
  for (uint32_t u = 0; u < config.units; u += 1) {
    int32_t z = buffers.z[u] > lowest ? buffers.z[u] : lowest;
    operand_put(buffers.activations, first + u, operand_round32(z, shift, &statistics.saturatedActivation));
  }
}

static int32_t tanh_operand(int32_t z) {
  int32_t magnitude = activation_operand(tanh31_magnitude(z, config.zFraction));
  return z < 0 ? -magnitude : magnitude;
}

static void activate_softmax(uint32_t first) {
  softmax31(buffers.z, buffers.v31, config.units, config.zFraction);
  for (uint32_t u = 0; u < config.units; u += 1) {
    operand_put(buffers.activations, first + u, activation_operand(buffers.v31[u]));
  }
}

static void activate_bounded(uint32_t first) {
  for (uint32_t u = 0; u < config.units; u += 1) {
    int32_t z = buffers.z[u];
    if (config.activation == ACTIVATION_SIGMOID) {
      buffers.v31[u] = sigmoid31(z, config.zFraction);
    }
    int32_t operand = config.activation == ACTIVATION_TANH ? tanh_operand(z) : activation_operand(buffers.v31[u]);
    operand_put(buffers.activations, first + u, operand);
  }
}

void activate(uint32_t sample) {
  uint32_t first = sample * buffers.units;
  if (config.activation == ACTIVATION_LINEAR) {
    activate_unbounded(first, INT32_MIN);
  } else if (config.activation == ACTIVATION_RELU) {
    activate_unbounded(first, 0);
  } else if (config.activation == ACTIVATION_SOFTMAX) {
    activate_softmax(first);
  } else {
    activate_bounded(first);
  }
}

/* The stored operand on the 1.31 scale; its magnitude. */
static uint32_t activation31(int32_t a) {
  uint32_t magnitude = a < 0 ? 0u - (uint32_t)a : (uint32_t)a;
  return magnitude << (31 - config.activationFraction);
}

static int32_t delta_of(int64_t value, int32_t shift) {
  return operand_round(value, shift, &statistics.saturatedDelta);
}

static int32_t error_shift(void) {
  return (int32_t)(config.errorFraction - config.deltaFraction);
}

static uint32_t rounded31(uint64_t product) {
  return (uint32_t)((product + (1u << 30)) >> 31);
}

/* Slope of sigmoid or tanh, fraction 31, from the activation. */
static uint32_t slope_of(uint32_t a31) {
  if (config.activation == ACTIVATION_SIGMOID) {
    return rounded31((uint64_t)a31 * (ONE31 - a31));
  }
  return ONE31 - rounded31((uint64_t)a31 * a31);
}

static void derivative_bounded(uint32_t first) {
  int32_t shift = 31 + error_shift();
  for (uint32_t u = 0; u < config.units; u += 1) {
    uint32_t slope = slope_of(activation31(operand_get(buffers.activations, first + u)));
    buffers.z[u] = delta_of((int64_t)buffers.z[u] * slope, shift);
  }
}

static void derivative_unbounded(uint32_t first) {
  int32_t shift = error_shift();
  bool relu = config.activation == ACTIVATION_RELU;
  for (uint32_t u = 0; u < config.units; u += 1) {
    bool flat = relu && operand_get(buffers.activations, first + u) <= 0;
    buffers.z[u] = flat ? 0 : operand_round32(buffers.z[u], shift, &statistics.saturatedDelta);
  }
}

static void derivative_softmax(uint32_t first) {
  int32_t shift = error_shift();
  int64_t dot = 0;
  for (uint32_t u = 0; u < config.units; u += 1) {
    dot += (int64_t)buffers.z[u] * activation31(operand_get(buffers.activations, first + u));
  }
  int32_t mean = saturate32(round_shift(dot, 31), &statistics.saturatedError);
  for (uint32_t u = 0; u < config.units; u += 1) {
    int32_t error = saturate32((int64_t)buffers.z[u] - mean, &statistics.saturatedError);
    buffers.z[u] = delta_of((int64_t)error * activation31(operand_get(buffers.activations, first + u)), 31 + shift);
  }
}

void derivative(uint32_t sample) {
  uint32_t first = sample * buffers.units;
  if (config.activation == ACTIVATION_SOFTMAX) {
    derivative_softmax(first);
  } else if (config.activation == ACTIVATION_SIGMOID || config.activation == ACTIVATION_TANH) {
    derivative_bounded(first);
  } else {
    derivative_unbounded(first);
  }
}

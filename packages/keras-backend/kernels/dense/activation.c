/* Activations and their derivatives. */
#include "dense.h"

static int32_t activation_operand(uint32_t v31) {
  return operand_saturate(round_shift(v31, 31 - (int32_t)config.activationFraction), &statistics.saturatedActivation);
}

static int32_t from_z(int32_t z) {
  int32_t shift = (int32_t)config.zFraction - (int32_t)config.activationFraction;
  return operand_saturate(round_shift(z, shift), &statistics.saturatedActivation);
}

static int32_t activate_unit(uint32_t u) {
  int32_t z = buffers.z[u];
  switch (config.activation) {
    case ACTIVATION_LINEAR:
      return from_z(z);
    case ACTIVATION_RELU:
      return from_z(z > 0 ? z : 0);
    case ACTIVATION_SIGMOID:
      buffers.v31[u] = sigmoid31(z, config.zFraction);
      return activation_operand(buffers.v31[u]);
    case ACTIVATION_TANH: {
      int32_t magnitude = activation_operand(tanh31_magnitude(z, config.zFraction));
      return z < 0 ? -magnitude : magnitude;
    }
    default: /* softmax: v31 of the whole layer is there already */
      return activation_operand(buffers.v31[u]);
  }
}

void activate(uint32_t sample) {
  if (config.activation == ACTIVATION_SOFTMAX) {
    softmax31(buffers.z, buffers.v31, config.units, config.zFraction);
  }
  for (uint32_t u = 0; u < config.units; u += 1) {
    operand_put(buffers.activations, sample * buffers.units + u, activate_unit(u));
  }
}

/* The stored operand on the 1.31 scale; its magnitude. */
static uint32_t activation31(int32_t a) {
  uint32_t magnitude = a < 0 ? 0u - (uint32_t)a : (uint32_t)a;
  return magnitude << (31 - config.activationFraction);
}

static int32_t delta_of(int64_t value, int32_t shift) {
  return operand_saturate(round_shift(value, shift), &statistics.saturatedDelta);
}

static int32_t derivative_unit(int32_t g, int32_t a) {
  int32_t shift = (int32_t)(config.errorFraction - config.deltaFraction);
  uint32_t a31 = activation31(a);
  switch (config.activation) {
    case ACTIVATION_RELU:
      return a > 0 ? delta_of(g, shift) : 0;
    case ACTIVATION_SIGMOID: {
      uint32_t slope = (uint32_t)(((uint64_t)a31 * (ONE31 - a31) + (1u << 30)) >> 31);
      return delta_of((int64_t)g * slope, 31 + shift);
    }
    case ACTIVATION_TANH: {
      uint32_t slope = ONE31 - (uint32_t)(((uint64_t)a31 * a31 + (1u << 30)) >> 31);
      return delta_of((int64_t)g * slope, 31 + shift);
    }
    default:
      return delta_of(g, shift);
  }
}

static void derivative_softmax(uint32_t first) {
  int32_t shift = (int32_t)(config.errorFraction - config.deltaFraction);
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
    return;
  }
  for (uint32_t u = 0; u < config.units; u += 1) {
    buffers.z[u] = derivative_unit(buffers.z[u], operand_get(buffers.activations, first + u));
  }
}

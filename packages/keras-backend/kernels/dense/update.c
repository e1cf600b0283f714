/* End of a batch: the gradient of each weight goes straight into the update of that weight. */
#include "dense.h"

FastUpdate fast_update_parameters;

/* scaled() shifts by these: fraction of the gradient plus exponent, minus the fraction of the master. */
static bool shift_in_range(uint32_t shift) {
  return shift >= 1 && shift <= 95;
}

/* sign: 1 to update, -1 to take an update back in which nothing was clamped. */
static void update_weight(int32_t *master, int64_t gradient, uint32_t shift, int32_t sign) {
  int32_t step = scaled(gradient, (int32_t)receive_table.control[CONTROL_MANTISSA], shift, &statistics.saturatedWeight);
  *master = saturate32(*master - (int64_t)sign * step, &statistics.saturatedWeight);
}

static uint32_t operand_of(int32_t master) {
  int32_t shift = 27 - (int32_t)config.weightFraction;
  return (uint16_t)saturate16(round_shift(master, shift), &statistics.saturatedOperand);
}

static void refresh_block(const int32_t master[4], uint32_t operand[2]) {
  operand[0] = operand_of(master[0]) | operand_of(master[1]) << 16;
  operand[1] = operand_of(master[2]) | operand_of(master[3]) << 16;
}

void refresh_operands(void) {
  if (buffers.exact) {
    return;
  }
  uint32_t blocks = buffers.rowPairs * buffers.columnPairs;
  for (uint32_t block = 0; block < blocks; block += 1) {
    refresh_block(buffers.master + 4 * block, buffers.operand + 2 * block);
  }
}

static uint32_t update_shift(void) {
  return config.inputFraction + config.deltaFraction + receive_table.control[CONTROL_EXPONENT] - 27;
}

void fast_update_saturated(const int32_t gradient[4], int32_t master[4], uint32_t operand[2]) {
  for (uint32_t i = 0; i < 4; i += 1) {
    update_weight(&master[i], gradient[i], update_shift(), 1);
  }
  refresh_block(master, operand);
}

static const uint32_t *fast_deltas(uint32_t pair) {
  return (const uint32_t *)buffers.deltas + 2 * (pair / 2) * buffers.samples;
}

static void update_fast(uint32_t shift) {
  FastUpdate *u = &fast_update_parameters;
  u->inputBytes = 4 * buffers.columnPairs;
  u->samples = batch.samples;
  u->mantissa = receive_table.control[CONTROL_MANTISSA];
  u->shift = shift - 32;
  u->round = 1u << (shift - 33);
  u->operandShift = 27 - config.weightFraction;
  for (uint32_t pair = 0; pair < buffers.rowPairs; pair += 2) {
    uint32_t block = pair * buffers.columnPairs;
    u->inputs = buffers.inputs;
    u->deltas = fast_deltas(pair);
    u->columnPairs = buffers.columnPairs;
    u->master = buffers.master + 4 * block;
    u->operand = buffers.operand + 2 * block;
    if (pair + 1 < buffers.rowPairs) {
      u->masterNext = u->master + 4 * buffers.columnPairs;
      u->operandNext = u->operand + 2 * buffers.columnPairs;
      fast_update4();
    } else {
      fast_update2();
    }
  }
}

/* Gradient of two rows and two columns: 32-bit sums over 32 samples at a time, added in 64 bit. */
static void gradient_of_groups(uint32_t pair, uint32_t column, int64_t gradient[4]) {
  uint32_t stride = 4 * buffers.columnPairs;
  const uint8_t *inputs = (const uint8_t *)buffers.inputs + 4 * column;
  const uint32_t *deltas = fast_deltas(pair) + (pair & 1);
  gradient[0] = gradient[1] = gradient[2] = gradient[3] = 0;
  for (uint32_t s = 0; s < batch.samples; s += UPDATE_SAMPLES_MAXIMUM) {
    uint32_t left = batch.samples - s;
    int32_t group[4];
    fast_gradient(inputs + s * stride, deltas + 2 * s, stride,
                  left < UPDATE_SAMPLES_MAXIMUM ? left : UPDATE_SAMPLES_MAXIMUM, group);
    for (uint32_t i = 0; i < 4; i += 1) {
      gradient[i] += group[i];
    }
  }
}

static void gradient_exact(uint32_t pair, uint32_t column, int64_t gradient[4]) {
  const int32_t *x = (const int32_t *)buffers.inputs + 2 * column;
  const int32_t *d = (const int32_t *)buffers.deltas + 2 * pair;
  int64_t g00 = 0;
  int64_t g01 = 0;
  int64_t g10 = 0;
  int64_t g11 = 0;
  for (uint32_t s = batch.samples; s > 0; s -= 1, x += 2 * buffers.columnPairs, d += 2 * buffers.rowPairs) {
    g00 += (int64_t)d[0] * x[0];
    g01 += (int64_t)d[0] * x[1];
    g10 += (int64_t)d[1] * x[0];
    g11 += (int64_t)d[1] * x[1];
  }
  gradient[0] = g00;
  gradient[1] = g01;
  gradient[2] = g10;
  gradient[3] = g11;
}

static void update_block(uint32_t pair, uint32_t column, uint32_t shift, int32_t sign) {
  uint32_t block = pair * buffers.columnPairs + column;
  int32_t *master = buffers.master + 4 * block;
  int64_t gradient[4];
  if (buffers.exact) {
    gradient_exact(pair, column, gradient);
  } else {
    gradient_of_groups(pair, column, gradient);
  }
  for (uint32_t i = 0; i < 4; i += 1) {
    update_weight(&master[i], gradient[i], shift, sign);
  }
  if (!buffers.exact) {
    refresh_block(master, buffers.operand + 2 * block);
  }
}

static bool fits_fast_update(uint32_t shift) {
  return !buffers.exact && batch.samples <= UPDATE_SAMPLES_MAXIMUM && shift >= UPDATE_SHIFT_MINIMUM &&
         shift <= UPDATE_SHIFT_MAXIMUM;
}

static void update_blocks(uint32_t shift, int32_t sign) {
  for (uint32_t pair = 0; pair < buffers.rowPairs; pair += 1) {
    for (uint32_t column = 0; column < buffers.columnPairs; column += 1) {
      update_block(pair, column, shift, sign);
    }
  }
}

bool tile_update(void) {
  uint32_t shift = update_shift();
  if (!shift_in_range(shift)) {
    return false;
  }
  if (fits_fast_update(shift)) {
    update_fast(shift);
  } else {
    update_blocks(shift, 1);
  }
  return true;
}

void refresh_bias(void) {
  int32_t shift = 27 - (int32_t)(config.inputFraction + config.weightFraction);
  for (uint32_t u = 0; u < config.units; u += 1) {
    int64_t operand = round_shift(buffers.bias[u], shift);
    buffers.biasOperand[u] = buffers.exact ? operand : saturate32(operand, &statistics.saturatedOperand);
  }
}

static uint32_t bias_shift(void) {
  return config.deltaFraction + receive_table.control[CONTROL_EXPONENT] - 27;
}

static void update_biases(uint32_t shift, int32_t sign) {
  int32_t mantissa = (int32_t)receive_table.control[CONTROL_MANTISSA];
  for (uint32_t u = 0; u < config.units; u += 1) {
    int32_t step = scaled(buffers.biasGradient[u], mantissa, shift, &statistics.saturatedBias);
    buffers.bias[u] = saturate32(buffers.bias[u] - (int64_t)sign * step, &statistics.saturatedBias);
  }
  refresh_bias();
}

void clear_bias_gradient(void) {
  for (uint32_t u = 0; u < buffers.units; u += 1) {
    buffers.biasGradient[u] = 0;
  }
}

bool head_update(void) {
  if (!has_role(ROLE_TRAINS_BIAS)) {
    return true;
  }
  uint32_t shift = bias_shift();
  if (!shift_in_range(shift)) {
    return false;
  }
  update_biases(shift, 1);
  return true;
}

void undo_update(void) {
  if (has_role(ROLE_TILE)) {
    update_blocks(update_shift(), -1);
  }
  if (has_role(ROLE_HEAD) && has_role(ROLE_TRAINS_BIAS)) {
    update_biases(bias_shift(), -1);
  }
}

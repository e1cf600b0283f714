/* A head adds up what its units receive: partial sums into activations, back sums into deltas. */
#include "dense.h"

static const int64_t NO_BIAS;

/* Takes the sums of a sample, each with what `bias` has at a stride of 0 or 1, leaves 0 for the next ones that use their
 * places, and rounds them into z. */
static void take_exact(uint32_t s, const int64_t *bias, uint32_t stride, int32_t shift, uint32_t *count) {
  int64_t *sum = (int64_t *)buffers.sums + s;
  for (uint32_t u = 0; u < config.units; u += 1, sum += buffers.sampleSlots, bias += stride) {
    int64_t value = *sum + *bias;
    *sum = 0;
    buffers.z[u] = saturate32(round_shift(value, shift), count);
  }
}

/* The same in wrapping 32 bit. */
static void take_fast(uint32_t s, const int64_t *bias, uint32_t stride, int32_t shift, uint32_t *count) {
  uint32_t *sum = (uint32_t *)buffers.sums + s;
  for (uint32_t u = 0; u < config.units; u += 1, sum += buffers.sampleSlots, bias += stride) {
    int32_t value = (int32_t)(*sum + (uint32_t)*bias);
    *sum = 0;
    buffers.z[u] = rounded32(value, shift, count);
  }
}

static void take_preactivations(uint32_t s) {
  int32_t shift = (int32_t)(config.inputFraction + config.weightFraction - config.zFraction);
  (buffers.exact ? take_exact : take_fast)(s, buffers.biasOperand, 1, shift, &statistics.saturatedZ);
}

static void take_errors(uint32_t s) {
  int32_t shift = (int32_t)(config.backFraction - config.errorFraction);
  (buffers.exact ? take_exact : take_fast)(s, &NO_BIAS, 0, shift, &statistics.saturatedError);
}

static void send_activations(uint32_t s) {
  uint32_t first = s * buffers.units;
  if (buffers.exact) {
    for (uint32_t u = 0; u < config.units; u += 1) {
      uint32_t unit = config.unit0 + u;
      send_packet(config.activationOutKey + ((unit << config.sampleBits) | s),
                  ((const uint32_t *)buffers.activations)[first + u]);
    }
    return;
  }
  for (uint32_t u = 0; u < config.units; u += 2) {
    uint32_t pair = (config.unit0 + u) / 2;
    send_packet(config.activationOutKey + ((pair << config.sampleBits) | s),
                ((const uint32_t *)buffers.activations)[(first + u) / 2]);
  }
}

/* Puts the deltas of a pair of units where this core's tile multiplies them. */
static void keep_deltas(uint32_t u, uint32_t s) {
  uint32_t row = config.unit0 + u - config.row0;
  if (!has_role(ROLE_LOCAL_HEAD) || row >= config.rows) {
    return;
  }
  if (buffers.exact) {
    int32_t *deltas = (int32_t *)buffers.deltas + 2 * s * buffers.rowPairs + row;
    deltas[0] = buffers.z[u];
    deltas[1] = buffers.z[u + 1];
    return;
  }
  uint32_t *deltas = (uint32_t *)buffers.deltas + 2 * ((row / 4) * buffers.samples + s) + ((row / 2) & 1);
  *deltas = (uint16_t)buffers.z[u] | (uint32_t)buffers.z[u + 1] << 16;
}

static void send_deltas(uint32_t u, uint32_t s) {
  uint32_t unit = config.unit0 + u;
  if (config.deltaOutKey == 0) {
    return;
  }
  if (!buffers.exact) {
    send_packet(config.deltaOutKey + (((unit / 2) << config.sampleBits) | s),
                (uint16_t)buffers.z[u] | (uint32_t)buffers.z[u + 1] << 16);
    return;
  }
  send_packet(config.deltaOutKey + ((unit << config.sampleBits) | s), (uint32_t)buffers.z[u]);
  if (u + 1 < config.units) {
    send_packet(config.deltaOutKey + (((unit + 1) << config.sampleBits) | s), (uint32_t)buffers.z[u + 1]);
  }
}

/* Deltas of sample s are in z. */
static void emit_deltas(uint32_t s) {
  if (config.units < buffers.units) {
    buffers.z[config.units] = 0;
  }
  for (uint32_t u = 0; u < buffers.units; u += 2) {
    buffers.biasGradient[u] += buffers.z[u];
    buffers.biasGradient[u + 1] += buffers.z[u + 1];
    keep_deltas(u, s);
    send_deltas(u, s);
  }
  batch.errorNext += 1;
}

static bool wants_targets(void) {
  return config.targetsAddress[batch.slot] != 0;
}

static bool sums_present(uint32_t s) {
  if (has_role(ROLE_LOCAL_HEAD) && batch.forwardNext <= s) {
    return false;
  }
  if (has_role(ROLE_OUTPUT_LAYER) && wants_targets() && batch.targetsReady <= s) {
    return false;
  }
  return buffers.sumCounts[s] == config.partialsExpected;
}

static void keep_outputs(uint32_t s) {
  uint32_t address = config.outputsAddress[batch.slot];
  if (!(receive_table.control[CONTROL_FLAGS] & RUN_FLAG_KEEP_OUTPUTS) || address == 0) {
    return;
  }
  uint32_t *target = (uint32_t *)(address + buffers.sampleNumbers[s] * config.outputsRowBytes[batch.slot]);
  uint32_t words = buffers.exact ? buffers.units : buffers.units / 2;
  const uint32_t *source = (const uint32_t *)buffers.activations + s * words;
  for (uint32_t word = 0; word < words; word += 1) {
    target[word] = source[word];
  }
}

bool head_forward(void) {
  uint32_t s = batch.headNext;
  if (s >= batch.samples || !sums_present(s)) {
    return false;
  }
  phase_begin(PHASE_ACTIVATE);
  buffers.sumCounts[s] = 0;
  take_preactivations(s);
  activate(s);
  batch.headNext = s + 1;
  if (!has_role(ROLE_OUTPUT_LAYER)) {
    send_activations(s);
    return true;
  }
  keep_outputs(s);
  if (wants_targets()) {
    output_sample(s);
  }
  if (batch.trains) {
    emit_deltas(s);
  }
  return true;
}

bool head_back(void) {
  uint32_t s = batch.errorNext;
  if (!batch.trains || has_role(ROLE_OUTPUT_LAYER) || s >= batch.headNext ||
      buffers.sumCounts[s] != config.backsExpected) {
    return false;
  }
  phase_begin(PHASE_DELTA);
  buffers.sumCounts[s] = 0;
  take_errors(s);
  derivative(s);
  emit_deltas(s);
  return true;
}

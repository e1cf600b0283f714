/* A tile multiplies its block of weights: forward into partial sums, backward into back sums. */
#include "dense.h"

/* exact.S */
void exact_forward(const int32_t *inputs, const int32_t *master, uint32_t columnPairs, int64_t sums[2]);

static uint32_t smaller(uint32_t a, uint32_t b) {
  return a < b ? a : b;
}

static bool inputs_present(uint32_t s) {
  if (has_role(ROLE_FIRST_LAYER)) {
    return batch.inputsReady > s;
  }
  return buffers.activationCounts[s] == config.activationsExpected;
}

/* Low word and high word. */
static void send_exact(uint32_t base, uint32_t offset, int64_t sum) {
  send_packet(base + (offset << 1), (uint32_t)sum);
  send_packet(base + (offset << 1) + 1, (uint32_t)((uint64_t)sum >> 32));
}

static bool head_is_here(void) {
  return has_role(ROLE_LOCAL_HEAD);
}

/* Index of the sum of a row among those of the head on this core. */
static uint32_t local_sum(uint32_t row, uint32_t s) {
  return ((config.row0 + row - config.unit0) << config.sampleBits) + s;
}

static uint32_t partial_offset(uint32_t row, uint32_t s) {
  uint32_t unit = config.row0 + row;
  return (((config.columnBlock << config.unitBits) | unit) << config.sampleBits) | s;
}

/* Sums of a pair of rows go to the head on this core, to which packets for the same sums may come in at any time. */
static void add_fast(uint32_t row, uint32_t s, uint32_t samples, const int32_t sums[4]) {
  uint32_t *even = (uint32_t *)buffers.sums + local_sum(row, s);
  uint32_t *odd = even + buffers.sampleSlots;
  uint32_t previous = interrupts_disable();
  even[0] += (uint32_t)sums[0];
  odd[0] += (uint32_t)sums[1];
  if (samples == 2) {
    even[1] += (uint32_t)sums[2];
    odd[1] += (uint32_t)sums[3];
  }
  interrupts_restore(previous);
}

/* Sums of a pair of units, whose keys begin at `even`; the second one may not be there. */
static void send_fast(uint32_t even, uint32_t units, uint32_t samples, const int32_t sums[4]) {
  if (samples == 2 && units == 2) {
    send_square(even, buffers.sampleSlots, sums);
    return;
  }
  for (uint32_t i = 0; i < samples; i += 1) {
    for (uint32_t unit = 0; unit < units; unit += 1) {
      send_packet(even + unit * buffers.sampleSlots + i, (uint32_t)sums[2 * i + unit]);
    }
  }
}

static void forward_fast(uint32_t s, uint32_t samples) {
  uint32_t stride = 4 * buffers.columnPairs;
  const uint8_t *first = (const uint8_t *)buffers.inputs + s * stride;
  const uint32_t *weights = buffers.operand;
  bool here = head_is_here();
  for (uint32_t row = 0; row < config.rows; row += 2, weights += 2 * buffers.columnPairs) {
    int32_t sums[4];
    fast_forward(first, first + stride, weights, buffers.columnPairs, sums);
    if (here) {
      add_fast(row, s, samples, sums);
    } else {
      send_fast(config.partialOutKey + partial_offset(row, s), smaller(2, config.rows - row), samples, sums);
    }
  }
}

static void deliver_exact(uint32_t row, uint32_t s, int64_t sum) {
  if (row >= config.rows) {
    return;
  }
  if (!head_is_here()) {
    send_exact(config.partialOutKey, partial_offset(row, s), sum);
    return;
  }
  uint32_t previous = interrupts_disable();
  ((int64_t *)buffers.sums)[local_sum(row, s)] += sum;
  interrupts_restore(previous);
}

static void forward_exact(uint32_t s) {
  const int32_t *inputs = (const int32_t *)buffers.inputs + 2 * s * buffers.columnPairs;
  for (uint32_t pair = 0; pair < buffers.rowPairs; pair += 1) {
    int64_t sums[2];
    exact_forward(inputs, buffers.master + 4 * pair * buffers.columnPairs, buffers.columnPairs, sums);
    deliver_exact(2 * pair, s, sums[0]);
    deliver_exact(2 * pair + 1, s, sums[1]);
  }
}

bool tile_forward(void) {
  uint32_t s = batch.forwardNext;
  uint32_t samples = smaller(2, batch.samples - s);
  if (samples == 0 || !inputs_present(s) || !inputs_present(s + samples - 1)) {
    return false;
  }
  phase_begin(PHASE_FORWARD);
  if (buffers.exact) {
    forward_exact(s);
    if (samples == 2) {
      forward_exact(s + 1);
    }
  } else {
    forward_fast(s, samples);
  }
  batch.forwardNext = s + samples;
  return true;
}

void tile_count_deltas(void) {
  uint32_t s = batch.deltaNext;
  if (has_role(ROLE_LOCAL_HEAD)) {
    s = batch.errorNext;
  } else {
    while (s < batch.samples && buffers.deltaCounts[s] == config.deltasExpected) {
      s += 1;
    }
  }
  batch.deltaNext = s;
}

static uint32_t back_offset(uint32_t column, uint32_t s) {
  uint32_t unit = config.column0 + column;
  return (((config.rowBlock << config.unitBitsBelow) | unit) << config.sampleBits) | s;
}

static void back_fast(uint32_t s, uint32_t samples) {
  const uint32_t *deltas = (const uint32_t *)buffers.deltas + 2 * s;
  uint32_t groups = (buffers.rowPairs + 1) / 2;
  uint32_t key = config.backOutKey + back_offset(0, s);
  for (uint32_t column = 0; column < config.columns; column += 2, key += 2 * buffers.sampleSlots) {
    int32_t sums[4];
    fast_back(buffers.operand + column, deltas, groups, 8 * buffers.columnPairs, 8 * buffers.samples, sums);
    send_fast(key, smaller(2, config.columns - column), samples, sums);
  }
}

static void back_exact(uint32_t s) {
  const int32_t *deltas = (const int32_t *)buffers.deltas + 2 * s * buffers.rowPairs;
  for (uint32_t column = 0; column < buffers.columnPairs; column += 1) {
    const int32_t *w = buffers.master + 4 * column;
    int64_t even = 0;
    int64_t odd = 0;
    for (uint32_t pair = 0; pair < buffers.rowPairs; pair += 1, w += 4 * buffers.columnPairs) {
      even += (int64_t)w[0] * deltas[2 * pair];
      even += (int64_t)w[2] * deltas[2 * pair + 1];
      odd += (int64_t)w[1] * deltas[2 * pair];
      odd += (int64_t)w[3] * deltas[2 * pair + 1];
    }
    send_exact(config.backOutKey, back_offset(2 * column, s), even);
    if (2 * column + 1 < config.columns) {
      send_exact(config.backOutKey, back_offset(2 * column + 1, s), odd);
    }
  }
}

bool tile_back(void) {
  uint32_t s = batch.backNext;
  uint32_t samples = smaller(2, batch.samples - s);
  if (!batch.trains || !has_role(ROLE_SENDS_BACK) || samples == 0 || batch.deltaNext < s + samples) {
    return false;
  }
  phase_begin(PHASE_BACK);
  if (buffers.exact) {
    back_exact(s);
    if (samples == 2) {
      back_exact(s + 1);
    }
  } else {
    back_fast(s, samples);
  }
  batch.backNext = s + samples;
  return true;
}

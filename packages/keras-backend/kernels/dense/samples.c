/* Fetches the inputs of a first-layer tile and the targets of an output head, sample by sample. */
#include "dense.h"

static struct {
  uint32_t sample;
  bool target; /* what is on its way: the target of the sample, or its inputs */
} transfer;

static bool wants_inputs(void) {
  return has_role(ROLE_FIRST_LAYER);
}

static bool wants_targets(void) {
  return has_role(ROLE_OUTPUT_LAYER) && config.targetsAddress[batch.slot] != 0;
}

static void fetch_inputs(uint32_t s) {
  uint32_t bytes = (buffers.exact ? 8 : 4) * buffers.columnPairs;
  uint32_t source = config.inputsAddress[batch.slot] + buffers.sampleNumbers[s] * config.inputsRowBytes[batch.slot];
  dma_read((uint8_t *)buffers.inputs + s * bytes, source, bytes);
}

static void fetch_target(uint32_t s) {
  uint32_t bytes = (buffers.exact ? 4 : 2) * buffers.units;
  uint32_t source = config.targetsAddress[batch.slot] + buffers.sampleNumbers[s] * config.targetsRowBytes[batch.slot];
  dma_read((uint8_t *)buffers.targets + s * bytes, source, bytes);
}

static void start_transfer(void) {
  if (transfer.sample >= batch.samples) {
    return;
  }
  if (transfer.target) {
    fetch_target(transfer.sample);
  } else {
    fetch_inputs(transfer.sample);
  }
}

static void transfer_finished(void) {
  if (transfer.target) {
    batch.targetsReady += 1;
  } else {
    batch.inputsReady += 1;
  }
  bool targetNext = !transfer.target && wants_targets();
  if (!targetNext) {
    transfer.sample += 1;
  }
  transfer.target = targetNext || !wants_inputs();
  start_transfer();
}

void samples_stop(void) {
  transfer.sample = batch.samples;
}

void samples_fetch(void) {
  dma_finished = transfer_finished;
  transfer.sample = 0;
  transfer.target = !wants_inputs();
  if (wants_inputs() || wants_targets()) {
    start_transfer();
  }
}

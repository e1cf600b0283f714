/* One batch: whatever can be done next, until everything is done. */
#include "dense.h"

Batch batch;

void report_done(uint32_t status) {
  send_later(config.doneKey + config.coreIndex, status, config.doneDelay);
}

static void finish(uint32_t status) {
  batch.active = false;
  statistics.lastBatch = receive_table.control[CONTROL_GO];
  report_done(status);
}

/* Sample numbers of the batch, in the order of shuffledIndex or of the data. */
static void number_samples(uint32_t flags) {
  uint32_t position = receive_table.control[CONTROL_POSITION];
  uint32_t epoch = receive_table.control[CONTROL_EPOCH_SAMPLES];
  uint32_t seed = receive_table.control[CONTROL_SEED];
  for (uint32_t s = 0; s < batch.samples; s += 1) {
    uint32_t number = position + s;
    buffers.sampleNumbers[s] = flags & RUN_FLAG_SHUFFLE ? shuffled_index(number, epoch, seed) : number;
  }
}

static bool data_present(void) {
  if (batch.samples == 0 || batch.samples > config.batch || batch.slot > 1) {
    return false;
  }
  if (has_role(ROLE_FIRST_LAYER) && config.inputsAddress[batch.slot] == 0) {
    return false;
  }
  return !(batch.trains && has_role(ROLE_OUTPUT_LAYER) && config.targetsAddress[batch.slot] == 0);
}

void batch_begin(void) {
  uint32_t flags = receive_table.control[CONTROL_FLAGS];
  batch = (Batch){
      .active = true,
      .trains = (flags & RUN_FLAG_TRAIN) != 0,
      .samples = receive_table.control[CONTROL_SAMPLES],
      .slot = (flags >> RUN_FLAG_SLOT_SHIFT) & 0xff,
  };
  dma_errors = 0;
  if (!data_present()) {
    finish(DONE_BAD_BATCH);
    return;
  }
  if (has_role(ROLE_FIRST_LAYER | ROLE_OUTPUT_LAYER)) {
    number_samples(flags);
    samples_fetch();
  }
}

static bool complete(void) {
  uint32_t n = batch.samples;
  if (has_role(ROLE_TILE) && batch.forwardNext < n) {
    return false;
  }
  if (has_role(ROLE_HEAD) && batch.headNext < n) {
    return false;
  }
  if (!batch.trains) {
    return true;
  }
  if (has_role(ROLE_HEAD) && batch.errorNext < n) {
    return false;
  }
  if (has_role(ROLE_TILE) && batch.deltaNext < n) {
    return false;
  }
  return !has_role(ROLE_SENDS_BACK) || batch.backNext == n;
}

static void clear_counts(volatile uint32_t *counts) {
  for (uint32_t s = 0; s < batch.samples; s += 1) {
    counts[s] = 0;
  }
}

/* Everything must be ready for the next batch before this core says that it is done. */
static bool conclude(void) {
  if (!complete()) {
    return false;
  }
  uint32_t status = dma_errors != 0 ? DONE_DMA_ERROR : DONE_OK;
  if (batch.trains && status == DONE_OK) {
    bool updated = (!has_role(ROLE_TILE) || tile_update()) & (!has_role(ROLE_HEAD) || head_update());
    status = updated ? DONE_OK : DONE_BAD_SHIFT;
  }
  if (has_role(ROLE_TILE) && !has_role(ROLE_FIRST_LAYER)) {
    clear_counts(buffers.activationCounts);
  }
  if (has_role(ROLE_TILE) && !has_role(ROLE_LOCAL_HEAD)) {
    clear_counts(buffers.deltaCounts);
  }
  statistics.samples += batch.samples;
  statistics.batches += 1;
  finish(status);
  return true;
}

bool batch_step(void) {
  if (has_role(ROLE_HEAD) && (head_forward() || head_back())) {
    return true;
  }
  if (has_role(ROLE_TILE)) {
    tile_count_deltas();
    if (tile_back() || tile_forward()) {
      return true;
    }
  }
  return conclude();
}

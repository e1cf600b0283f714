/* One batch: whatever can be done next, until everything is done. */
#include "control.h"
#include "dense.h"

Batch batch;
static DenseStatistics before; /* the batch, for one that is given up */

void report_done(uint32_t operation, uint32_t attempt, uint32_t status) {
  uint32_t payload = (done_tag(operation, attempt) << 8) | status;
  send_later(config.doneKey + config.coreIndex, payload, config.doneDelay);
}

static void finish(uint32_t status) {
  batch.active = false;
  statistics.lastBatch = batch.attempt;
  report_done(0, batch.attempt, status);
}

/* What the sample numbers in memory belong to; a count of 0 to nothing. */
static struct {
  uint32_t position, count, epoch, seed;
  bool shuffled;
} numbered;

static bool is_numbered(uint32_t position, uint32_t count) {
  return numbered.position == position && numbered.count == count &&
         numbered.epoch == receive_table.control[CONTROL_EPOCH_SAMPLES] &&
         numbered.seed == receive_table.control[CONTROL_SEED] &&
         numbered.shuffled == ((receive_table.control[CONTROL_FLAGS] & RUN_FLAG_SHUFFLE) != 0);
}

/* Sample numbers of `count` positions, in the order of shuffledIndex or of the data. */
static void number_samples(uint32_t position, uint32_t count) {
  uint32_t epoch = receive_table.control[CONTROL_EPOCH_SAMPLES];
  uint32_t seed = receive_table.control[CONTROL_SEED];
  bool shuffled = (receive_table.control[CONTROL_FLAGS] & RUN_FLAG_SHUFFLE) != 0;
  for (uint32_t s = 0; s < count; s += 1) {
    buffers.sampleNumbers[s] = shuffled ? shuffled_index(position + s, epoch, seed) : position + s;
  }
  numbered.position = position;
  numbered.count = count;
  numbered.epoch = epoch;
  numbered.seed = seed;
  numbered.shuffled = shuffled;
}

static bool reads_samples(void) {
  return has_role(ROLE_FIRST_LAYER | ROLE_OUTPUT_LAYER);
}

/* While other cores are still at it, the samples that very likely come next get their numbers. */
static void number_next_samples(void) {
  uint32_t position = receive_table.control[CONTROL_POSITION] + batch.samples;
  uint32_t epoch = receive_table.control[CONTROL_EPOCH_SAMPLES];
  if (reads_samples() && position < epoch) {
    uint32_t left = epoch - position;
    number_samples(position, left < batch.samples ? left : batch.samples);
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
  uint32_t go = receive_table.control[CONTROL_GO];
  uint32_t flags = receive_table.control[CONTROL_FLAGS];
  statistics_begin();
  before = statistics;
  batch = (Batch){
      .active = true,
      .attempt = go >> 16,
      .trains = (flags & RUN_FLAG_TRAIN) != 0,
      .samples = receive_table.control[CONTROL_SAMPLES],
      .slot = (flags >> RUN_FLAG_SLOT_SHIFT) & 0xff,
  };
  dma_errors = 0;
  if ((go & 0xffff) != fields_check(receive_table.control)) {
    finish(DONE_STALE_FIELDS);
    return;
  }
  if (!data_present()) {
    finish(DONE_BAD_BATCH);
    return;
  }
  if (has_role(ROLE_HEAD) && batch.trains) {
    clear_bias_gradient();
  }
  if (reads_samples()) {
    uint32_t position = receive_table.control[CONTROL_POSITION];
    if (!is_numbered(position, batch.samples)) {
      number_samples(position, batch.samples);
    }
    samples_fetch();
  }
}

static bool tile_waits(Wait *wait) {
  uint32_t s = batch.forwardNext;
  if (s >= batch.samples) {
    return false;
  }
  if (has_role(ROLE_FIRST_LAYER)) {
    *wait = (Wait){PHASE_WAIT_FOR_DATA, s, 0, 0};
    return true;
  }
  while (s + 1 < batch.samples && buffers.activationCounts[s] == config.activationsExpected) {
    s += 1;
  }
  *wait = (Wait){PHASE_WAIT_FOR_ACTIVATIONS, s, buffers.activationCounts[s], config.activationsExpected};
  return true;
}

static bool head_waits(Wait *wait) {
  uint32_t s = batch.headNext;
  if (s < batch.samples) {
    bool summed = buffers.sumCounts[s] == config.partialsExpected;
    *wait = (Wait){summed ? PHASE_WAIT_FOR_DATA : PHASE_WAIT_FOR_PARTIALS, s, buffers.sumCounts[s],
                   config.partialsExpected};
    return true;
  }
  s = batch.errorNext;
  if (!batch.trains || s >= batch.samples) {
    return false;
  }
  *wait = (Wait){PHASE_WAIT_FOR_BACKS, s, buffers.sumCounts[s], config.backsExpected};
  return true;
}

Wait batch_waits(void) {
  Wait wait = {PHASE_WAIT_FOR_BATCH, 0, 0, 0};
  if (!batch.active || (has_role(ROLE_TILE) && tile_waits(&wait)) || (has_role(ROLE_HEAD) && head_waits(&wait))) {
    return wait;
  }
  uint32_t s = batch.deltaNext;
  return (Wait){PHASE_WAIT_FOR_DELTAS, s, buffers.deltaCounts[s], config.deltasExpected};
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
  return !has_role(ROLE_SENDS_BACK) || batch.backNext >= n;
}

static void clear_counts(volatile uint32_t *counts, uint32_t samples) {
  for (uint32_t s = 0; s < samples; s += 1) {
    counts[s] = 0;
  }
}

static void clear_operand_counts(uint32_t samples) {
  if (has_role(ROLE_TILE) && !has_role(ROLE_FIRST_LAYER)) {
    clear_counts(buffers.activationCounts, samples);
  }
  if (has_role(ROLE_TILE) && !has_role(ROLE_LOCAL_HEAD)) {
    clear_counts(buffers.deltaCounts, samples);
  }
}

/* Everything must be ready for the next batch before this core says that it is done. */
static bool conclude(void) {
  if (!complete()) {
    return false;
  }
  uint32_t status = dma_errors != 0 ? DONE_DMA_ERROR : DONE_OK;
  if (batch.trains && status == DONE_OK) {
    phase_begin(PHASE_UPDATE);
    batch.updated = true;
    bool updated = (!has_role(ROLE_TILE) || tile_update()) & (!has_role(ROLE_HEAD) || head_update());
    status = updated ? DONE_OK : DONE_BAD_SHIFT;
  }
  phase_begin(PHASE_OTHER);
  clear_operand_counts(batch.samples);
  statistics.samples += batch.samples;
  statistics.batches += 1;
  finish(status);
  number_next_samples();
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

static bool clamped_weights(void) {
  return statistics.saturatedWeight != before.saturatedWeight || statistics.saturatedBias != before.saturatedBias;
}

uint32_t batch_abort(uint32_t attempt) {
  send_flush();
  samples_stop();
  if (batch.attempt != attempt || batch.undone) {
    return DONE_OK;
  }
  if (batch.updated && clamped_weights()) {
    return DONE_CANNOT_UNDO;
  }
  if (batch.updated) {
    undo_update();
  }
  statistics = before;
  batch.active = false;
  batch.undone = true;
  return DONE_OK;
}

void batch_clear(void) {
  clear_operand_counts(buffers.sampleSlots);
  if (has_role(ROLE_HEAD)) {
    clear_counts(buffers.sumCounts, buffers.sampleSlots);
    clear_counts(buffers.sums, (buffers.exact ? 2 : 1) * buffers.units << config.sampleBits);
  }
  receive_table.pending[1] = 0;
}

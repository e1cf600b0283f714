/* Weights and statistics between DTCM and SDRAM. */
#include "dense.h"

/* Where row, column of the tile lies among the masters. */
static int32_t *master_at(uint32_t row, uint32_t column) {
  uint32_t block = (row / 2) * buffers.columnPairs + column / 2;
  return buffers.master + 4 * block + 2 * (row & 1) + (column & 1);
}

/* The host may have put the data elsewhere since the start. */
static void refresh_data_slots(void) {
  const DenseConfiguration *source = region(DENSE_REGION_CONFIGURATION);
  for (uint32_t slot = 0; slot < 2; slot += 1) {
    config.inputsAddress[slot] = source->inputsAddress[slot];
    config.inputsRowBytes[slot] = source->inputsRowBytes[slot];
    config.targetsAddress[slot] = source->targetsAddress[slot];
    config.targetsRowBytes[slot] = source->targetsRowBytes[slot];
    config.outputsAddress[slot] = source->outputsAddress[slot];
    config.outputsRowBytes[slot] = source->outputsRowBytes[slot];
  }
}

void load_weights(void) {
  refresh_data_slots();
  const int32_t *weights = region(DENSE_REGION_WEIGHTS);
  const int32_t *bias = region(DENSE_REGION_BIAS);
  if (has_role(ROLE_TILE) && weights != NULL) {
    for (uint32_t row = 0; row < config.rows; row += 1) {
      for (uint32_t column = 0; column < config.columns; column += 1) {
        *master_at(row, column) = *weights++;
      }
    }
    refresh_operands();
  }
  if (has_role(ROLE_HEAD) && bias != NULL) {
    for (uint32_t u = 0; u < config.units; u += 1) {
      buffers.bias[u] = bias[u];
    }
    refresh_bias();
  }
}

void store_weights(void) {
  int32_t *weights = region(DENSE_REGION_WEIGHTS);
  int32_t *bias = region(DENSE_REGION_BIAS);
  if (has_role(ROLE_TILE) && weights != NULL) {
    for (uint32_t row = 0; row < config.rows; row += 1) {
      for (uint32_t column = 0; column < config.columns; column += 1) {
        *weights++ = *master_at(row, column);
      }
    }
  }
  if (has_role(ROLE_HEAD) && bias != NULL) {
    for (uint32_t u = 0; u < config.units; u += 1) {
      bias[u] = buffers.bias[u];
    }
  }
}

static bool counting; /* since the first batch after the last report */

static void clear_statistics(void) {
  statistics = (DenseStatistics){
      .reports = statistics.reports,
      .arenaBytes = statistics.arenaBytes,
      .lastBatch = statistics.lastBatch,
      .packetsReceived = received_packets(), /* where the next report counts from */
  };
  receive_table.unexpected = 0;
  receive_table.ignored = 0;
  receive_table.late = 0;
  busy_cycles = 0;
  for (uint32_t phase = 0; phase < PHASES; phase += 1) {
    phase_cycles[phase] = 0;
  }
}

void statistics_begin(void) {
  if (!counting) {
    counting = true;
    clear_statistics();
  }
}

static void complete_statistics(void) {
  SendStatistics sends = send_report();
  Wait wait = batch_waits();
  statistics.bytes = sizeof statistics;
  statistics.reports += 1;
  statistics.busyCycles = busy_cycles;
  for (uint32_t phase = 0; phase < PHASES; phase += 1) {
    statistics.phaseCycles[phase] = phase_cycles[phase];
  }
  statistics.packetsReceived = received_packets() - statistics.packetsReceived;
  statistics.packetsSent = sends.sent;
  statistics.packetsUnexpected = receive_table.unexpected;
  statistics.packetsIgnored = receive_table.ignored;
  statistics.packetsLate = receive_table.late;
  statistics.sendQueueHighWater = sends.highWater;
  statistics.stackBytes = stack_used();
  statistics.running = batch.active;
  statistics.waitsFor = wait.phase;
  statistics.waitSample = wait.sample;
  statistics.waitPackets = wait.packets;
  statistics.waitExpected = wait.expected;
  statistics.forwardDone = batch.forwardNext;
  statistics.activatedDone = batch.headNext;
  statistics.errorsDone = batch.errorNext;
  statistics.deltasDone = batch.deltaNext;
  statistics.backsDone = batch.backNext;
}

/* Asked for again, since an answer was lost, it writes the same. */
void report_statistics(void) {
  DenseStatistics *target = region(DENSE_REGION_STATISTICS);
  if (counting) {
    counting = false;
    complete_statistics();
  }
  if (target != NULL) {
    *target = statistics;
  }
}

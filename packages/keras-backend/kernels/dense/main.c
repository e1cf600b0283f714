/* The program `dense`: a tile of a Dense layer, the head of some of its units, or both. */
#include "dense.h"

const char program_name[16] = "dense";
DenseConfiguration config;
DenseStatistics statistics;
ReceiveTable receive_table;

static void refuse(const char *reason) {
  print("dense: ");
  print(reason);
  print("\n");
  run_time_error(ERROR_SOFTWARE);
}

static void read_configuration(void) {
  const DenseConfiguration *source = region(DENSE_REGION_CONFIGURATION);
  if (source == NULL || source->bytes != sizeof config) {
    refuse("the configuration is missing or of another version");
  }
  config = *source;
  if (config.batch == 0 || config.batch > 1u << config.sampleBits) {
    refuse("the batch does not fit its sample bits");
  }
  if (config.sendGap < LIMIT_SEND_GAP || config.sendDelay < LIMIT_SEND_GAP) {
    refuse("the send gap or delay is too short");
  }
  if (config.backOutKey != 0 && config.backGap < LIMIT_SEND_GAP) {
    refuse("the gap of back sums is too short");
  }
  if (config.mode == MODE_FAST && config.weightFraction >= 27) {
    refuse("the weight fraction must be below 27 in fast mode");
  }
}

void program_start(void) {
  TIMER2_CONTROL = TIMER_OFF;
  TIMER2_LOAD = 0xffffffffu;
  TIMER2_CONTROL = TIMER_FREE_RUNNING;
  measures_busy_cycles = true;
  read_configuration();
  arena_setup();
  receive_setup(receive_table.classes);
  send_setup(config.sendGap, config.sendDelay);
  if (config.backOutKey != 0) {
    send_setup_class(config.backOutKey, config.backGap);
  }
  queue_phase = PHASE_WAIT_FOR_QUEUE;
  VIC_ENABLE = 1u << INTERRUPT_MULTICAST;
}

uint32_t program_events(void) {
  return receive_table.event;
}

void program_signal(uint32_t signal) {
  (void)signal;
}

static uint32_t operate(uint32_t operation, uint32_t attempt) {
  switch (operation) {
    case DENSE_REPORT:
      report_statistics();
      return DONE_OK;
    case DENSE_STORE_WEIGHTS:
      store_weights();
      return DONE_OK;
    case DENSE_LOAD_WEIGHTS:
      load_weights();
      return DONE_OK;
    case DENSE_ABORT:
      return batch_abort(attempt);
    case DENSE_CLEAR:
      batch_clear();
      return DONE_OK;
    default:
      return DONE_BAD_OPERATION;
  }
}

bool program_step(void) {
  phase_begin(PHASE_OTHER);
  if (receive_table.pending[0] != 0) {
    receive_table.pending[0] = 0;
    uint32_t payload = receive_table.control[CONTROL_OPERATION];
    uint32_t operation = payload & 15;
    uint32_t attempt = payload >> 16;
    report_done(operation, attempt, operate(operation, attempt));
    return true;
  }
  if (receive_table.pending[1] != 0) {
    receive_table.pending[1] = 0;
    batch_begin();
    return true;
  }
  if (batch.active && batch_step()) {
    return true;
  }
  rest_phase = batch_waits().phase;
  return false;
}

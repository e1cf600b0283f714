/* The program `sequencer`: runs batches by control packets, waits for every dense core, reports progress. */
#include "layouts.h"
#include "runtime.h"

const char program_name[16] = "sequencer";

#define DEFAULT_BUDGET_MS 2000u
/* How long cores get to report what they miss after a time-out. */
#define AFTERMATH_MS 5u

static SequencerConfiguration config;
static SequencerCommand command;
static SequencerProgress *progress;

/* The FIQ handler's table; receive.S knows the order. */
static volatile struct {
  uint32_t cores, done;
  uint8_t status[LIMIT_DENSE_CORES]; /* 0, or status of the done packet + 1 */
} reports;

static volatile uint32_t milliseconds; /* since the program started */
static uint32_t tick_cycles;
static volatile bool commanded;

static enum { IDLE, BATCH, REPORT, OPERATION, AFTERMATH } phase;
static uint32_t position, in_batch, batch_number, started_ms;
static uint64_t started_cycles;
static uint32_t sent_fields[CONTROL_EXPONENT + 1];
static bool sent_any;

__attribute__((interrupt("IRQ"))) static void tick_interrupt(void) {
  TIMER2_CLEAR = 0;
  milliseconds += 1;
  interrupt_events += 1;
  VIC_VECTOR = 0;
}

/* Core cycles since the program started. */
static uint64_t cycles(void) {
  uint32_t ticks, left;
  do {
    ticks = milliseconds;
    left = TIMER2_VALUE;
  } while (ticks != milliseconds);
  return (uint64_t)ticks * tick_cycles + (tick_cycles - left);
}

/* Ticks only while something runs: an idle sequencer sleeps. */
static void clock_run(bool run) {
  TIMER2_CONTROL = run ? TIMER_PERIODIC_INTERRUPT : TIMER_OFF;
}

void program_start(void) {
  const SequencerConfiguration *source = region(SEQUENCER_REGION_CONFIGURATION);
  progress = region(SEQUENCER_REGION_PROGRESS);
  if (source == NULL || progress == NULL || source->bytes != sizeof config || source->cores > LIMIT_DENSE_CORES ||
      source->sendGap < LIMIT_SEND_GAP) {
    print("sequencer: the configuration is missing, of another version or out of range\n");
    run_time_error(ERROR_SOFTWARE);
  }
  config = *source;
  if (config.budget == 0) {
    config.budget = DEFAULT_BUDGET_MS;
  }
  reports.cores = config.cores;
  tick_cycles = 1000u * SV_CPU_CLOCK_MHZ;
  TIMER2_CONTROL = TIMER_OFF;
  TIMER2_LOAD = tick_cycles;
  interrupt_bind(4, INTERRUPT_TIMER2, tick_interrupt);
  receive_setup((void *)&reports);
  send_setup(config.sendGap, config.sendGap);
  VIC_ENABLE = 1u << INTERRUPT_MULTICAST;
}

uint32_t program_events(void) {
  return reports.done;
}

void program_signal(uint32_t signal) {
  if (signal == SIGNAL_USER0) {
    commanded = true;
  }
}

static void send_control(uint32_t field, uint32_t value) {
  send_packet(config.controlKey + field, value);
}

/* Sends a field unless the cores have that value from before. */
static void set_field(uint32_t field, uint32_t value) {
  if (!sent_any || sent_fields[field] != value) {
    sent_fields[field] = value;
    send_control(field, value);
  }
}

static void expect_reports(void) {
  uint32_t previous = interrupts_disable();
  for (uint32_t core = 0; core < config.cores; core += 1) {
    reports.status[core] = 0;
  }
  reports.done = 0;
  interrupts_restore(previous);
  started_ms = milliseconds;
}

static void start_operation(uint32_t operation) {
  expect_reports();
  send_control(CONTROL_OPERATION, operation);
}

static void start_batch(void) {
  uint32_t left = command.samples - position;
  bool whole = left >= command.batch;
  in_batch = whole ? command.batch : left;
  expect_reports();
  set_field(CONTROL_FLAGS, command.flags);
  set_field(CONTROL_SAMPLES, in_batch);
  set_field(CONTROL_POSITION, position);
  set_field(CONTROL_EPOCH_SAMPLES, command.samples);
  set_field(CONTROL_SEED, command.seed);
  set_field(CONTROL_MANTISSA, whole ? command.mantissa : command.lastMantissa);
  set_field(CONTROL_EXPONENT, whole ? command.exponent : command.lastExponent);
  sent_any = true;
  batch_number += 1;
  send_control(CONTROL_GO, batch_number);
}

static void conclude(uint32_t state) {
  progress->elapsed = cycles() - started_cycles;
  progress->state = state;
  phase = IDLE;
  clock_run(false);
}

static void write_missing(void) {
  uint32_t missing = 0;
  for (uint32_t core = 0; core < config.cores; core += 1) {
    if (reports.status[core] == 0) {
      if (missing < LIMIT_MISSING_CORES) {
        progress->missingCores[missing] = core;
      }
      missing += 1;
    }
  }
  progress->missing = missing;
}

static bool some_core_failed(void) {
  for (uint32_t core = 0; core < config.cores; core += 1) {
    if (reports.status[core] > 1) {
      progress->failedCore = core;
      progress->failedStatus = reports.status[core] - 1u;
      return true;
    }
  }
  return false;
}

static void clear_progress(void) {
  *progress = (SequencerProgress){.run = command.run, .state = STATE_RUNNING};
}

static bool command_possible(void) {
  return command.batch > 0 && command.samples > 0 && command.firstSample < command.samples;
}

static void take_command(void) {
  const SequencerCommand *source = region(SEQUENCER_REGION_COMMAND);
  if (source == NULL) {
    run_time_error(ERROR_SOFTWARE);
  }
  command = *source;
  clock_run(true);
  started_cycles = cycles();
  clear_progress();
  if (command.operation == OPERATION_RUN && command_possible()) {
    position = command.firstSample;
    phase = BATCH;
    start_batch();
  } else if (command.operation == OPERATION_STORE_WEIGHTS || command.operation == OPERATION_LOAD_WEIGHTS) {
    phase = OPERATION;
    start_operation(command.operation);
  } else {
    conclude(STATE_REFUSED);
  }
}

static void batch_finished(void) {
  position += in_batch;
  progress->samplesDone += in_batch;
  progress->batchesDone += 1;
  progress->elapsed = cycles() - started_cycles;
  if (position < command.samples) {
    start_batch();
  } else {
    phase = REPORT;
    start_operation(DENSE_REPORT);
  }
}

/* A batch or operation took too long: every core that still can writes its statistics. */
static void timed_out(void) {
  if (phase == AFTERMATH) {
    conclude(STATE_TIMED_OUT);
  } else if (some_core_failed()) {
    conclude(STATE_FAILED);
  } else {
    write_missing();
    phase = AFTERMATH;
    start_operation(DENSE_REPORT);
  }
}

static void all_done(void) {
  if (phase == AFTERMATH) {
    conclude(STATE_TIMED_OUT);
  } else if (some_core_failed()) {
    conclude(STATE_FAILED);
  } else if (phase == BATCH) {
    batch_finished();
  } else {
    conclude(STATE_FINISHED);
  }
}

bool program_step(void) {
  if (commanded && phase == IDLE) {
    commanded = false;
    take_command();
    return true;
  }
  if (phase == IDLE) {
    return false;
  }
  if (reports.done == config.cores) {
    all_done();
    return true;
  }
  if (milliseconds - started_ms > (phase == AFTERMATH ? AFTERMATH_MS : config.budget)) {
    timed_out();
    return true;
  }
  return false;
}

/* The program `sequencer`: runs batches by control packets, waits for every dense core, reports progress. */
#include "control.h"
#include "layouts.h"
#include "runtime.h"

const char program_name[16] = "sequencer";

#define DEFAULT_BUDGET_MS 2000u
#define DEFAULT_ATTEMPTS 8u
/* Once the longest batch is known: a batch may take so many times as long, and this much more. */
#define PATIENCE 16u
#define PATIENCE_MS 20u
/* How long cores get to give a batch up or to forget it, which may mean to compute an update again. */
#define RECOVERY_MS 100u
/* Pause in which the packets of a batch that was given up arrive or are dropped. */
#define SETTLE_MS 3u
/* How long cores get to report what they miss after a time-out. */
#define AFTERMATH_MS 5u

static SequencerConfiguration config;
static SequencerCommand command;
static SequencerProgress *progress;

/* The FIQ handler's table; receive.S knows the order. */
static volatile struct {
  uint32_t cores, tag, done, late;
  uint8_t status[LIMIT_DENSE_CORES]; /* 0, or status of the done packet + 1 */
} reports;

static volatile uint32_t milliseconds; /* since the program started */
static uint32_t tick_cycles;
static volatile bool commanded;

/* ABORT, SETTLE and CLEAR lead from a batch that got stuck to its next attempt, AFTERMATH and the same three to the end. */
static enum { IDLE, BATCH, REPORT, OPERATION, ABORT, SETTLE, CLEAR, AFTERMATH } phase;
static uint32_t position, in_batch, attempt, batch_attempt, tries, longest_ms, started_ms;
static uint64_t started_cycles;
static uint32_t fields[LIMIT_CHECKED_FIELDS];
static bool sent_any;
static bool tagged; /* cores tell which attempt they answer */
static uint32_t ending; /* STATE_* of a run that ends once all cores have given its batch up; 0 while it goes on */

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
  if (config.attempts == 0) {
    config.attempts = DEFAULT_ATTEMPTS;
  }
  tagged = config.attempts > 1;
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
  if (!sent_any || fields[field] != value) {
    fields[field] = value;
    send_control(field, value);
  }
}

static void expect_reports(uint32_t operation, uint32_t number) {
  uint32_t previous = interrupts_disable();
  for (uint32_t core = 0; core < config.cores; core += 1) {
    reports.status[core] = 0;
  }
  reports.done = 0;
  reports.tag = tagged ? done_tag(operation, number) : 0;
  interrupts_restore(previous);
  started_ms = milliseconds;
}

static void ask_for(uint32_t operation, uint32_t number) {
  expect_reports(operation, number);
  send_control(CONTROL_OPERATION, tagged ? operation | number << 16 : operation);
}

static uint32_t next_attempt(void) {
  attempt = (attempt + 1) & 0xffff;
  return attempt;
}

static void enter(uint32_t next, uint32_t operation, uint32_t number) {
  phase = next;
  tries = 1;
  ask_for(operation, number);
}

/* Asks only those cores again that have not answered, as it were: the others do the same once more. */
static void ask_again(void) {
  tries += 1;
  progress->resent += 1;
  uint32_t tag = reports.tag;
  started_ms = milliseconds;
  send_control(CONTROL_OPERATION, (tag >> 16) | tag << 16);
}

static void start_batch(void) {
  uint32_t left = command.samples - position;
  bool whole = left >= command.batch;
  in_batch = whole ? command.batch : left;
  batch_attempt = next_attempt();
  expect_reports(0, batch_attempt);
  set_field(CONTROL_FLAGS, command.flags);
  set_field(CONTROL_SAMPLES, in_batch);
  set_field(CONTROL_POSITION, position);
  set_field(CONTROL_EPOCH_SAMPLES, command.samples);
  set_field(CONTROL_SEED, command.seed);
  set_field(CONTROL_MANTISSA, whole ? command.mantissa : command.lastMantissa);
  set_field(CONTROL_EXPONENT, whole ? command.exponent : command.lastExponent);
  sent_any = true;
  phase = BATCH;
  send_control(CONTROL_GO, go_payload(batch_attempt, fields));
}

static uint32_t batch_tries;

static void start_next_batch(void) {
  batch_tries = 1;
  start_batch();
}

static void conclude(uint32_t state) {
  progress->elapsed = cycles() - started_cycles;
  progress->latePackets = reports.late;
  progress->state = state;
  ending = 0;
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

/* The first status other than 0 and `accepted`. */
static bool some_core_failed(uint32_t accepted) {
  for (uint32_t core = 0; core < config.cores; core += 1) {
    uint32_t status = reports.status[core];
    if (status > 1 && status != accepted + 1) {
      progress->failedCore = core;
      progress->failedStatus = status - 1;
      return true;
    }
  }
  return false;
}

static bool some_core_is_stale(void) {
  for (uint32_t core = 0; core < config.cores; core += 1) {
    if (reports.status[core] == DONE_STALE_FIELDS + 1) {
      return true;
    }
  }
  return false;
}

static void clear_progress(void) {
  *progress = (SequencerProgress){.run = command.run, .state = STATE_RUNNING};
}

static bool command_possible(void) {
  return command.batch > 0 && command.firstSample < command.endSample && command.endSample <= command.samples;
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
    reports.late = 0;
    start_next_batch();
  } else if (command.operation == OPERATION_STORE_WEIGHTS || command.operation == OPERATION_LOAD_WEIGHTS) {
    enter(OPERATION, command.operation, next_attempt());
  } else {
    conclude(STATE_REFUSED);
  }
}

/* The host asks for it in SDRAM and by number, so that it may ask twice, or too late, without harm to another run. */
static bool stop_wanted(void) {
  const volatile SequencerCommand *source = region(SEQUENCER_REGION_COMMAND);
  return source != NULL && source->stopRun == command.run;
}

static void batch_finished(void) {
  uint32_t took = milliseconds - started_ms + 1;
  longest_ms = took > longest_ms ? took : longest_ms;
  position += in_batch;
  progress->samplesDone += in_batch;
  progress->batchesDone += 1;
  progress->elapsed = cycles() - started_cycles;
  if (position < command.endSample && !stop_wanted()) {
    start_next_batch();
  } else {
    enter(REPORT, DENSE_REPORT, next_attempt());
  }
}

/* The batch is taken back on every core, so that weights are those of the last finished one and another run can follow. */
static void end_badly(uint32_t state) {
  if (ending != 0 || command.operation != OPERATION_RUN || !tagged) {
    conclude(ending != 0 ? ending : state);
    return;
  }
  ending = state;
  sent_any = false;
  enter(ABORT, DENSE_ABORT, batch_attempt);
}

/* Every core that still can writes its statistics, which say what it waits for. */
static void give_up(void) {
  write_missing();
  enter(AFTERMATH, DENSE_REPORT, next_attempt());
}

static void batch_stuck(void) {
  write_missing();
  if (batch_tries >= config.attempts) {
    give_up();
    return;
  }
  batch_tries += 1;
  progress->repeated += 1;
  enter(ABORT, DENSE_ABORT, batch_attempt);
}

static void cleared(void) {
  if (ending != 0) {
    conclude(ending);
    return;
  }
  sent_any = false;
  start_batch();
}

static void timed_out(void) {
  if (phase == SETTLE) {
    enter(CLEAR, DENSE_CLEAR, batch_attempt);
  } else if (phase == AFTERMATH) {
    end_badly(STATE_TIMED_OUT);
  } else if (ending == 0 && some_core_failed(DONE_STALE_FIELDS)) {
    end_badly(STATE_FAILED);
  } else if (phase == BATCH) {
    batch_stuck();
  } else if (tries < config.attempts) {
    ask_again();
  } else if (ending != 0) {
    conclude(ending);
  } else {
    give_up();
  }
}

static void all_done(void) {
  if (phase == AFTERMATH) {
    end_badly(STATE_TIMED_OUT);
  } else if (ending == 0 && some_core_failed(DONE_STALE_FIELDS)) {
    end_badly(STATE_FAILED);
  } else if (phase == BATCH && some_core_is_stale()) {
    batch_stuck();
  } else if (phase == BATCH) {
    batch_finished();
  } else if (phase == ABORT) {
    phase = SETTLE;
    started_ms = milliseconds;
  } else if (phase == CLEAR) {
    cleared();
  } else {
    conclude(STATE_FINISHED);
  }
}

/* Milliseconds that the phase may take. */
static uint32_t limit(void) {
  uint32_t known = PATIENCE_MS + PATIENCE * longest_ms;
  switch (phase) {
    case AFTERMATH:
      return AFTERMATH_MS;
    case SETTLE:
      return SETTLE_MS;
    case ABORT:
    case CLEAR:
      return RECOVERY_MS;
    case BATCH:
      return longest_ms > 0 && known < config.budget ? known : config.budget;
    default:
      return config.budget;
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
  if (phase != SETTLE && reports.done == config.cores) {
    all_done();
    return true;
  }
  if (milliseconds - started_ms > limit()) {
    timed_out();
    return true;
  }
  return false;
}

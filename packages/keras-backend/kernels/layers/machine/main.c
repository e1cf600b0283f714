/* The program `layers`: a worker that runs the schedule of a network for each batch that the sequencer starts. */
#include "machine.h"
#include "../worker.h"

const char program_name[16] = "layers";
ReceiveTable receive_table;
LayersConfiguration config;

static uint32_t step; /* batches of the run so far */

static void read_configuration(void) {
  const LayersConfiguration *source = region(LAYERS_REGION_CONFIGURATION);
  if (source == NULL || source->bytes != sizeof config || source->workers == 0 || source->worker >= source->workers ||
      source->replica >= source->replicas || source->replicas > LIMIT_REPLICAS || source->sendGap < LIMIT_SEND_GAP) {
    print("layers: bad configuration\n");
    run_time_error(ERROR_SOFTWARE);
  }
  config = *source;
}

void program_start(void) {
  TIMER2_CONTROL = TIMER_OFF;
  TIMER2_LOAD = 0xffffffffu;
  TIMER2_CONTROL = TIMER_FREE_RUNNING;
  measures_busy_cycles = true;
  read_configuration();
  transfer_setup();
  overlays_setup();
  receive_setup(&receive_table);
  send_setup(config.sendGap, config.sendGap);
  VIC_ENABLE = 1u << INTERRUPT_MULTICAST;
}

uint32_t program_events(void) {
  return receive_table.event;
}

void program_signal(uint32_t signal) {
  (void)signal;
}

static void report_done(uint32_t status) {
  send_later(config.doneKey + config.replica * config.workers + config.worker, dma_errors != 0 ? DONE_DMA_ERROR : status, config.doneDelay);
}

static void report_statistics(void) {
  LayersReport *report = region(LAYERS_REGION_REPORT);
  report->busyCycles = busy_cycles;
  report->received = received_packets();
  report->unexpected = receive_table.unexpected;
  report->stackUsed = stack_used();
  report->dmaErrors = dma_errors;
  report->waits = waiting_for.waits;
  report->missing = waiting_for.missing;
}

/* The sequencer asks for reports only after a batch, unless it has given it up. */
void report_when_given_up(void) {
  if (receive_table.pending[0] != 0) {
    receive_table.pending[0] = 0;
    report_statistics();
  }
}

/* The first worker writes what is different in this batch; the others wait for it. */
static void write_header(void) {
  uint32_t flags = receive_table.control[CONTROL_FLAGS];
  uint32_t slot = (flags >> 8) & 0xff;
  uint32_t samples = receive_table.control[CONTROL_SAMPLES];
  uint32_t first = smaller(config.replica * config.samples, samples);
  if (receive_table.control[CONTROL_POSITION] == 0) {
    step = 0;
  }
  if (config.worker == 0) {
    BatchHeader header;
    fetch(&header, config.templates + slot * sizeof header, sizeof header);
    header.mode = (flags & RUN_FLAG_TRAIN) ? BATCH_TRAIN : (flags & RUN_FLAG_EVALUATE) ? BATCH_EVALUATE : BATCH_PREDICT;
    header.samples = smaller(samples - first, config.samples);
    header.firstSample = first;
    header.batchSamples = samples;
    header.position = receive_table.control[CONTROL_POSITION];
    header.epochSamples = receive_table.control[CONTROL_EPOCH_SAMPLES];
    header.shuffle = (flags & RUN_FLAG_SHUFFLE) ? 1 : 0;
    header.shuffleSeed = receive_table.control[CONTROL_SEED];
    header.step = step;
    store(config.header, &header, sizeof header);
  }
  step += 1;
  barrier();
}

/* Reads the configuration again, and makes operand copies of the weights that the host wrote: the steps begin anew. */
static void load(void) {
  read_configuration();
  step = 0;
  if (config.worker == 0) {
    BatchHeader header;
    fetch(&header, config.templates, sizeof header);
    header.mode = BATCH_PREDICT;
    header.samples = 0;
    store(config.header, &header, sizeof header);
  }
  barrier();
  run_schedule(config.header, config.loading, config.loadingOperations, config.worker);
}

static uint32_t operate(uint32_t operation) {
  switch (operation) {
    case OPERATION_REPORT:
      report_statistics();
      return DONE_OK;
    case OPERATION_STORE_WEIGHTS: /* they are in SDRAM */
      return DONE_OK;
    case OPERATION_LOAD_WEIGHTS:
      load();
      return DONE_OK;
    default:
      return DONE_BAD_OPERATION;
  }
}

bool program_step(void) {
  if (receive_table.pending[0] != 0) {
    receive_table.pending[0] = 0;
    report_done(operate(receive_table.control[CONTROL_OPERATION]));
    return true;
  }
  if (receive_table.pending[1] != 0) {
    receive_table.pending[1] = 0;
    write_header();
    run_schedule(config.header, config.schedule, config.operations, config.worker);
    report_done(DONE_OK);
    return true;
  }
  return false;
}

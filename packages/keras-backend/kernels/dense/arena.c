/* Lays out DTCM as the configuration needs it. src/layouts/memory.ts says the same sizes in the same order. */
#include "dense.h"

extern uint8_t arena_start[], arena_end[];
Buffers buffers;
static uint8_t *next;

static uint32_t even(uint32_t value) {
  return (value + 1) & ~1u;
}

/* Zeroed memory, or run-time error 10. */
static void *take(uint32_t bytes) {
  uint8_t *start = next;
  bytes = (bytes + 7) & ~7u;
  if (bytes > (uint32_t)(arena_end - start)) {
    print("dense: the configuration does not fit into DTCM\n");
    run_time_error(ERROR_NO_MEMORY);
  }
  next += bytes;
  for (uint32_t *word = (uint32_t *)start; word < (uint32_t *)next; word += 1) {
    *word = 0;
  }
  return start;
}

static void tile_layout(uint32_t operandBytes) {
  uint32_t rows = even(config.rows);
  uint32_t columns = even(config.columns);
  buffers.rowPairs = rows / 2;
  buffers.columnPairs = columns / 2;
  buffers.master = take(4 * rows * columns);
  buffers.operand = take(buffers.exact ? 0 : 2 * rows * columns);
  buffers.inputs = take(operandBytes * columns * buffers.samples);
  buffers.deltas = take(buffers.exact ? 4 * rows * buffers.samples : 2 * ((rows + 3) & ~3u) * buffers.samples);
  buffers.activationCounts = take(has_role(ROLE_FIRST_LAYER) ? 0 : 4 * buffers.sampleSlots);
  buffers.deltaCounts = take(has_role(ROLE_LOCAL_HEAD) ? 0 : 4 * buffers.sampleSlots);
}

static void head_layout(uint32_t operandBytes) {
  uint32_t units = even(config.units);
  buffers.units = units;
  buffers.sums = take((buffers.exact ? 8 : 4) * units * buffers.sampleSlots);
  buffers.activations = take(operandBytes * units * buffers.samples);
  buffers.targets = take(has_role(ROLE_OUTPUT_LAYER) ? operandBytes * units * buffers.samples : 0);
  buffers.bias = take(4 * units);
  buffers.biasOperand = take(8 * units);
  buffers.biasGradient = take(8 * units);
  buffers.z = take(4 * units);
  buffers.v31 = take(4 * units);
  buffers.sumCounts = take(4 * buffers.sampleSlots);
}

static void bind_class(uint32_t class, uint32_t key, uint32_t blocks) {
  for (uint32_t block = 0; block < blocks; block += 1) {
    receive_table.classes[(key >> 24) + block] = (uint8_t)(4 * class);
  }
}

static void bind_handlers(void) {
  void (**handlers)(void) = receive_table.handlers;
  handlers[CLASSES - CLASS_UNEXPECTED] = receive_unexpected;
  handlers[CLASSES - CLASS_CONTROL] = receive_control;
  handlers[CLASSES - CLASS_ACTIVATION] = receive_activation;
  handlers[CLASSES - CLASS_DELTA] = buffers.exact ? receive_delta_exact : receive_delta_fast;
  handlers[CLASSES - CLASS_SUM] = buffers.exact ? receive_sum_exact : receive_sum_fast;
}

/* Keys count single units in exact and pairs of them in fast. */
static uint32_t packets_of(uint32_t units) {
  return buffers.exact ? units : (units + 1) / 2;
}

static void bind_tile(void) {
  uint32_t bits = config.sampleBits;
  uint32_t operandBytes = buffers.exact ? 4 : 2;
  bind_class(CLASS_ACTIVATION, config.activationInKey, config.activationInBlocks);
  bind_class(CLASS_DELTA, config.deltaInKey, config.deltaInBlocks);
  receive_table.activation = (OperandRange){
      .base = config.activationInKey + (packets_of(config.column0) << bits),
      .limit = packets_of(config.columns) << bits,
      .buffer = buffers.inputs,
      .stride = operandBytes * 2 * buffers.columnPairs,
      .counts = buffers.activationCounts,
      .expected = config.activationsExpected,
  };
  receive_table.delta = (OperandRange){
      .base = config.deltaInKey + (packets_of(config.row0) << bits),
      .limit = packets_of(config.rows) << bits,
      .buffer = buffers.deltas,
      .stride = buffers.exact ? 8 * buffers.rowPairs : 8 * buffers.samples,
      .counts = buffers.deltaCounts,
      .expected = config.deltasExpected,
  };
}

static void bind_head(void) {
  uint32_t bits = config.sampleBits;
  bind_class(CLASS_SUM, config.partialInKey, config.partialInBlocks);
  bind_class(CLASS_SUM, config.backInKey, config.backInBlocks);
  receive_table.sum = (SumRange){
      .mask = (1u << (config.unitBits + bits)) - 1,
      .first = config.unit0 << bits,
      .limit = config.units << bits,
      .buffer = buffers.sums,
      .counts = buffers.sumCounts,
      .partialsExpected = config.partialsExpected,
      .backsExpected = config.backsExpected,
  };
}

void arena_setup(void) {
  next = arena_start;
  buffers.exact = config.mode == MODE_EXACT;
  buffers.samples = even(config.batch);
  buffers.sampleSlots = 1u << config.sampleBits;
  buffers.sampleNumbers = take(4 * buffers.samples);
  receive_table.sampleBits = config.sampleBits;
  receive_table.sampleMask = buffers.sampleSlots - 1;
  for (uint32_t i = 0; i < sizeof receive_table.classes; i += 1) {
    receive_table.classes[i] = 4 * CLASS_UNEXPECTED;
  }
  bind_handlers();
  bind_class(CLASS_CONTROL, config.controlKey, 1);
  uint32_t operandBytes = buffers.exact ? 4 : 2;
  if (has_role(ROLE_TILE)) {
    tile_layout(operandBytes);
    bind_tile();
  }
  if (has_role(ROLE_HEAD)) {
    head_layout(operandBytes);
    bind_head();
  }
  statistics.arenaBytes = (uint32_t)(next - arena_start);
}

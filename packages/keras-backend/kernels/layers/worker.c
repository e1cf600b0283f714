#include "worker.h"
#include "blocks.h"
#include "operation.h"

Worker worker;

/* By kind. On a core it lies with the data, as code may not refer to overlays (see link.ld). */
static void (*const RUN[KIND_COUNT])(const void *) = {
    [KIND_TAKE] = run_take,
    [KIND_PUT] = run_put,
#ifdef __wasm__
    [KIND_MATRIX] = run_spread_matrix,
#else
    [KIND_MATRIX] = run_matrix,
#endif
    [KIND_ACTIVATE] = run_activate,
    [KIND_POOL] = run_pool,
    [KIND_DROP] = run_drop,
    [KIND_LOSE] = run_lose,
    [KIND_ACTIVATE_BACK] = run_activate_back,
    [KIND_GRADIENT] = run_gradient,
    [KIND_POOL_BACK] = run_pool_back,
    [KIND_COMBINE] = run_combine,
    [KIND_REDUCE] = run_reduce,
    [KIND_SHARE] = run_share,
    [KIND_UPDATE] = run_update,
    [KIND_REFRESH] = run_refresh,
    [KIND_REFRESH_BIAS] = run_refresh_bias,
    [KIND_DEPTHWISE] = run_depthwise,
    [KIND_DEPTHWISE_BACK] = run_depthwise_back,
    [KIND_DEPTHWISE_GRADIENT] = run_depthwise_gradient,
    [KIND_STATISTICS] = run_statistics,
    [KIND_MOMENTS] = run_moments,
    [KIND_NORMALISE] = run_normalise,
    [KIND_STATISTICS_BACK] = run_statistics_back,
    [KIND_MOMENTS_BACK] = run_moments_back,
    [KIND_NORMALISE_BACK] = run_normalise_back,
    [KIND_MERGE] = run_merge,
    [KIND_MERGE_BACK] = run_merge_back,
    [KIND_MAP] = run_map,
    [KIND_MAP_BACK] = run_map_back,
    [KIND_NORMS] = run_norms,
    [KIND_ADD_UP] = run_add_up,
    [KIND_PENALTY] = run_penalty,
    [KIND_CONSTRAIN] = run_constrain,
};

Items share_of(uint32_t items, uint32_t part, uint32_t parts) {
  uint32_t each = items / parts;
  uint32_t more = items - each * parts;
  uint32_t first = part * each + smaller(part, more);
  return (Items){first, first + each + (part < more)};
}

Items own_items(uint32_t items) {
  return share_of(items, worker.number, worker.batch.workers);
}

Items owned(uint32_t first, uint32_t count) {
  uint32_t low = (worker.batch.replica * worker.batch.workers + worker.number) * worker.batch.per;
  uint32_t high = low + worker.batch.per;
  low = larger(low, first) - first;
  high = larger(smaller(high, first + count), first) - first;
  return (Items){low, larger(low, high)};
}

uint32_t statistics_of(uint32_t offset) {
  return worker.batch.statistics + worker.number * worker.batch.statisticsStride + offset;
}

void add_statistic(uint32_t offset, int64_t amount) {
  uint32_t address = statistics_of(offset);
  int64_t sum;
  fetch(&sum, address, 8);
  sum += amount;
  store(address, &sum, 8);
}

static void count(uint32_t index, uint32_t amount) {
  if (amount) {
    uint32_t address = statistics_of(sizeof(WorkerStatistics) + 4 * index);
    store_word(address, fetch_word(address) + amount);
  }
}

static void begin(uint32_t header, uint32_t number) {
  fetch(&worker.batch, header, sizeof worker.batch);
  worker.number = number;
  if (worker.batch.mode == BATCH_TRAIN) {
    fetch(&worker.step, worker.batch.steps + worker.batch.step * sizeof(StepRow), sizeof(StepRow));
  }
}

/* Counters of saturations lie two words apart, each before its underflows. */
static uint32_t run(const Operation *operation) {
  if (operation->phase > worker.batch.mode) {
    return 0;
  }
  if (operation->kind >= KIND_COUNT || RUN[operation->kind] == 0) {
    fail();
  }
  worker.saturations = 0;
  worker.underflows = 0;
  release_to(0);
  bring_code(operation->kind);
  RUN[operation->kind](operation);
  count(2 * operation->counter, worker.saturations);
  count(2 * operation->counter + 1, worker.underflows);
  return 1;
}

uint32_t run_operation(uint32_t header, uint32_t operation, uint32_t number) {
  uint32_t words[OPERATION_BYTES / 4];
  begin(header, number);
  fetch(words, operation, sizeof words);
  return run((const Operation *)words);
}

void run_schedule(uint32_t header, uint32_t schedule, uint32_t operations, uint32_t number) {
  uint32_t words[OPERATION_BYTES / 4];
  begin(header, number);
  for (uint32_t i = 0; i < operations; i += 1) {
    fetch(words, schedule + i * OPERATION_BYTES, sizeof words);
    const Operation *operation = (const Operation *)words;
    if (run(operation) && !operation->overlaps) {
      barrier();
    }
  }
}

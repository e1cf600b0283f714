/* The worker that runs operations: its place, the batch, and what it has counted in the operation. */
#ifndef WORKER_H
#define WORKER_H
#include "platform.h"

typedef struct {
  BatchHeader batch;
  StepRow step;
  uint32_t number;      /* among the workers of the replica */
  uint32_t saturations; /* values that were clamped in this operation */
  uint32_t underflows;  /* gradients other than 0 that were rounded to 0 in it */
} Worker;

extern Worker worker;

/* Whether this step rounds weights and deltas by chance. */
#define BY_CHANCE worker.step.chance

/* Items of a worker: from first up to but not including end. */
typedef struct {
  uint32_t first;
  uint32_t end;
} Items;

/* An equal share, of neighbours. */
Items own_items(uint32_t items);

/* Part `part` of as many parts. */
Items share_of(uint32_t items, uint32_t part, uint32_t parts);

/* Numbers first .. first + count of all trained ones that this worker owns, counted from `first`. */
Items owned(uint32_t first, uint32_t count);

/* Adds to an int64 of this worker's statistics. */
void add_statistic(uint32_t offset, int64_t amount);
uint32_t statistics_of(uint32_t offset);

/* Runs one operation as worker `number` of the batch whose header lies at an address; 0 when it is not for this mode. */
uint32_t run_operation(uint32_t header, uint32_t operation, uint32_t number);

/* Runs a schedule with barriers between its operations. */
void run_schedule(uint32_t header, uint32_t schedule, uint32_t operations, uint32_t number);

static inline uint32_t quotient_up(uint32_t size, uint32_t part) {
  return (size + part - 1) / part;
}

static inline uint32_t smaller(uint32_t a, uint32_t b) {
  return a < b ? a : b;
}

static inline uint32_t larger(uint32_t a, uint32_t b) {
  return a > b ? a : b;
}

#endif

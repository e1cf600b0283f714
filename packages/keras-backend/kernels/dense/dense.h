/* State of a core that plays a tile, a head, or both; docs/on-core-programs.md. */
#ifndef DENSE_H
#define DENSE_H
#include <stdbool.h>
#include "fast.h"
#include "fixed.h"
#include "layouts.h"
#include "receive.h"
#include "runtime.h"

extern DenseConfiguration config;
extern DenseStatistics statistics;

/* Sizes that follow from the configuration, and where each buffer lies in DTCM. */
typedef struct {
  bool exact;
  uint32_t samples;       /* batch, rounded up to even */
  uint32_t sampleSlots;   /* 2^sampleBits */
  uint32_t rowPairs, columnPairs;
  uint32_t units;         /* of the head, rounded up to even */
  uint32_t *sampleNumbers; /* of the positions of the batch */
  /* Tile. */
  int32_t *master;        /* [row pair][column pair][row 0 col 0, row 0 col 1, row 1 col 0, row 1 col 1] */
  uint32_t *operand;      /* fast: [row pair][column pair][row of the pair], two columns a word */
  void *inputs;           /* [sample][columns] */
  void *deltas;           /* fast: [row pair / 2][sample][row pair % 2], two rows a word; exact: [sample][rows] */
  volatile uint32_t *activationCounts, *deltaCounts;
  /* Head. */
  void *sums;             /* [unit][sample slot], 32 bit (fast) or 64 bit (exact) */
  void *activations;      /* [sample][units], operands */
  void *targets;          /* [sample][units], operands */
  int32_t *bias;
  int64_t *biasOperand, *biasGradient;
  int32_t *z;             /* pre-activations, then errors and deltas, of one sample */
  uint32_t *v31;          /* activations of one sample on the 1.31 scale */
  volatile uint32_t *sumCounts;
} Buffers;
extern Buffers buffers;

/* The batch that is running. */
typedef struct {
  bool active, trains;
  bool updated, undone;   /* weights have changed by it; were changed back */
  uint32_t attempt;       /* number of its go packet */
  uint32_t samples, slot;
  uint32_t forwardNext;   /* tile: next sample to multiply */
  uint32_t headNext;      /* head: next sample to activate */
  uint32_t errorNext;     /* head: next sample without deltas */
  uint32_t deltaNext;     /* tile: next sample whose deltas are not complete */
  uint32_t backNext;      /* tile: next sample to multiply back */
  volatile uint32_t inputsReady, targetsReady;
} Batch;
extern Batch batch;

static inline bool has_role(uint32_t role) {
  return (config.roles & role) != 0;
}

/* arena.c: lays the buffers out and fills the receive table. */
void arena_setup(void);

/* What a core waits for: phase (PHASE_WAIT_FOR_*), sample of the batch, packets that came for it and that are to come. */
typedef struct {
  uint32_t phase, sample, packets, expected;
} Wait;

/* batch.c: one batch from go to done. */
void batch_begin(void);
bool batch_step(void);
Wait batch_waits(void);
void report_done(uint32_t operation, uint32_t attempt, uint32_t status);
/* Gives a batch up, as if it had never begun; status. Forgets what came of it, once nothing more comes. */
uint32_t batch_abort(uint32_t attempt);
void batch_clear(void);

/* samples.c: fetches inputs and targets by DMA. */
void samples_fetch(void);
void samples_stop(void);

/* tile.c */
bool tile_forward(void);
bool tile_back(void);
void tile_count_deltas(void);

/* update.c: gradient and update of a tile's weights; false when the shift is out of range. */
bool tile_update(void);
bool head_update(void);
void undo_update(void);
void clear_bias_gradient(void);
void refresh_operands(void);
void refresh_bias(void);

/* storage.c: weights and statistics between DTCM and SDRAM; load_weights reads the data slots again, too. */
void load_weights(void);
void store_weights(void);
void report_statistics(void);
void statistics_begin(void);

/* head.c */
bool head_forward(void);
bool head_back(void);

/* Puts an operand at index of a buffer of operands. */
static inline void operand_put(void *buffer, uint32_t index, int32_t value) {
  if (buffers.exact) {
    ((int32_t *)buffer)[index] = value;
  } else {
    ((int16_t *)buffer)[index] = (int16_t)value;
  }
}

static inline int32_t operand_get(const void *buffer, uint32_t index) {
  return buffers.exact ? ((const int32_t *)buffer)[index] : ((const int16_t *)buffer)[index];
}

/* sat(round(value, shift)) */
static inline int32_t operand_round(int64_t value, int32_t shift, uint32_t *count) {
  int64_t rounded = round_shift(value, shift);
  return buffers.exact ? saturate32(rounded, count) : saturate16(rounded, count);
}

/* The same of a 32-bit value. */
static inline int32_t operand_round32(int32_t value, int32_t shift, uint32_t *count) {
  if (shift <= 0 || shift >= 32) {
    return operand_round(value, shift, count);
  }
  int32_t rounded = rounded32(value, shift, count);
  return buffers.exact ? rounded : clamped16(rounded, count);
}

/* activation.c: z of buffers -> operands of sample s, and v31. derivative: errors in z -> deltas in z. */
void activate(uint32_t sample);
void derivative(uint32_t sample);

/* loss.c: loss, metrics and, when training, deltas of the output layer in z. */
void output_sample(uint32_t sample);

#endif

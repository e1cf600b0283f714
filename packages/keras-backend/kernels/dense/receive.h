/* The table that the FIQ handler works with: r11 of FIQ mode points at `classes`. Included by C and assembly. */
#ifndef RECEIVE_H
#define RECEIVE_H

/* Packet classes; handler k lies 4k bytes below the class table. */
#define CLASS_UNEXPECTED 1
#define CLASS_CONTROL 2
#define CLASS_ACTIVATION 3
#define CLASS_DELTA 4
#define CLASS_SUM 5
#define CLASSES 5

/* Offsets from the class table. */
#define RECEIVE_SAMPLE_MASK 256
#define RECEIVE_SAMPLE_BITS 260
#define RECEIVE_ACTIVATION 264
#define RECEIVE_DELTA 288
#define RECEIVE_SUM 312
#define RECEIVE_UNEXPECTED 340
#define RECEIVE_IGNORED 344
#define RECEIVE_LATE 348
#define RECEIVE_CONTROL 352
#define RECEIVE_PENDING 416
#define RECEIVE_PAYLOAD 424
#define RECEIVE_EVENT 428

/* Offsets inside a range of operands. */
#define RANGE_BASE 0
#define RANGE_LIMIT 4
#define RANGE_BUFFER 8
#define RANGE_STRIDE 12
#define RANGE_COUNTS 16
#define RANGE_EXPECTED 20
/* Offsets inside the range of sums. */
#define SUM_MASK 0
#define SUM_FIRST 4
#define SUM_LIMIT 8
#define SUM_BUFFER 12
#define SUM_COUNTS 16
#define SUM_PARTIALS_EXPECTED 20
#define SUM_BACKS_EXPECTED 24

/* Control fields from this one on start something. */
#define CONTROL_FIRST_EVENT 14

#ifndef __ASSEMBLER__
#include <stddef.h>
#include <stdint.h>

/* Operands (or pairs of them) that a core takes: keys base .. base + limit - 1, low bits the sample. */
typedef struct {
  uint32_t base, limit;
  void *buffer;
  uint32_t stride; /* bytes from one sample (activations, exact deltas) or group of four rows (fast deltas) to the next */
  volatile uint32_t *counts;
  uint32_t expected; /* packets that complete a sample */
} OperandRange;

/* Sums that a core adds up: (key & mask) - first is the index of the sum, below limit. */
typedef struct {
  uint32_t mask, first, limit;
  void *buffer;
  volatile uint32_t *counts;
  uint32_t partialsExpected, backsExpected; /* packets that complete a sample forward, and after that backward */
} SumRange;

typedef struct {
  void (*handlers[CLASSES])(void); /* class k at index CLASSES - k */
  uint8_t classes[256];            /* 4 * class by key >> 24 */
  uint32_t sampleMask, sampleBits;
  OperandRange activation, delta;
  SumRange sum;
  volatile uint32_t unexpected, ignored, late;
  volatile uint32_t control[16];
  volatile uint32_t pending[2]; /* operation, go */
  uint32_t payload;             /* the handler's own */
  volatile uint32_t event;      /* changes when a sample is complete or a control packet starts something */
} ReceiveTable;

#define RECEIVE_OFFSET(field) (offsetof(ReceiveTable, field) - offsetof(ReceiveTable, classes))
_Static_assert(RECEIVE_OFFSET(sampleMask) == RECEIVE_SAMPLE_MASK, "sampleMask");
_Static_assert(RECEIVE_OFFSET(sampleBits) == RECEIVE_SAMPLE_BITS, "sampleBits");
_Static_assert(RECEIVE_OFFSET(activation) == RECEIVE_ACTIVATION, "activation");
_Static_assert(RECEIVE_OFFSET(delta) == RECEIVE_DELTA, "delta");
_Static_assert(RECEIVE_OFFSET(sum) == RECEIVE_SUM, "sum");
_Static_assert(RECEIVE_OFFSET(unexpected) == RECEIVE_UNEXPECTED, "unexpected");
_Static_assert(RECEIVE_OFFSET(ignored) == RECEIVE_IGNORED, "ignored");
_Static_assert(RECEIVE_OFFSET(late) == RECEIVE_LATE, "late");
_Static_assert(RECEIVE_OFFSET(control) == RECEIVE_CONTROL, "control");
_Static_assert(RECEIVE_OFFSET(pending) == RECEIVE_PENDING, "pending");
_Static_assert(RECEIVE_OFFSET(payload) == RECEIVE_PAYLOAD, "payload");
_Static_assert(RECEIVE_OFFSET(event) == RECEIVE_EVENT, "event");
_Static_assert(RECEIVE_PENDING == RECEIVE_CONTROL + 64, "pending follows control");

extern ReceiveTable receive_table;
void receive_unexpected(void);
void receive_control(void);
void receive_activation(void);
void receive_delta_fast(void);
void receive_delta_exact(void);
void receive_sum_fast(void);
void receive_sum_exact(void);
#endif
#endif

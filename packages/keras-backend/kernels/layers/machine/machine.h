/* The program `layers` on a core: what its parts share. */
#ifndef LAYERS_MACHINE_H
#define LAYERS_MACHINE_H
#include "layouts.h"
#include "runtime.h"

/* The FIQ handler's table; receive.S knows the order. */
typedef struct {
  volatile uint32_t event;      /* changes when something is asked for */
  volatile uint32_t arrived;    /* workers at barriers, since the start */
  volatile uint32_t pending[2]; /* control fields 14 and 15 */
  volatile uint32_t unexpected; /* packets of unknown classes */
  volatile uint32_t control[16];
  /* Packets of other replicas. */
  volatile uint32_t ready; /* other replicas that could take the next part, since the start */
  volatile uint32_t taken; /* shared words, since the start */
  uint64_t *sums;          /* what sums are added to, by place */
  uint32_t *words;         /* where words are put, by place */
  volatile uint32_t halves[LIMIT_ARENA_BYTES / 8 / LIMIT_REDUCE_PART]; /* of the sums that came for so many places; a whole sum counts twice */
} ReceiveTable;

extern ReceiveTable receive_table;
extern LayersConfiguration config;

/* Sleeps until a count has come up to `wanted`; false when the sequencer has given the batch up before. */
bool sleep_until(const volatile uint32_t *count, uint32_t wanted);

/* Sends a packet at once, past the queue. */
void send_now(uint32_t key, uint32_t payload);

/* Sleeps for so many core cycles, or until some interrupt; 1 to 2^31 - 1. The send queue must be empty. */
void doze(uint32_t cycles);

/* What the worker waits for, of other replicas, and how many packets of it are missing. */
typedef struct {
  uint32_t waits, missing;
} Waiting;

extern Waiting waiting_for;

/* Writes the report, if the sequencer asks for one. */
void report_when_given_up(void);

/* Copies between SDRAM and the core's memory, by DMA; addresses and bytes are multiples of 4. */
void transfer_in(void *to, uint32_t address, uint32_t bytes);
void transfer_out(uint32_t address, const void *from, uint32_t bytes);
void transfer_setup(void);

/* Checks the block of overlays that the configuration names; see overlays.c. */
void overlays_setup(void);

#endif

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
  /* Packets of other replicas, counted since the start. */
  volatile uint32_t ready;    /* workers that can take the next part */
  volatile uint32_t ends;     /* replicas that have sent all their sums of a part */
  volatile uint32_t promised; /* packets of sums, as those ends say */
  volatile uint32_t taken;    /* packets of sums, and shared words */
  uint64_t *sums;             /* what sums are added to */
  uint32_t *words;            /* where words are put: 2^share_shift of each replica */
  uint32_t share_shift;
} ReceiveTable;

extern ReceiveTable receive_table;
extern LayersConfiguration config;

/* Sleeps until a count has come up to `wanted`; false when the sequencer has given the batch up before. */
bool sleep_until(const volatile uint32_t *count, uint32_t wanted);

/* Sends a packet at once, past the queue. */
void send_now(uint32_t key, uint32_t payload);

/* Returns when all workers of the chip with lower numbers have come to the next barrier. */
void wait_for_turn(void);

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

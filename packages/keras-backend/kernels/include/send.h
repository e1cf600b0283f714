/* The send queue as C and assembly see it; runtime/send.c and runtime/send.S. */
#ifndef SEND_H
#define SEND_H

#define QUEUE_LENGTH 256 /* a power of two */
/* Packets with gaps of so many cycles or fewer leave in pairs, which halves the number of interrupts. */
#define SEND_PAIR_GAP 400

/* Offsets in SendState. */
#define SEND_APPENDED 0
#define SEND_SENT 4
#define SEND_RUNS 8
#define SEND_HIGH_WATER 12
#define SEND_GAP 16
#define SEND_BACK_GAP 20
#define SEND_BACK_CLASS 24
#define SEND_QUEUE 28

#ifndef __ASSEMBLER__
#include <stddef.h>
#include <stdint.h>

typedef struct {
  uint32_t key, payload;
} QueuedPacket;

typedef struct {
  volatile uint32_t appended, sent; /* packets since the start; the queue holds the difference */
  volatile uint32_t runs;           /* timer 1 counts down to the next packet */
  uint32_t highWater;
  uint32_t gap;                     /* core cycles from a packet to the next */
  uint32_t backGap, backClass;      /* the same after packets whose keys have this top byte */
  QueuedPacket queue[QUEUE_LENGTH];
} SendState;
_Static_assert(offsetof(SendState, sent) == SEND_SENT, "sent");
_Static_assert(offsetof(SendState, runs) == SEND_RUNS, "runs");
_Static_assert(offsetof(SendState, highWater) == SEND_HIGH_WATER, "highWater");
_Static_assert(offsetof(SendState, gap) == SEND_GAP, "gap");
_Static_assert(offsetof(SendState, backGap) == SEND_BACK_GAP, "backGap");
_Static_assert(offsetof(SendState, backClass) == SEND_BACK_CLASS, "backClass");
_Static_assert(offsetof(SendState, queue) == SEND_QUEUE, "queue");

extern SendState send_state;
void send_interrupt(void);
/* What the assembly leaves to C: a full queue, a timer that stands still. */
void send_wait_for_room(void);
void send_start(void);
#endif
#endif

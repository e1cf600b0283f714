/* Queue of outgoing multicast packets, emptied by timer 1 at a fixed pace so that no router has to drop. */
#include "runtime.h"

#define QUEUE_LENGTH 256u /* a power of two; the ring is full with one less */

typedef struct {
  uint32_t key, payload;
} QueuedPacket;

static QueuedPacket queue[QUEUE_LENGTH];
static volatile uint32_t first, last; /* next to send, next free */
static volatile uint32_t timer_runs;
static uint32_t gap;
volatile SendStatistics send_statistics;

/* Every `gap` cycles while packets wait. A full transmit register leaves the packet for the next time. */
__attribute__((interrupt("IRQ"))) static void send_interrupt(void) {
  TIMER1_CLEAR = 0;
  uint32_t index = first;
  if (index == last) {
    TIMER1_CONTROL = TIMER_OFF;
    timer_runs = false;
  } else if (COMMS_TRANSMIT_CONTROL & COMMS_NOT_FULL) {
    COMMS_TRANSMIT_DATA = queue[index].payload;
    COMMS_TRANSMIT_KEY = queue[index].key;
    first = (index + 1) % QUEUE_LENGTH;
    send_statistics.sent += 1;
  }
  VIC_VECTOR = 0;
}

void send_initialise(void) {
  COMMS_TRANSMIT_CONTROL = COMMS_MULTICAST_WITH_PAYLOAD;
  TIMER1_CONTROL = TIMER_OFF;
  TIMER1_CLEAR = 0;
}

void send_setup(uint32_t cycles) {
  gap = cycles;
  interrupt_bind(1, INTERRUPT_TIMER1, send_interrupt);
}

/* Sleeps until the next interrupt unless the send interrupt has just changed `*watched`. */
static void doze(const volatile uint32_t *watched, uint32_t value) {
  uint32_t previous = interrupts_disable();
  if (*watched == value) {
    wait_for_interrupt();
  }
  interrupts_restore(previous);
}

static void wait_while_full(uint32_t next) {
  if (next != first) {
    return;
  }
  rest_begin();
  while (next == first) {
    doze(&first, next);
  }
  rest_end();
}

static void wait_until_idle(void) {
  rest_begin();
  while (timer_runs) {
    doze(&timer_runs, true);
  }
  rest_end();
}

static void append(uint32_t key, uint32_t payload) {
  uint32_t index = last;
  uint32_t next = (index + 1) % QUEUE_LENGTH;
  wait_while_full(next);
  queue[index].key = key;
  queue[index].payload = payload;
  last = next;
  uint32_t waiting = (next - first) % QUEUE_LENGTH;
  if (waiting > send_statistics.highWater) {
    send_statistics.highWater = waiting;
  }
}

/* The first packet leaves after `delay`, the next ones every `gap`. */
static void start_timer(uint32_t delay) {
  uint32_t previous = interrupts_disable();
  if (!timer_runs) {
    timer_runs = true;
    TIMER1_LOAD = delay;
    TIMER1_NEXT_LOAD = gap;
    TIMER1_CONTROL = TIMER_PERIODIC_INTERRUPT;
  }
  interrupts_restore(previous);
}

void send_packet(uint32_t key, uint32_t payload) {
  append(key, payload);
  start_timer(gap);
}

void send_later(uint32_t key, uint32_t payload, uint32_t delay) {
  wait_until_idle();
  append(key, payload);
  start_timer(delay > gap ? delay : gap);
}

/* Queue of outgoing multicast packets, emptied by timer 1 at a fixed pace so that no router has to drop. */
#include "runtime.h"

#define QUEUE_LENGTH 256u /* a power of two */

typedef struct {
  uint32_t key, payload;
} QueuedPacket;

static QueuedPacket queue[QUEUE_LENGTH];
static volatile uint32_t appended, sent; /* packets since the start; the queue holds the difference */
static volatile uint32_t timer_runs;
static uint32_t gap, first_delay, high_water;

/* Every `gap` cycles while packets wait. A full transmit register leaves the packet for the next time. */
__attribute__((interrupt("IRQ"))) static void send_interrupt(void) {
  TIMER1_CLEAR = 0;
  uint32_t number = sent;
  if (number == appended) {
    TIMER1_CONTROL = TIMER_OFF;
    timer_runs = false;
  } else if (COMMS_TRANSMIT_CONTROL & COMMS_NOT_FULL) {
    const QueuedPacket *packet = &queue[number % QUEUE_LENGTH];
    COMMS_TRANSMIT_DATA = packet->payload;
    COMMS_TRANSMIT_KEY = packet->key;
    sent = number + 1;
  }
  VIC_VECTOR = 0;
}

void send_initialise(void) {
  COMMS_TRANSMIT_CONTROL = COMMS_MULTICAST_WITH_PAYLOAD;
  TIMER1_CONTROL = TIMER_OFF;
  TIMER1_CLEAR = 0;
}

void send_setup(uint32_t cycles, uint32_t delay) {
  gap = cycles;
  first_delay = delay;
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

static void wait_while_full(uint32_t number) {
  rest_begin();
  while (number - sent == QUEUE_LENGTH) {
    doze(&sent, number - QUEUE_LENGTH);
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

/* The first packet leaves after `delay`, the next ones every `gap`. The timer stands still, so nothing can interfere. */
static void start_timer(uint32_t delay) {
  timer_runs = true;
  TIMER1_LOAD = delay;
  TIMER1_NEXT_LOAD = gap;
  TIMER1_CONTROL = TIMER_PERIODIC_INTERRUPT;
}

static void append(uint32_t key, uint32_t payload) {
  uint32_t number = appended;
  uint32_t waiting = number - sent;
  if (waiting == QUEUE_LENGTH) {
    wait_while_full(number);
  }
  if (waiting > high_water) {
    high_water = waiting;
  }
  queue[number % QUEUE_LENGTH] = (QueuedPacket){key, payload};
  appended = number + 1;
}

void send_packet(uint32_t key, uint32_t payload) {
  append(key, payload);
  if (!timer_runs) { /* had the timer just stopped, it would have seen the packet */
    start_timer(first_delay);
  }
}

void send_later(uint32_t key, uint32_t payload, uint32_t delay) {
  wait_until_idle();
  append(key, payload);
  start_timer(delay > gap ? delay : gap);
}

SendStatistics send_report(void) {
  static uint32_t reported;
  uint32_t total = sent;
  SendStatistics statistics = {.sent = total - reported, .highWater = high_water};
  reported = total;
  high_water = 0;
  return statistics;
}

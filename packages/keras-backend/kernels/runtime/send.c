/* Queue of outgoing multicast packets, emptied by timer 1 at a fixed pace so that no router has to drop. send.S does the hot parts. */
#include "send.h"
#include "runtime.h"

/* send_square wants this many places. */
#define ROOM 4u
#define NO_CLASS 256u

SendState send_state;
static uint32_t first_delay;

void send_initialise(void) {
  COMMS_TRANSMIT_CONTROL = COMMS_MULTICAST_WITH_PAYLOAD;
  TIMER1_CONTROL = TIMER_OFF;
  TIMER1_CLEAR = 0;
}

void send_setup(uint32_t cycles, uint32_t delay) {
  send_state.gap = cycles;
  send_state.backClass = NO_CLASS;
  first_delay = delay;
  interrupt_bind(1, INTERRUPT_TIMER1, send_interrupt);
}

void send_setup_class(uint32_t key, uint32_t cycles) {
  send_state.backClass = key >> 24;
  send_state.backGap = cycles;
}

/* Sleeps until the next interrupt unless the send interrupt has just changed `*watched`. */
static void doze(const volatile uint32_t *watched, uint32_t value) {
  uint32_t previous = interrupts_disable();
  if (*watched == value) {
    wait_for_interrupt();
  }
  interrupts_restore(previous);
}

static uint32_t queue_rest_begin(void) {
  uint32_t usual = rest_phase;
  rest_phase = queue_phase;
  rest_begin();
  return usual;
}

static void queue_rest_end(uint32_t usual) {
  rest_end();
  rest_phase = usual;
}

void send_wait_for_room(void) {
  uint32_t usual = queue_rest_begin();
  for (;;) {
    uint32_t sent = send_state.sent;
    if (send_state.appended - sent + ROOM <= QUEUE_LENGTH) {
      break;
    }
    doze(&send_state.sent, sent);
  }
  queue_rest_end(usual);
}

static void wait_until_idle(void) {
  uint32_t usual = queue_rest_begin();
  while (send_state.runs) {
    doze(&send_state.runs, true);
  }
  queue_rest_end(usual);
}

void send_flush(void) {
  uint32_t previous = interrupts_disable();
  send_state.sent = send_state.appended;
  interrupts_restore(previous);
}

/* The first packet leaves after `first_delay`. The timer stands still, so nothing can interfere. */
void send_start(void) {
  send_state.runs = true;
  TIMER1_LOAD = first_delay;
  TIMER1_CONTROL = TIMER_PERIODIC_INTERRUPT;
}

void send_later(uint32_t key, uint32_t payload, uint32_t delay) {
  wait_until_idle();
  uint32_t usual = first_delay;
  first_delay = delay > send_state.gap ? delay : send_state.gap;
  send_packet(key, payload);
  first_delay = usual;
}

SendStatistics send_report(void) {
  static uint32_t reported;
  uint32_t total = send_state.sent;
  SendStatistics statistics = {.sent = total - reported, .highWater = send_state.highWater};
  reported = total;
  send_state.highWater = 0;
  return statistics;
}

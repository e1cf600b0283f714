/*
 * Computes all the time and sends a packet now and then, until signal EXIT. user0: key; user1: steps of the
 * computation between two packets; user2, after the end: packets that this core received; user3: what it computed.
 */
#include "runtime.h"

const char program_name[16] = "busy";
enum { SIGNAL_EXIT = 8 };

static volatile uint32_t received;

static void count(uint32_t interrupted) {
  (void)interrupted;
  (void)PACKET_RECEIVED_KEY;
  received++;
}

void main(void) {
  uint32_t value = 1;
  on_fast_interrupt(SOURCE_MULTICAST, count);
  while (!(take_signals() >> SIGNAL_EXIT & 1)) {
    for (uint32_t step = block->user[1]; step > 0; step--) value = value * step + step;
    send_packet(block->user[0], value);
  }
  block->user[2] = received;
  block->user[3] = value;
}

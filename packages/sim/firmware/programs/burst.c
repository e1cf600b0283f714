/*
 * Sends packets as fast as they are taken, at signal USR0. user0: key; user1: how many, 0 for none; user2: 1 with
 * payload; afterwards the packets that this core received; user3: cycles that sending took.
 */
#include "runtime.h"

const char program_name[16] = "burst";
enum { SIGNAL_EXIT = 8, SIGNAL_USER0 = 10 };

static void count(uint32_t interrupted) {
  (void)interrupted;
  (void)PACKET_RECEIVED_KEY;
  block->user[2]++;
}

static uint32_t send_burst(uint32_t key, uint32_t packets, bool has_payload) {
  uint32_t start = TIMER_VALUE(1);
  PACKET_CONTROL = has_payload ? PACKET_HAS_PAYLOAD : 0;
  for (; packets > 0; packets--) {
    while (!(PACKET_CONTROL & PACKET_NOT_FULL)) continue;
    if (has_payload) PACKET_PAYLOAD = packets;
    PACKET_KEY = key;
  }
  return start - TIMER_VALUE(1);
}

void main(void) {
  bool has_payload = block->user[2] != 0;
  block->user[2] = 0;
  TIMER_LOAD(1) = 0xffffffff;
  TIMER_CONTROL(1) = TIMER_FREE;
  on_fast_interrupt(SOURCE_MULTICAST, count);
  for (uint32_t signals = 0; !(signals >> SIGNAL_EXIT & 1); signals = take_signals()) {
    if (signals >> SIGNAL_USER0 & 1 && block->user[1] > 0) {
      block->user[3] = send_burst(block->user[0], block->user[1], has_payload);
    }
    wait_for_interrupt();
  }
}

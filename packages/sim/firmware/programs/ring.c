/*
 * Passes a packet on around a ring of cores. The host sets user0, the key to send with, and user1, how often the
 * packet goes from core to core if this core starts it at signal USR0, else 0. user2: packets received;
 * user3: cycles from the start to the end of the packet's way on the core that starts it.
 */
#include "runtime.h"

const char program_name[16] = "ring";
enum { SIGNAL_EXIT = 8, SIGNAL_USER0 = 10 };

static volatile uint32_t hops_left;
static volatile bool is_over;

static void pass_on(uint32_t interrupted) {
  (void)interrupted;
  uint32_t payload = PACKET_RECEIVED_PAYLOAD;
  (void)PACKET_RECEIVED_KEY;
  block->user[2]++;
  if (payload > 1) send_packet(block->user[0], payload - 1);
  else is_over = true;
}

void main(void) {
  on_fast_interrupt(SOURCE_MULTICAST, pass_on);
  TIMER_LOAD(1) = 0xffffffff;
  TIMER_CONTROL(1) = TIMER_FREE;
  uint32_t start = 0;
  for (uint32_t signals = 0; !(signals >> SIGNAL_EXIT & 1); signals = take_signals()) {
    if (signals >> SIGNAL_USER0 & 1 && block->user[1] > 0) {
      uint32_t status = interrupts_off();
      start = TIMER_VALUE(1);
      send_packet(block->user[0], block->user[1]);
      interrupts_restore(status);
    }
    if (is_over && start != 0) {
      block->user[3] = start - TIMER_VALUE(1);
      start = 0;
    }
    wait_for_interrupt();
  }
}

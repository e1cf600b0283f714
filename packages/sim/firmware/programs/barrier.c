/*
 * Goes through as many barriers as user0 says, SYNC0 and SYNC1 by turns, a while of its own after each. user1: barriers
 * passed; user2: cycles from the start until the last was passed.
 */
#include "runtime.h"

const char program_name[16] = "barrier";

void main(void) {
  TIMER_LOAD(1) = 0xffffffff;
  TIMER_CONTROL(1) = TIMER_FREE;
  for (uint32_t passed = 0; passed < block->user[0]; passed++) {
    synchronise(passed & 1);
    block->user[2] = 0xffffffff - TIMER_VALUE(1);
    block->user[1] = passed + 1;
    for (volatile uint32_t spin = 100 * core; spin > 0; spin--) continue;
  }
}

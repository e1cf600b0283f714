/*
 * user0: ticks of a period of 1 ms in 10.5 ms; user1: cycles from the first to the last, by the other timer;
 * user2: interrupts of a timer that stops, in ten times its load; user3: cycles in 100 counts of one by 16.
 */
#include "runtime.h"

const char program_name[16] = "timers";
enum { CYCLES_PER_MS = 200000, MICROSECONDS_500 = 100000 };

static volatile uint32_t ticks, first, last, stops;

static void tick(uint32_t interrupted) {
  (void)interrupted;
  TIMER_CLEAR(0) = 1;
  last = TIMER_VALUE(1);
  if (ticks++ == 0) first = last;
}

static void stop(uint32_t interrupted) {
  (void)interrupted;
  TIMER_CLEAR(1) = 1;
  stops++;
}

void main(void) {
  TIMER_LOAD(1) = 0xffffffff;
  TIMER_CONTROL(1) = TIMER_FREE;
  on_interrupt(SOURCE_TIMER_1, 0, tick);
  TIMER_LOAD(0) = CYCLES_PER_MS;
  TIMER_CONTROL(0) = TIMER_PERIODIC;
  while (ticks < 10) wait_for_interrupt();
  TIMER_CONTROL(0) = 0;
  block->user[0] = ticks;
  block->user[1] = first - last;

  on_interrupt(SOURCE_TIMER_2, 1, stop);
  TIMER_LOAD(1) = 1000;
  TIMER_CONTROL(1) = TIMER_ONCE;
  TIMER_LOAD(0) = 0xffffffff;
  TIMER_CONTROL(0) = TIMER_FREE;
  while (TIMER_VALUE(0) > 0xffffffff - 10000) continue;
  block->user[2] = stops;

  TIMER_CONTROL(1) = TIMER_FREE | TIMER_BY_16;
  TIMER_LOAD(1) = 1000;
  TIMER_LOAD(0) = 0xffffffff;
  while (TIMER_VALUE(1) > 900) continue;
  block->user[3] = 0xffffffff - TIMER_VALUE(0);
}

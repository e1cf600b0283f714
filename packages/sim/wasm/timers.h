/* The pair of timers; ../src/peripherals/timer.ts. */
#pragma once

#include "interrupts.h"

enum { TIMER_ENABLE = 1 << 7, PERIODIC = 1 << 6, INTERRUPT_ENABLE = 1 << 5, WIDE = 1 << 1, ONE_SHOT = 1 << 0 };
#define TIMER(name) (core->words[KEPT_Timers + TIMER_WORDS * timer + TIMER_##name])
#define SINCE (core->numbers[KEPT_TimerSince / 2 + timer])

static inline int32 timer_runs(Core *core, int32 timer) { return (TIMER(Control) & TIMER_ENABLE) && !TIMER(Stopped); }
static inline double prescale(Core *core, int32 timer) {
  int32 bits = TIMER(Control) >> 2 & 3;
  return bits == 0 ? 1 : bits == 1 ? 16 : 256;
}
static inline uint32 counter_mask(Core *core, int32 timer) { return TIMER(Control) & WIDE ? 0xffffffff : 0xffff; }
static inline double at_least_one(uint32 count) { return count == 0 ? 1 : (double)count; }
static inline double zero_at(Core *core, int32 timer) {
  return SINCE + at_least_one(TIMER(Count) & counter_mask(core, timer)) * prescale(core, timer);
}
static inline double timer_event(Core *core, int32 timer) {
  int32 interrupts = (TIMER(Control) & INTERRUPT_ENABLE) && !TIMER(Raw);
  return interrupts && timer_runs(core, timer) ? zero_at(core, timer) : INFINITE;
}
static void update_timer_line(Core *core, int32 timer) {
  uint32 line = 1u << (FIRST_TIMER_SOURCE + timer);
  set_lines(core, line, TIMER(Raw) && (TIMER(Control) & INTERRUPT_ENABLE) ? line : 0);
}

static void settle_timer(Core *core, int32 timer) {
  if (!timer_runs(core, timer)) return;
  double now = present(core);
  double zero = zero_at(core, timer);
  if (now < zero) return;
  WORD(KnowsNextEvent) = 0;
  TIMER(Raw) = 1;
  if (TIMER(Control) & ONE_SHOT) {
    TIMER(Stopped) = 1;
    TIMER(Count) = 0;
  } else {
    uint32 mask = counter_mask(core, timer);
    int32 is_periodic = TIMER(Control) & PERIODIC;
    double counts = is_periodic ? at_least_one(TIMER(Reload) & mask) : mask + 1.0;
    double period = counts * prescale(core, timer);
    SINCE = zero + __builtin_floor((now - zero) / period) * period;
    TIMER(Count) = is_periodic ? TIMER(Reload) : (int32)mask;
  }
  update_timer_line(core, timer);
}

static uint32 timer_value(Core *core, int32 timer) {
  uint32 count = TIMER(Count) & counter_mask(core, timer);
  if (!timer_runs(core, timer)) return count;
  double counted = __builtin_floor((present(core) - SINCE) / prescale(core, timer));
  return counted >= count ? 0 : count - (uint32)counted;
}

static void start_timer(Core *core, int32 timer, uint32 count) {
  TIMER(Count) = count;
  SINCE = present(core);
  TIMER(Stopped) = 0;
}

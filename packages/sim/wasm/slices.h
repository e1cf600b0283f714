/* Runs a core slice by slice, and keeps its time; ../src/arm/slices.ts and ../src/arm/local-time.ts. */
#pragma once

#include "exceptions.h"
#include "registers.h"

static inline void take_turns(Core *core, double cycle) {
  NUMBER(TurnsUntil) = (__builtin_floor(cycle / WINDOW_CYCLES) + 1) * WINDOW_CYCLES;
  NUMBER(End) = smaller(NUMBER(End), NUMBER(Turn));
}

static void sleep_until(Core *core, double cycle) {
  if (cycle <= NUMBER(Cycle)) return;
  take_turns(core, cycle - 1);
  NUMBER(CyclesAsleep) += cycle - NUMBER(Cycle);
  NUMBER(Cycle) = cycle;
}

static void settle(Core *core) {
  settle_timer(core, 0);
  settle_timer(core, 1);
  if (smaller(NUMBER(TransferEnd), NUMBER(OfferAgain)) <= NUMBER(Cycle)) settle_controllers();
}

static void take_interrupt(Core *core) {
  if (WORD(FastInterrupt) && !(WORD(Control) & FAST_DISABLE)) enter_exception(core, FAST, DISABLE | FAST_DISABLE, 0x1c);
  else if (WORD(Interrupt) && !(WORD(Control) & DISABLE)) enter_exception(core, INTERRUPT_MODE, DISABLE, 0x18);
  else return;
  NUMBER(Cycle) += ENTRY_CYCLES;
  NUMBER(CyclesAwake) += ENTRY_CYCLES;
}

/* Runs translated code, and what lies between, until the slice is over. */
static void execute(Core *core) {
  if (COLD(!WORD(Translates))) {
    interpret_slice();
    return;
  }
  int32 how = LEAVING_ENTER;
  for (;;) {
    uint32 program_counter = registers()[15];
    char *entries = (char *)STATE(Entries);
    uint32 offset = WORD(Thumb) ? THUMB_ENTRIES + program_counter : program_counter >> 1;
    int32 function = program_counter < ITCM_BYTES && entries != 0 ? *(unsigned short *)(entries + offset) : 0;
    if (COLD(function == 0)) {
      how = elsewhere(how);
      if (how == STOP) return;
    } else {
      int32 left = ((int32(*)(uint32))function)(program_counter);
      WORD(Thumb) = left >> THUMB_SHIFT;
      how = left & LEAVING_MASK;
    }
    if (how == LEAVING_CONTINUE) continue;
    if (COLD(how == LEAVING_FAULT)) {
      fault();
      return;
    }
    if ((STATE(Elapsed) & 0xffff) >= STATE(Limit)) return;
  }
}

static void account(Core *core) {
  double spent = STATE(Stalled) + (STATE(Elapsed) & 0xffff);
  NUMBER(Instructions) += (uint32)STATE(Elapsed) >> 16;
  STATE(Elapsed) = 0;
  STATE(Stalled) = 0;
  NUMBER(Cycle) += spent;
  NUMBER(CyclesAwake) += spent;
}

static void run_slice(Core *core) {
  double next = next_event(core);
  if (next <= NUMBER(Cycle)) {
    settle(core);
    next = next_event(core);
  }
  double until = smaller(NUMBER(End), next);
  NUMBER(SliceEnd) = until;
  int32 requests = is_requesting(core);
  if (WORD(Asleep)) {
    if (!requests) {
      take_turns(core, NUMBER(Cycle));
      sleep_until(core, smaller(NUMBER(End), until));
      return;
    }
    WORD(Asleep) = 0;
  }
  WORD(WasInterrupt) = WORD(Interrupt);
  WORD(WasFastInterrupt) = WORD(FastInterrupt);
  STATE(Requested) = requests;
  if (requests) take_interrupt(core);
  if (COLD(NUMBER(DelayEnd) > NUMBER(Cycle)) && pass_delay(until)) return;
  NUMBER(DelayEnd) = 0;
  STATE(Elapsed) = 0;
  STATE(Stalled) = 0;
  STATE(Limit) = (int32)smaller(LONGEST_SLICE, larger(1, until - NUMBER(Cycle)));
  execute(core);
  account(core);
}

/* Whether what begins at r15 may be a delay loop, by its first instruction; see delay-loop.ts. */
static int32 may_delay(Core *core, uint32 address) {
  if (address >= ITCM_BYTES - 8) return 0;
  char *memory = (char *)WORD(Memories);
  if (WORD(Thumb) == 1) return (*(unsigned short *)(memory + (address & ~1)) & 0xf8ff) == 0x3801;
  return (*(uint32 *)(memory + (address & ~3)) & 0xfff00fff) == 0xe2500001;
}

/* What is to be done when a run stopped before its end; afterwards the core has run to its turn. */
IMPORT("stopped") void stopped(void);

static inline int32 waits_for_interrupt(Core *core) { return WORD(Asleep) && !is_requesting(core); }

/* Runs a core to its end; its registers are where they are kept. Tells 0 when it stopped before. */
EXPORT("run") int32 run(Core *core) {
  STATE(Kept) = (int32)core;
  STATE(Registers) = (int32)core;
  STATE(Memories) = WORD(Memories);
  STATE(SdramTable) = WORD(SdramTable);
  STATE(Entries) = WORD(EntriesMade) == STATE(EntriesMade) ? WORD(Entries) : 0;
  STATE(Running) = (int32)core;
  STATE(Stop) = 0;
  while (NUMBER(Cycle) < NUMBER(End)) {
    run_slice(core);
    if (COLD(STATE(Stop))) return 0;
  }
  uint32 program_counter = registers()[15];
  int32 is_again_there = program_counter == (uint32)WORD(LastStop) && !WORD(Asleep);
  WORD(LastStop) = program_counter;
  NUMBER(DelayEnd) = is_again_there && may_delay(core, program_counter) ? delay_end() : 0;
  STATE(Running) = 0;
  return 1;
}

static void run_until(Core *core, double until, double limit) {
  double turn = __builtin_ceil(until / NANOSECONDS_PER_CYCLE);
  NUMBER(Turn) = turn;
  int32 leads = limit > until && NUMBER(Cycle) >= NUMBER(TurnsUntil);
  NUMBER(End) = leads ? __builtin_ceil(limit / NANOSECONDS_PER_CYCLE) : turn;
  if (COLD(!WORD(Started))) NUMBER(Cycle) = larger(NUMBER(Cycle), turn);
  else if (waits_for_interrupt(core) && next_event(core) >= turn) sleep_until(core, turn);
  else {
    int32 is_over = run(core);
    if (COLD(registers() != core->words)) put_away();
    if (COLD(!is_over)) stopped();
  }
}

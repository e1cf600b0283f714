/* The interrupt controller; ../src/peripherals/vic.ts. */
#pragma once

#include "core.h"

enum { SLOTS = 16, SLOT_ENABLE = 1 << 5, UNVECTORED = SLOTS, IDLE = SLOTS + 1 };

static int32 highest_pending(Core *core, uint32 pending) {
  if (pending == 0) return IDLE;
  for (int32 slot = 0; slot < SLOTS; slot++) {
    int32 control = core->words[KEPT_VectorControls + slot];
    if ((control & SLOT_ENABLE) && (pending >> (control & 31) & 1)) return slot;
  }
  return UNVECTORED;
}

static inline uint32 pending_interrupts(Core *core) {
  return (WORD(Lines) | WORD(Soft)) & WORD(Enabled) & ~WORD(Select);
}

static inline int32 priority(Core *core) {
  uint32 in_service = WORD(InService);
  return in_service == 0 ? IDLE : __builtin_ctz(in_service);
}

static inline void update_interrupts(Core *core) {
  uint32 pending = pending_interrupts(core);
  WORD(FastInterrupt) = ((WORD(Lines) | WORD(Soft)) & WORD(Enabled) & WORD(Select)) != 0;
  /* Nothing in service is behind everything that can be pending. */
  WORD(Interrupt) = pending != 0 && (WORD(InService) == 0 || highest_pending(core, pending) < priority(core));
}

static void set_lines(Core *core, uint32 mask, uint32 levels) {
  uint32 lines = (WORD(Lines) & ~mask) | (levels & mask);
  if (lines == (uint32)WORD(Lines)) return;
  WORD(Lines) = lines;
  update_interrupts(core);
}

static inline int32 is_requesting(Core *core) { return WORD(Interrupt) | WORD(FastInterrupt); }

static int32 enter_highest(Core *core) {
  int32 highest = highest_pending(core, pending_interrupts(core));
  if (highest >= priority(core)) return WORD(DefaultVector);
  WORD(InService) |= 1 << highest;
  update_interrupts(core);
  return highest == UNVECTORED ? WORD(DefaultVector) : core->words[KEPT_Vectors + highest];
}

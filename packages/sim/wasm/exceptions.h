/* Modes, entry to exceptions and return from them; ../src/arm/cpu.ts and ../src/arm/general.ts. */
#pragma once

#include "core.h"

enum { USER = 0x10, FAST = 0x11, INTERRUPT_MODE = 0x12, MODE_BITS = 0x1f, FAST_DISABLE = 1 << 6, DISABLE = 1 << 7 };
#define SAVED_STATUS_BITS 0xf80000ffu

/* Banks of the modes with bit 4 set, by their lower four bits: a digit for each. */
#define BANKS 0x0000500040003210ull

static inline int32 bank_of(int32 mode) { return mode & 0x10 ? BANKS >> 4 * (mode & 15) & 15 : 0; }

static void switch_mode(Core *core, int32 *words, int32 mode) {
  int32 from = bank_of(WORD(Control) & MODE_BITS);
  int32 to = bank_of(mode);
  WORD(Control) = (WORD(Control) & (DISABLE | FAST_DISABLE)) | mode;
  if (from == to) return;
  int32 *left = core->words + KEPT_StackAndLink + 2 * from;
  int32 *entered = core->words + KEPT_StackAndLink + 2 * to;
  left[0] = words[13];
  left[1] = words[14];
  words[13] = entered[0];
  words[14] = entered[1];
  if (from != 1 && to != 1) return;
  for (int32 index = 0; index < 5; index++) {
    int32 other = core->words[KEPT_OtherHigh + index];
    core->words[KEPT_OtherHigh + index] = words[8 + index];
    words[8 + index] = other;
  }
}

static uint32 status(Core *core, const int32 *words) {
  return ((uint32)words[SLOT_Negative] & 1u << 31) | (uint32)(words[SLOT_Zero] == 0) << 30 |
         (uint32)(words[SLOT_Carry] != 0) << 29 | ((uint32)words[SLOT_Overflow] >> 31) << 28 |
         ((uint32)words[SLOT_Saturated] >> 31) << 27 | (WORD(Thumb) == 1 ? 1u << 5 : 0) | WORD(Control);
}

static void set_status(Core *core, int32 *words, uint32 value) {
  words[SLOT_Negative] = value;
  words[SLOT_Zero] = ~value & 1u << 30;
  words[SLOT_Carry] = value >> 29 & 1;
  words[SLOT_Overflow] = value << 3;
  words[SLOT_Saturated] = value << 4;
  WORD(Thumb) = value >> 5 & 1;
  switch_mode(core, words, value & MODE_BITS);
  WORD(Control) = value & (DISABLE | FAST_DISABLE | MODE_BITS);
}

static void enter_exception(Core *core, int32 mode, int32 disables, int32 vector) {
  int32 *words = registers();
  uint32 before = status(core, words);
  int32 next = words[15] + 4;
  switch_mode(core, words, mode);
  core->words[KEPT_SavedStatus + bank_of(mode)] = before & SAVED_STATUS_BITS;
  words[14] = next;
  WORD(Thumb) = 0;
  WORD(Control) |= disables;
  words[15] = WORD(VectorBase) + vector;
}

static inline uint32 rotated_constant(uint32 word) {
  uint32 distance = word >> 7 & 30;
  return __builtin_rotateright32(word & 0xff, distance);
}

/* `subs pc, lr, #constant`, `mcr p15, 0, rd, c7, c0, 4`, `msr cpsr_c, rm` and `ldmia rn!, {..., pc}^`. */
#define RETURN_MASK 0x0ffff000u
#define RETURN_BITS 0x025ef000u
#define WAIT_MASK 0x0fff0fffu
#define WAIT_BITS 0x0e070f90u
#define CONTROL_MASK 0x0ffffff0u
#define CONTROL_BITS 0x0121f000u
#define LOAD_RETURN_MASK 0x0ff08000u
#define LOAD_RETURN_BITS 0x08f08000u
#define DTCM_BASE 0x00400000u

/* Takes the saved status, if the mode has one, and goes on at an address. */
static int32 return_to(Core *core, int32 *words, int32 target) {
  int32 bank = bank_of(WORD(Control) & MODE_BITS);
  if (bank != 0) set_status(core, words, core->words[KEPT_SavedStatus + bank]);
  words[15] = WORD(Thumb) == 1 ? target & ~1 : target & ~3;
  if (STATE(Requested)) end_slice();
  return 1 + (LEAVING_ENTER | WORD(Thumb) << THUMB_SHIFT);
}

/* Loads registers and the program counter from the data memory; false when they are elsewhere. */
static int32 load_and_return(Core *core, int32 *words, uint32 word, int32 *told) {
  uint32 base = word >> 16 & 15;
  uint32 list = word & 0x7fff;
  uint32 address = words[base];
  uint32 bytes = 4 * (__builtin_popcount(list) + 1);
  if (bank_of(WORD(Control) & MODE_BITS) == 0 || base == 15 || (list >> base & 1) || (address & 3) ||
      address - DTCM_BASE > DTCM_BYTES - bytes) {
    return 0;
  }
  int32 *from = (int32 *)(WORD(Memories) + ITCM_BYTES + (address - DTCM_BASE));
  words[base] = address + bytes;
  for (; list != 0; list &= list - 1) words[__builtin_ctz(list)] = *from++;
  *told = return_to(core, words, *from);
  return 1;
}

EXPORT("call") int32 call(int32 operation_and_state, uint32 word, int32 program_counter) {
  Core *core = running();
  int32 *words = registers();
  int32 operation = operation_and_state & 0xffff;
  int32 is_privileged = (WORD(Control) & MODE_BITS) != USER;
  int32 told;
  WORD(Thumb) = operation_and_state >> 16;
  if (operation == OP_GeneralDataProcessing && (word & RETURN_MASK) == RETURN_BITS) {
    return return_to(core, words, words[14] - rotated_constant(word));
  }
  if (operation == OP_GeneralCoprocessor && (word & WAIT_MASK) == WAIT_BITS && is_privileged) {
    WORD(Asleep) = 1;
    end_slice();
    words[15] += 4;
    return 1 + LEAVING_ENTER;
  }
  if (operation == OP_GeneralStatus && (word & CONTROL_MASK) == CONTROL_BITS && (word & 15) != 15 && is_privileged) {
    int32 value = words[word & 15];
    switch_mode(core, words, value & MODE_BITS);
    WORD(Control) = value & (DISABLE | FAST_DISABLE | MODE_BITS);
    if (STATE(Requested)) end_slice();
    words[15] += 4;
    return STATE(Limit) != 0 ? GO_ON : 1 + LEAVING_ENTER;
  }
  if (operation == OP_GeneralBlock && (word & LOAD_RETURN_MASK) == LOAD_RETURN_BITS &&
      load_and_return(core, words, word, &told)) {
    return told;
  }
  return call_slowly(operation_and_state, word, program_counter);
}

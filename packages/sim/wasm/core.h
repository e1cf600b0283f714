/* What a core keeps, what the state of the running core holds, and what TypeScript does for it. */
#pragma once

#include "layout.h"

typedef int int32;
typedef unsigned uint32;

/* What a core keeps, by words and by numbers of 64 bits. */
typedef union {
  int32 words[KEPT_WORDS];
  double numbers[KEPT_WORDS / 2];
} Core;

#define STATE(name) (*(int32 *)(SLOT_##name * 4))
#define WORD(name) (core->words[KEPT_##name])
#define NUMBER(name) (core->numbers[KEPT_##name / 2])
#define HOT(condition) __builtin_expect(!!(condition), 1)
#define COLD(condition) __builtin_expect(!!(condition), 0)
#define EXPORT(name) __attribute__((export_name(name)))
#define IMPORT(name) __attribute__((import_module("core"), import_name(name)))

/* Ways of leaving translated code, see exits.ts; Stop is what `elsewhere` tells in place of one when the slice is over. */
enum { LEAVING_ENTER = 0, LEAVING_CONTINUE = 1, LEAVING_FAULT = 2, LEAVING_MASK = 3, THUMB_SHIFT = 2, STOP = -1 };
/* What is told of a core that has been run: nothing, that it was, and that a packet comes later. */
enum { FINISHED = 1, FINISHED_AWAITING = 2 };
/* Told by `call` when translated code goes on behind the instruction; else a way of leaving plus 1. */
enum { GO_ON = 0 };
/* What a store tells, see slow-access.ts. */
enum { STORED_DONE = 0, STORED_ENDED_SLICE = 2 };
#define INFINITE __builtin_inf()

/* Goes on where no translation is known, or faulted there; tells how to go on, or STOP. */
IMPORT("elsewhere") int32 elsewhere(int32 how);
IMPORT("fault") void fault(void);
/* Puts the registers back to where they are kept. */
IMPORT("putAway") void put_away(void);
/* Interprets the slice. */
IMPORT("interpretSlice") void interpret_slice(void);
/* Settles the controllers of DMA and communications. */
IMPORT("settleControllers") void settle_controllers(void);
/* Passes rounds of a delay loop until a cycle; tells whether there were any. */
IMPORT("passDelay") int32 pass_delay(double until);
/* Cycle at which a delay loop at r15 ends; 0 when there is none. */
IMPORT("delayEnd") double delay_end(void);
/* Everything that is not done here. */
IMPORT("loadWord") int32 load_word_slowly(uint32 address);
IMPORT("loadHalf") int32 load_half_slowly(uint32 address);
IMPORT("loadByte") int32 load_byte_slowly(uint32 address);
IMPORT("storeWord") int32 store_word_slowly(uint32 address, int32 value);
IMPORT("storeHalf") int32 store_half_slowly(uint32 address, int32 value);
IMPORT("storeByte") int32 store_byte_slowly(uint32 address, int32 value);
IMPORT("loadPacked") int32 load_packed_slowly(uint32 list, int32 count, uint32 address);
IMPORT("storePacked") int32 store_packed_slowly(uint32 list, int32 count, uint32 address);
IMPORT("call") int32 call_slowly(int32 operation_and_state, uint32 word, int32 program_counter);

static inline Core *running(void) { return (Core *)STATE(Kept); }
static inline int32 *registers(void) { return (int32 *)STATE(Registers); }
static inline double larger(double a, double b) { return a > b ? a : b; }
static inline double smaller(double a, double b) { return a < b ? a : b; }

static inline double present(Core *core) { return NUMBER(Cycle) + STATE(Stalled) + (STATE(Elapsed) & 0xffff); }
static inline void end_slice(void) { STATE(Limit) = 0; }

static inline void stall(int32 cycles) {
  STATE(Stalled) += cycles;
  int32 left = STATE(Limit) - cycles;
  STATE(Limit) = left > 0 ? left : 0;
}

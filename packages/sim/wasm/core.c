/*
 * What a core does between pieces of translated code, in WebAssembly: slices and interrupts, the registers of its devices
 * that programs use most, and its way from one piece to the next. Nothing here is done otherwise than by the TypeScript of
 * ../src/arm and ../src/peripherals, which works on the same words and does all that is rare; what is not said here is
 * said there, in functions of the same names.
 */
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

/* --- Interrupt controller --- */

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

/* --- Timers --- */

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

/* --- Communications controller --- */

#define EMPTY (1u << 31)
#define OVERRUN (1u << 29)
#define NOT_FULL (1u << 28)
#define CONTROL_BYTE 0x00ff0000
#define RECEIVED (1u << 31)
#define ERROR_FREE (1u << 28)
enum { PAYLOAD_PRESENT = 1 << 1, POINT_TO_POINT = 1, NORMAL_ROUTE = 7, FAKE_ROUTE_SHIFT = 8 };

static inline int32 received_kind(Core *core) { return WORD(ReceivedControl) >> 6 & 3; }

static void update_communications_lines(Core *core) {
  uint32 lines = WORD(Waits) ? 1u << SOURCE_TransmitFull
                             : 1u << SOURCE_TransmitEmpty | 1u << SOURCE_TransmitNotFull;
  if (WORD(Sticky) & OVERRUN) lines |= 1u << SOURCE_TransmitOverrun;
  if (WORD(Received)) lines |= 1u << SOURCE_PacketReceived | 1u << (SOURCE_MulticastReceived + received_kind(core));
  set_lines(core,
            1u << SOURCE_TransmitFull | 1u << SOURCE_TransmitEmpty | 1u << SOURCE_TransmitNotFull |
                1u << SOURCE_TransmitOverrun | 1u << SOURCE_PacketReceived | 15u << SOURCE_MulticastReceived,
            lines);
}

static uint32 with_parity(uint32 control, uint32 key, uint32 payload) {
  uint32 unset = control & 0xfe;
  return __builtin_parity(unset ^ key ^ payload) ? unset : unset | 1;
}

/* A packet as it is left for the chip. */
typedef struct {
  double cycle;
  uint32 control, key, payload, has_payload;
} Sent;

/* Sends a packet; false when that is to be done by the chip. */
static int32 transmit(Core *core, uint32 value) {
  uint32 has_payload = WORD(HasPayload) != 0;
  uint32 base = (((uint32)WORD(TransmitControl) >> 16) & ~PAYLOAD_PRESENT) | (has_payload ? PAYLOAD_PRESENT : 0);
  if (COLD(WORD(Waits) || STATE(Sent) >= STATE(SendRoom) || base >> 6 == POINT_TO_POINT)) return 0;
  uint32 payload = has_payload ? WORD(Payload) : 0;
  WORD(HasPayload) = 0;
  uint32 route = (uint32)WORD(SourceAddress) >> 24 & 7;
  uint32 fake = route == NORMAL_ROUTE ? 0 : (route + 1) << FAKE_ROUTE_SHIFT;
  Sent *sent = (Sent *)(SENT + SENT_BYTES * STATE(Sent)++);
  *sent = (Sent){present(core), with_parity(base, value, payload) | fake, value, payload, has_payload};
  update_communications_lines(core);
  return 1;
}

/* --- Registers of devices --- */

/* Devices are seen twice, the second time with posted writes, which here take no other time. */
#define VIEW_BYTES 0x10000000u
static inline uint32 first_view(uint32 address) { return address >> 28 == 2 ? address - VIEW_BYTES : address; }

#define DEVICE_OF(address) (first_view(address) >> 24)
#define HIGH_INTERRUPTS 0xfffff000u
enum { COMMUNICATIONS = 0x10, TIMERS = 0x11, INTERRUPTS = 0x1f };

static double next_event(Core *core) {
  if (HOT(WORD(KnowsNextEvent))) return NUMBER(NextEvent);
  WORD(KnowsNextEvent) = 1;
  double timers = smaller(timer_event(core, 0), timer_event(core, 1));
  return NUMBER(NextEvent) = smaller(timers, smaller(NUMBER(TransferEnd), NUMBER(OfferAgain)));
}

static int32 device_written(Core *core) {
  int32 is_asked = (WORD(Interrupt) && !WORD(WasInterrupt)) || (WORD(FastInterrupt) && !WORD(WasFastInterrupt));
  STATE(Requested) = is_requesting(core);
  if (is_asked || next_event(core) < NUMBER(SliceEnd)) end_slice();
  return STATE(Limit) == 0 ? STORED_ENDED_SLICE : STORED_DONE;
}

static int32 load_device(uint32 address) {
  Core *core = running();
  int32 timer = address >> 5 & 1;
  switch (first_view(address)) {
    case 0x10000000:
      stall(DEVICE_CYCLES);
      return WORD(Sticky) | WORD(TransmitControl) | (WORD(Waits) ? 0 : EMPTY | NOT_FULL);
    case 0x1000000c:
      if (!WORD(Received)) break;
      stall(DEVICE_CYCLES);
      return RECEIVED | ERROR_FREE | 1u << received_kind(core) | WORD(Route) << 24 | WORD(ReceivedControl) << 16;
    case 0x10000010:
      stall(DEVICE_CYCLES);
      return WORD(Received) && WORD(ReceivedHasPayload) ? WORD(ReceivedPayload) : WORD(LastData);
    case 0x10000014:
      if (!WORD(Received) || (uint32)WORD(ReceivedControl) >> 6 == POINT_TO_POINT) break;
      stall(DEVICE_CYCLES);
      WORD(LastKey) = WORD(ReceivedKey);
      WORD(LastData) = WORD(ReceivedPayload);
      WORD(Received) = 0;
      update_communications_lines(core);
      return WORD(LastKey);
    case 0x11000004:
    case 0x11000024:
      stall(DEVICE_CYCLES);
      settle_timer(core, timer);
      return timer_value(core, timer);
    case 0x1f000030:
    case 0xfffff030:
      stall(DEVICE_CYCLES);
      return enter_highest(core);
  }
  return load_word_slowly(address);
}

static int32 store_device(uint32 address, int32 value) {
  Core *core = running();
  int32 timer = address >> 5 & 1;
  switch (first_view(address)) {
    case 0x10000000:
      stall(DEVICE_CYCLES);
      WORD(TransmitControl) = value & CONTROL_BYTE;
      WORD(Sticky) &= value;
      update_communications_lines(core);
      return device_written(core);
    case 0x10000004:
      stall(DEVICE_CYCLES);
      WORD(Payload) = value;
      WORD(HasPayload) = 1;
      return device_written(core);
    case 0x10000008: {
      int32 stalled = STATE(Stalled);
      int32 limit = STATE(Limit);
      stall(DEVICE_CYCLES);
      if (HOT(transmit(core, value))) return device_written(core);
      STATE(Stalled) = stalled;
      STATE(Limit) = limit;
      break;
    }
    case 0x11000000:
    case 0x11000020:
      stall(DEVICE_CYCLES);
      settle_timer(core, timer);
      WORD(KnowsNextEvent) = 0;
      TIMER(Reload) = value;
      start_timer(core, timer, value);
      return device_written(core);
    case 0x11000008:
    case 0x11000028:
      stall(DEVICE_CYCLES);
      settle_timer(core, timer);
      WORD(KnowsNextEvent) = 0;
      start_timer(core, timer,
                  TIMER(Stopped) ? 0 : timer_runs(core, timer) ? timer_value(core, timer) : (uint32)TIMER(Count));
      TIMER(Control) = value & 0xff;
      update_timer_line(core, timer);
      return device_written(core);
    case 0x1100000c:
    case 0x1100002c:
      stall(DEVICE_CYCLES);
      settle_timer(core, timer);
      WORD(KnowsNextEvent) = 0;
      TIMER(Raw) = 0;
      update_timer_line(core, timer);
      return device_written(core);
    case 0x1f000010:
      stall(DEVICE_CYCLES);
      WORD(Enabled) |= value;
      update_interrupts(core);
      return device_written(core);
    case 0x1f000014:
      stall(DEVICE_CYCLES);
      WORD(Enabled) &= ~value;
      update_interrupts(core);
      return device_written(core);
    case 0x1f000030:
    case 0xfffff030:
      stall(DEVICE_CYCLES);
      WORD(InService) &= WORD(InService) - 1;
      update_interrupts(core);
      return device_written(core);
  }
  return store_word_slowly(address, value);
}

/* --- Loads and stores that translated code does not make in place --- */

static inline int32 is_device(uint32 address) {
  uint32 device = DEVICE_OF(address);
  return device - COMMUNICATIONS <= TIMERS - COMMUNICATIONS || device == INTERRUPTS || address >= HIGH_INTERRUPTS;
}

static inline int32 is_in(uint32 address, uint32 mask, uint32 base) { return (address & mask) == base; }

enum { PAGE_MASK = 0xfff };

/* Where an address of SDRAM is; 0 when it is not in a page of the table. */
static inline char *sdram_place(uint32 address) {
  char *table = (char *)STATE(SdramTable);
  if (table == 0) return 0;
  char *page = *(char **)(table + (address >> 10 & 0x1fffc));
  return page == 0 ? 0 : page + (address & PAGE_MASK);
}

static inline void note_sdram(int32 bytes, int32 cycles) {
  STATE(SdramBytes) += bytes;
  stall(cycles);
}

/* Where an address of System RAM is; 0 while others could notice an access, which then goes by the bus. */
static inline char *system_ram_place(uint32 address, uint32 bytes) {
  char *memory = (char *)STATE(SystemRam);
  return memory != 0 && is_in(address, 0xff000000 | (bytes - 1), 0xe5000000) ? memory + (address & 0x7fff) : 0;
}

#define SDRAM 0x60000000u
#define LOAD(name, exported, type, bytes, devices)                                                                               \
  EXPORT(exported) int32 name(uint32 address) {                                                                           \
    if (is_in(address, 0xffff8000 | (bytes - 1), 0)) return *(type *)(STATE(Memories) + address);                      \
    if (devices && is_device(address)) return load_device(address);                                                    \
    char *place = is_in(address, 0xe0000000 | (bytes - 1), SDRAM) ? sdram_place(address) : 0;                          \
    if (place != 0) {                                                                                                  \
      int32 value = *(type *)place;                                                                                    \
      note_sdram(bytes, SHARED_CYCLES);                                                                                \
      return value;                                                                                                    \
    }                                                                                                                  \
    place = system_ram_place(address, bytes);                                                                          \
    if (place == 0) return name##_slowly(address);                                                                     \
    int32 value = *(type *)place;                                                                                      \
    stall(SHARED_CYCLES);                                                                                              \
    return value;                                                                                                      \
  }
#define STORE(name, exported, type, bytes, devices)                                                                              \
  EXPORT(exported) int32 name(uint32 address, int32 value) {                                                              \
    if (devices && is_device(address)) return store_device(address, value);                                            \
    char *place = is_in(address, 0xf0000000 | (bytes - 1), SDRAM) ? sdram_place(address) : 0;                          \
    if (place != 0) note_sdram(bytes, POSTED_CYCLES);                                                                  \
    else {                                                                                                             \
      place = system_ram_place(address, bytes);                                                                        \
      if (place == 0) return name##_slowly(address, value);                                                            \
      stall(POSTED_CYCLES);                                                                                            \
    }                                                                                                                  \
    *(type *)place = (type)value;                                                                                      \
    return STATE(Limit) == 0 ? STORED_ENDED_SLICE : STORED_DONE;                                                       \
  }
LOAD(load_word, "loadWord", int32, 4, 1)
LOAD(load_half, "loadHalf", unsigned short, 2, 0)
LOAD(load_byte, "loadByte", unsigned char, 1, 0)
STORE(store_word, "storeWord", int32, 4, 1)
STORE(store_half, "storeHalf", unsigned short, 2, 0)
STORE(store_byte, "storeByte", unsigned char, 1, 0)

/* Where words of SDRAM are that lie in one page of the table; 0 for others. */
static inline int32 *sdram_words(uint32 address, uint32 mask, int32 count) {
  int32 is_inside = is_in(address, mask | 3, SDRAM) && (address & PAGE_MASK) + 4 * count <= PAGE_MASK + 1;
  return is_inside ? (int32 *)sdram_place(address) : 0;
}

/* Blocks of up to eight registers, whose numbers are four bits each. They come and go by the first words of the state. */
static int32 *const block_registers = (int32 *)0;

EXPORT("loadPacked") int32 load_packed(uint32 list, int32 count, uint32 address) {
  int32 *from = sdram_words(address, 0xe0000000, count);
  if (from == 0) return load_packed_slowly(list, count, address);
  for (int32 index = 0; index < count; index++) block_registers[list >> 4 * index & 15] = from[index];
  note_sdram(4 * count, SHARED_CYCLES * count);
  return STORED_DONE;
}

EXPORT("storePacked") int32 store_packed(uint32 list, int32 count, uint32 address) {
  int32 *to = sdram_words(address, 0xf0000000, count);
  if (to == 0) return store_packed_slowly(list, count, address);
  for (int32 index = 0; index < count; index++) to[index] = block_registers[list >> 4 * index & 15];
  note_sdram(4 * count, POSTED_CYCLES * count);
  return STATE(Limit) == 0 ? STORED_ENDED_SLICE : STORED_DONE;
}

/* --- Modes and exceptions --- */

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

/* --- Slices --- */

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

/* --- Packets that wait in front of the core; core-port.ts --- */

#define INBOX(name) (core->words[KEPT_Inbox + INBOX_##name])
#define INBOX_TIME(name) (core->numbers[(KEPT_Inbox + INBOX_##name) / 2])
#define NONE_WAITS -1.0

/* A packet in the ring. */
typedef struct {
  double time;
  int32 control, key, payload, has_payload, route, unused;
} Waiting;

static inline Waiting *waiting(Core *core) {
  return (Waiting *)INBOX(RingAddress) + (INBOX(Head) & INBOX(Mask));
}

static inline double core_time(Core *core) { return NUMBER(Cycle) * NANOSECONDS_PER_CYCLE; }

static void advance(Core *core, double until, double limit) {
  run_until(core, until, limit);
  if (limit > until && core_time(core) > until) INBOX_TIME(LedUntil) = INBOX_TIME(Late) = core_time(core);
}

static int32 offer(Core *core, double at) {
  if (!WORD(Started)) return 0;
  if (waits_for_interrupt(core)) sleep_until(core, __builtin_ceil(at / NANOSECONDS_PER_CYCLE));
  if (WORD(Received)) return 0;
  Waiting *packet = waiting(core);
  WORD(Received) = 1;
  WORD(ReceivedControl) = packet->control;
  WORD(ReceivedKey) = packet->key;
  WORD(ReceivedPayload) = packet->payload;
  WORD(ReceivedHasPayload) = packet->has_payload;
  WORD(Route) = packet->route;
  update_communications_lines(core);
  if (INBOX_TIME(NextTime) <= INBOX_TIME(LedUntil)) INBOX_TIME(Late) = at;
  INBOX(Head)++;
  INBOX(Count)--;
  INBOX(Delivered)++;
  INBOX_TIME(NextTime) = INBOX(Count) == 0 ? NONE_WAITS : waiting(core)->time;
  return 1;
}

/* Runs a core, whose registers are where they are kept, as its port does. Tells whether a packet comes later. */
static int32 run_taking_packets(Core *core, double until, double window_end) {
  if (core_time(core) >= until) return INBOX(Count) > 0;
  if (INBOX(Count) > 0 && INBOX_TIME(NextTime) < window_end - WINDOW_NS) INBOX_TIME(TurnsUntil) = window_end;
  int32 leads = INBOX_TIME(TurnsUntil) < window_end;
  while (INBOX(Count) > 0) {
    double at = larger(INBOX_TIME(NextTime), core_time(core));
    if (at >= until) break;
    if (core_time(core) < at) advance(core, at, leads ? window_end : at);
    if (core_time(core) >= until) return 1;
    if (!offer(core, at)) run_until(core, smaller(until, at + BLOCKED_POLL_NS), 0);
  }
  if (core_time(core) < until) advance(core, until, leads ? window_end : until);
  return INBOX_TIME(NextTime) >= until;
}

/* --- Cores of a chip; scheduler.ts --- */

static inline int32 is_asleep(Core *core) {
  return !WORD(Started) || (!is_requesting(core) && (WORD(Asleep) || NUMBER(DelayEnd) > NUMBER(Cycle)));
}

/*
 * Runs those of a chip's cores that have not reached a time, one after the other. Cores are bits; their states and the
 * times that they have reached are found by their numbers. Tells 0, or which cores are left when the first of them is to
 * be run otherwise, or has been run and something waits for that, which `Finished` tells. `Slept` gets who sleeps.
 */
EXPORT("run_cores") uint32 run_cores(Core **cores, double *reached, uint32 to_run, double until, double limit) {
  STATE(Slept) = 0;
  STATE(Finished) = 0;
  for (; to_run != 0; to_run &= to_run - 1) {
    int32 number = __builtin_ctz(to_run);
    if (reached[number] >= until) continue;
    Core *core = cores[number];
    if (core == 0 || !WORD(Plain) || INBOX(RingAddress) == 0) return to_run;
    STATE(Number) = number;
    int32 awaits_packet = run_taking_packets(core, until, limit);
    reached[number] = core_time(core);
    if (COLD(STATE(Deferred))) {
      STATE(Finished) = awaits_packet ? FINISHED_AWAITING : FINISHED;
      return to_run;
    }
    if (!awaits_packet && is_asleep(core)) STATE(Slept) |= 1 << number;
  }
  return 0;
}

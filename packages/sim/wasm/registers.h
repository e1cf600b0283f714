/* Registers of devices, as loads and stores reach them; ../src/arm/private-bus.ts and ../src/arm/core-devices.ts. */
#pragma once

#include "communications.h"
#include "timers.h"

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

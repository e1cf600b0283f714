/* The communications controller, and packets that a core sends; ../src/peripherals/communications.ts. */
#pragma once

#include "interrupts.h"

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

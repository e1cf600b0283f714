/* Packets that wait in front of a core; ../src/router/core-port.ts and ../src/router/inbox.ts. */
#pragma once

#include "communications.h"
#include "slices.h"

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

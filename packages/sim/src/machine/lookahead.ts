/**
 * How long boards may run without one another: until what one of them does next can reach another. A router deals with
 * what comes in a quantum of time as soon as it begins, as far as a core could get it before the quantum ends; so a
 * window may end by that much later.
 */
import {
  BOARD_CROSSING_NS,
  CORE_TO_ROUTER_NS,
  HOP_NS,
  ROOM_TOLD_NS,
  ROUTER_TO_CORE_NS,
} from '../router/timing.js';

/** When a window has to end whose first packet is at a router at a time, ns: word that it was dealt with waits for that. */
export function latestEndAfterPacket(time: number): number {
  return time + ROOM_TOLD_NS + ROUTER_TO_CORE_NS;
}

/** When a window has to end in which no core does anything before a time, ns: what it sends is on another board then. */
export function latestEndAfterCore(time: number): number {
  return time + CORE_TO_ROUTER_NS + HOP_NS + BOARD_CROSSING_NS + ROUTER_TO_CORE_NS;
}

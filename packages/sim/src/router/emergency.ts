/**
 * Emergency routing: a multicast or fixed-route packet that a link keeps waiting goes around it by two other
 * links. SpiNN-2 data sheet, chapter on the router. Links around a blocked one: first the link one lower,
 * from there, one lower than where it came in.
 *
 * The emergency fields of a packet's copies are kept in one number, two bits for each link.
 */
import { type Packet, PacketKind } from '../core/core.js';

const LINKS = 6;
const ALL_LINKS = 0x3f;

/** Values of bits 5:4 of the control byte of multicast and fixed-route packets. */
export const EmergencyField = {
  /** An ordinary packet. */
  None: 0,
  /** On the first of two links, and also an ordinary packet for the chip in between. */
  FirstAndNormal: 1,
  /** On the first of two links. */
  First: 2,
  /** On the second of two links. */
  Second: 3,
} as const;

const FIELD_SHIFT = 4;
const FIELD_MASK = 3 << FIELD_SHIFT;

/** Emergency field of a packet; that of kinds that have none is 0. */
export function emergencyField({ control }: Packet): number {
  const kind = (control >>> 6) & 3;
  const hasField = kind === PacketKind.Multicast || kind === PacketKind.FixedRoute;
  return hasField ? (control >>> FIELD_SHIFT) & 3 : EmergencyField.None;
}

/** The link that packets for another take when that is blocked, and by which they go on from there. */
export function linkAround(link: number): number {
  return (link + LINKS - 1) % LINKS;
}

/** Where a packet on the second of its links goes when no entry matches: on in its first direction. */
export function linkAfterEmergency(arrival: number): number {
  return (arrival + 2) % LINKS;
}

/** The fields of a single copy. */
export function onlyField(link: number, field: number): number {
  return field << (2 * link);
}

/** The field that the copy for a link has. */
export function fieldOf(fields: number, link: number): number {
  return (fields >>> (2 * link)) & 3;
}

/** Links by which copies leave out of turn, one bit each. */
export function emergencyLinks(fields: number): number {
  let links = 0;
  for (let link = 0; link < LINKS; link++) if (fieldOf(fields, link) !== 0) links |= 1 << link;
  return links;
}

/**
 * Fields for going around blocked links.
 *
 * @param outputs links by which the packet also leaves as usual
 * @param blocked links that it cannot take
 */
export function detours(outputs: number, blocked: number): number {
  let fields = 0;
  for (let rest = blocked & ALL_LINKS; rest !== 0; rest &= rest - 1) {
    const around = linkAround(31 - Math.clz32(rest & -rest));
    const alsoNormal = ((outputs >>> around) & 1) === 1;
    fields |= onlyField(around, alsoNormal ? EmergencyField.FirstAndNormal : EmergencyField.First);
  }
  return fields;
}

/** A packet with another emergency field, its parity kept odd. */
export function withEmergencyField(packet: Packet, field: number): Packet {
  const before = emergencyField(packet);
  if (before === field) return packet;
  const flips = ((before ^ field) & 1) ^ ((before ^ field) >>> 1);
  const control = ((packet.control & ~FIELD_MASK) | (field << FIELD_SHIFT)) ^ flips;
  return { ...packet, control };
}

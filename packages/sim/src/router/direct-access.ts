/**
 * Reads and writes of a neighbour's memory by nearest-neighbour packets, "peek" and "poke", which its router
 * carries out without a core. SpiNN-2 data sheet, chapter on the router.
 */
import { BusError, type Packet, PacketKind } from '../core/core.js';

/** Bit of the control byte that asks for an access. */
const ACCESS = 1 << 5;
const PAYLOAD = 1 << 1;
/** Control byte of an answer without payload and parity. */
const ANSWER = PacketKind.NearestNeighbour << 6;
/** Bits 1:0 of the key of an answer: it is one, and the access failed. */
const IS_ANSWER = 1;
const FAILED = 2;
/** System RAM repeats through these addresses, where cores have their own memories. */
const SYSTEM_RAM_ALIAS_END = 0x01000000;
const SYSTEM_RAM = 0xe5000000;
const SYSTEM_RAM_MASK = 0x7fff;

/** What can be reached from a router, by words. Both throw BusError. */
export interface WordMemory {
  readWord(address: number): number;
  writeWord(address: number, value: number): void;
}

/** Whether a packet that came by a link asks for an access. */
export function isDirectAccess({ control }: Packet): boolean {
  return control >>> 6 === PacketKind.NearestNeighbour && (control & ACCESS) !== 0;
}

/** Carries out an access, and gives the packet that answers it. */
export function directAccess({ key, payload }: Packet, memory: WordMemory): Packet {
  const aligned = (key & ~3) >>> 0;
  const address =
    aligned < SYSTEM_RAM_ALIAS_END ? SYSTEM_RAM + (aligned & SYSTEM_RAM_MASK) : aligned;
  try {
    if (payload === undefined) return answer(aligned | IS_ANSWER, memory.readWord(address));
    memory.writeWord(address, payload);
    return answer(aligned | IS_ANSWER, undefined);
  } catch (error) {
    if (!(error instanceof BusError)) throw error;
    return answer(aligned | IS_ANSWER | FAILED, payload === undefined ? 0 : undefined);
  }
}

function answer(key: number, payload: number | undefined): Packet {
  const control = payload === undefined ? ANSWER : ANSWER | PAYLOAD;
  const isOdd = oddOnes(control ^ key ^ (payload ?? 0));
  return { control: isOdd ? control : control | 1, key: key >>> 0, payload };
}

/** Whether a word has an odd number of ones. */
function oddOnes(word: number): boolean {
  let folded = word ^ (word >>> 16);
  folded ^= folded >>> 8;
  folded ^= folded >>> 4;
  return ((0x6996 >>> (folded & 15)) & 1) === 1;
}

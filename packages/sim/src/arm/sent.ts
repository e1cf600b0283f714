/** The packets that the running core has sent without its chip, see {@link SENT}. */
import type { Packet } from '../core/core.js';
import { arena } from './arena.js';
import { SENT, SENT_BYTES } from './state.js';

/** Most of them: as many as the chip may take. */
const MOST = 32;
const ENTRY_WORDS = SENT_BYTES / Int32Array.BYTES_PER_ELEMENT;
/** Words behind the time. */
const Entry = { Control: 2, Key: 3, Payload: 4, HasPayload: 5 } as const;

const words = new Uint32Array(arena.buffer, SENT, MOST * ENTRY_WORDS);
const numbers = new Float64Array(arena.buffer, SENT, (MOST * ENTRY_WORDS) / 2);

/** The cycle at which a packet was sent. */
export function sentAt(index: number): number {
  return numbers[(index * ENTRY_WORDS) / 2] as number;
}

/** The packet. */
export function sentPacket(index: number): Packet {
  const at = index * ENTRY_WORDS;
  const hasPayload = words[at + Entry.HasPayload] !== 0;
  return {
    control: words[at + Entry.Control] as number,
    key: words[at + Entry.Key] as number,
    payload: hasPayload ? (words[at + Entry.Payload] as number) : undefined,
  };
}

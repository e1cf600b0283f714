/**
 * The packets that wait in front of one core, in a ring, and when they reach it. For a core whose state is in the arena
 * this lies there too, as wasm/core.c takes packets from it.
 */
import { arena, takeArenaBlock } from '../arm/arena.js';
import { InboxWord, Kept, type KeptState } from '../arm/state.js';
import type { Packet } from '../core/core.js';

/** Packets that there is room for at first. */
const FIRST_ROOM = 8;
/** Words of a packet in the ring. */
const ENTRY_WORDS = 8;
/** Where they are: the time as a number of 64 bits, then the packet and the port by which it came. */
const Entry = { Time: 0, Control: 2, Key: 3, Payload: 4, HasPayload: 5, Route: 6 } as const;
const WORD_BYTES = Int32Array.BYTES_PER_ELEMENT;
/** Value of {@link InboxWord.NextTime} when no packet waits. */
const NONE_WAITS = -1;

/** A packet that waits. */
export interface Waiting {
  readonly packet: Packet;
  readonly route: number;
}

export class Inbox {
  /** Packets that were taken. */
  get delivered(): number {
    return this.word(InboxWord.Delivered) >>> 0;
  }

  private readonly words: Int32Array;
  private readonly numbers: Float64Array;
  private readonly first: number;
  private ring: { readonly words: Int32Array; readonly numbers: Float64Array };

  /** @param kept what the core keeps, if it keeps packets */
  constructor(kept?: KeptState) {
    const own = kept ?? alone();
    this.words = own.words;
    this.numbers = own.numbers;
    this.first = kept === undefined ? 0 : Kept.Inbox;
    const start = this.first + InboxWord.Ring;
    this.ring = {
      words: this.words.subarray(start, start + FIRST_ROOM * ENTRY_WORDS),
      numbers: this.numbers.subarray(start / 2, (start + FIRST_ROOM * ENTRY_WORDS) / 2),
    };
    this.setNumber(InboxWord.NextTime, NONE_WAITS);
    this.setWord(InboxWord.Mask, FIRST_ROOM - 1);
    this.setWord(InboxWord.RingAddress, addressOf(this.ring.words));
  }

  /** Whether it can be found in the arena. */
  get isInArena(): boolean {
    return this.word(InboxWord.RingAddress) !== 0;
  }

  /** Packets that wait. */
  get length(): number {
    return this.word(InboxWord.Count);
  }

  /** When the first packet reaches the core, ns; negative when none waits. */
  get nextTime(): number {
    return this.number(InboxWord.NextTime);
  }

  /** When the packet that is so many from the last reaches it, ns: 1 for the last. */
  timeFromLast(distance: number): number {
    return this.ring.numbers[this.at(this.length - distance) / 2] as number;
  }

  /** Where the core was after it last ran ahead, ns. */
  get ledUntil(): number {
    return this.number(InboxWord.LedUntil);
  }

  /** Until when it has taken what came before that, ns: at least {@link ledUntil}. */
  get late(): number {
    return this.number(InboxWord.Late);
  }

  set late(time: number) {
    this.setNumber(InboxWord.Late, time);
  }

  /** End of the window in which the core does not run ahead since packets wait, ns. */
  get turnsUntil(): number {
    return this.number(InboxWord.TurnsUntil);
  }

  set turnsUntil(time: number) {
    this.setNumber(InboxWord.TurnsUntil, time);
  }

  /** The core ran ahead to a time, ns. */
  led(time: number): void {
    this.setNumber(InboxWord.LedUntil, time);
    this.setNumber(InboxWord.Late, time);
  }

  /** Takes over how far another core in the same place has run ahead. */
  follow({ ledUntil, late, turnsUntil }: Inbox): void {
    this.led(ledUntil);
    this.late = late;
    this.turnsUntil = turnsUntil;
  }

  /** Adds a packet that reaches the core at a time, ns. */
  push({ control, key, payload }: Packet, route: number, time: number): void {
    const count = this.length;
    if (count > this.word(InboxWord.Mask)) this.grow();
    const { words, numbers } = this.ring;
    const at = this.at(count);
    numbers[at / 2] = time;
    words[at + Entry.Control] = control;
    words[at + Entry.Key] = key;
    words[at + Entry.Payload] = payload ?? 0;
    words[at + Entry.HasPayload] = payload === undefined ? 0 : 1;
    words[at + Entry.Route] = route;
    this.setWord(InboxWord.Count, count + 1);
    if (count === 0) this.setNumber(InboxWord.NextTime, time);
  }

  /** The first packet; there must be one. */
  get head(): Waiting {
    const { words } = this.ring;
    const at = this.at(0);
    const hasPayload = words[at + Entry.HasPayload] !== 0;
    const packet = {
      control: words[at + Entry.Control] as number,
      key: (words[at + Entry.Key] as number) >>> 0,
      payload: hasPayload ? (words[at + Entry.Payload] as number) >>> 0 : undefined,
    };
    return { packet, route: words[at + Entry.Route] as number };
  }

  /** Takes it away. */
  shift(): void {
    this.setWord(InboxWord.Head, this.word(InboxWord.Head) + 1);
    this.setWord(InboxWord.Count, this.length - 1);
    const next = this.length === 0 ? NONE_WAITS : (this.ring.numbers[this.at(0) / 2] as number);
    this.setNumber(InboxWord.NextTime, next);
    this.setWord(InboxWord.Delivered, this.word(InboxWord.Delivered) + 1);
  }

  /** Forgets what waits. */
  clear(): void {
    this.setWord(InboxWord.Count, 0);
    this.setNumber(InboxWord.NextTime, NONE_WAITS);
  }

  /** Where the packet that is so many behind the first lies in the ring. */
  private at(distance: number): number {
    const place = (this.word(InboxWord.Head) + distance) & this.word(InboxWord.Mask);
    return place * ENTRY_WORDS;
  }

  private grow(): void {
    const before = this.ring.words;
    const start = this.at(0);
    const grown = newRing(this, 2 * before.length);
    grown.words.set(before.subarray(start));
    grown.words.set(before.subarray(0, start), before.length - start);
    this.ring = grown;
    this.setWord(InboxWord.Head, 0);
    this.setWord(InboxWord.Mask, grown.words.length / ENTRY_WORDS - 1);
    const isInArena = this.words.buffer === arena.buffer;
    this.setWord(InboxWord.RingAddress, isInArena ? addressOf(grown.words) : 0);
  }

  private word(at: number): number {
    return this.words[this.first + at] as number;
  }

  private setWord(at: number, value: number): void {
    this.words[this.first + at] = value;
  }

  private number(at: number): number {
    return this.numbers[(this.first + at) / 2] as number;
  }

  private setNumber(at: number, value: number): void {
    this.numbers[(this.first + at) / 2] = value;
  }
}

/** Address in the arena; 0 elsewhere. */
function addressOf(words: Int32Array): number {
  return words.buffer === arena.buffer ? words.byteOffset : 0;
}

function alone(): KeptState {
  const words = new Int32Array(InboxWord.Ring + FIRST_ROOM * ENTRY_WORDS);
  return { words, numbers: new Float64Array(words.buffer) };
}

/** A ring of so many words, a power of two: in the arena, if there is room. */
function newRing(owner: object, length: number): { words: Int32Array; numbers: Float64Array } {
  const block = takeArenaBlock(owner, length * WORD_BYTES);
  const buffer = block === undefined ? new ArrayBuffer(length * WORD_BYTES) : arena.buffer;
  const at = block?.address ?? 0;
  return {
    words: new Int32Array(buffer, at, length),
    numbers: new Float64Array(buffer, at, length / 2),
  };
}

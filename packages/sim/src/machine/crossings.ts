/**
 * What goes from board to board within a window of time: packets, and word that a packet was dealt with, so that the
 * link it came by has room for another. Kept as numbers, so that it can lie in memory that threads share.
 */
import type { Packet } from '../core/core.js';

/** Numbers of one crossing: target, time, control, key, payload. */
const FIELDS = 5;
const FIRST_CAPACITY = 64;
const PORTS = 16;
/** Set in the port of a packet that a monitor passes on which was booted itself, see `Firmware.repeatsImage`. */
const REPEATED = 8;
/** Stands for a time: what crosses is word that there is room. */
const ROOM = -1;
const NO_PAYLOAD = -1;

/** What takes crossings at their end. */
export interface CrossingReceiver {
  /** A packet reaches the router of a chip by a link at a time, ns. */
  arrive(chip: number, link: number, packet: Packet, at: number, isRepeated: boolean): void;
  /** An outgoing link of a chip has room for another packet. */
  release(chip: number, link: number): void;
}

/** Crossings in the order in which they began. */
export class Crossings {
  private numbers: Float64Array;
  private size = 0;

  /** @param shared memory for a fixed number of crossings; without it there is room for any number */
  constructor(private readonly shared?: Float64Array) {
    this.numbers = shared ?? new Float64Array(FIRST_CAPACITY * FIELDS);
  }

  /** Numbers that the memory for so many crossings has. */
  static numbersFor(crossings: number): number {
    return crossings * FIELDS;
  }

  get length(): number {
    return this.size;
  }

  /** Sets how many there are, of those that lie in shared memory. */
  set length(length: number) {
    this.size = length;
  }

  /** A packet leaves for the router of another board, which it reaches at a time, ns. */
  packet(chip: number, link: number, packet: Packet, at: number, isRepeated: boolean): void {
    const port = isRepeated ? link | REPEATED : link;
    const { control, key, payload } = packet;
    this.put(chip * PORTS + port, at, control, key, payload ?? NO_PAYLOAD);
  }

  /** An outgoing link of a chip on another board has room again. */
  room(chip: number, link: number): void {
    this.put(chip * PORTS + link, ROOM, 0, 0, 0);
  }

  /** Chip that the crossing at an index goes to. */
  chipOf(index: number): number {
    return Math.floor((this.numbers[index * FIELDS] as number) / PORTS);
  }

  /** When the packet at an index arrives, ns; Infinity when it is none. */
  arrivalOf(index: number): number {
    const time = this.numbers[index * FIELDS + 1] as number;
    return time === ROOM ? Number.POSITIVE_INFINITY : time;
  }

  /** Whether the packet at an index is of no use to a chip that was booted. */
  isRepeated(index: number): boolean {
    return (((this.numbers[index * FIELDS] as number) % PORTS) & REPEATED) !== 0;
  }

  /** Adds a crossing of another list. */
  copy(from: Crossings, index: number): void {
    const at = index * FIELDS;
    const [target, time, control, key, payload] = from.numbers.subarray(at, at + FIELDS);
    this.put(target as number, time as number, control as number, key as number, payload as number);
  }

  /** Hands the crossing at an index over. */
  deliver(index: number, receiver: CrossingReceiver): void {
    const at = index * FIELDS;
    const [target, time, control, key, payload] = this.numbers.subarray(
      at,
      at + FIELDS,
    ) as unknown as [number, number, number, number, number];
    const chip = Math.floor(target / PORTS);
    const port = target % PORTS;
    if (time === ROOM) receiver.release(chip, port);
    else {
      const packet = { control, key, payload: payload === NO_PAYLOAD ? undefined : payload };
      receiver.arrive(chip, port & ~REPEATED, packet, time, (port & REPEATED) !== 0);
    }
  }

  /** Forgets all. */
  clear(): void {
    this.size = 0;
  }

  /** Forgets the first. */
  remove(count: number): void {
    this.numbers.copyWithin(0, count * FIELDS, this.size * FIELDS);
    this.size -= count;
  }

  private put(target: number, time: number, control: number, key: number, payload: number): void {
    const at = this.size * FIELDS;
    if (at === this.numbers.length) this.grow();
    const { numbers } = this;
    numbers[at] = target;
    numbers[at + 1] = time;
    numbers[at + 2] = control;
    numbers[at + 3] = key;
    numbers[at + 4] = payload;
    this.size++;
  }

  private grow(): void {
    if (this.shared !== undefined)
      throw new Error(`no room for ${this.size} crossings between boards`);
    const larger = new Float64Array(this.numbers.length * 2);
    larger.set(this.numbers);
    this.numbers = larger;
  }
}

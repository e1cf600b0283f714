/**
 * What a core is to its chip, and what a chip is to its cores.
 *
 * A core is anything that takes packets and interrupts: ARM code with its private peripherals
 * (`../arm`), or a `CoreProgram` in TypeScript such as the built-in monitor. Times are nanoseconds of
 * simulated time. Packet formats: SpiNN-2 data sheet sections 8 and 9.
 */

import type { Inbox } from '../router/inbox.js';

/**
 * Length of the windows of time in which cores may run ahead of each other, ns. A core that computes, that is to say
 * touches nothing but its own memory and SDRAM, or System RAM while all others of its chip sleep, runs to the end of
 * the window at once; packets that reach it meanwhile it gets there. As soon as it sleeps, looks for a packet in vain,
 * or uses what others share, it gets each packet at its time for the rest of the window, and so does one that has
 * packets waiting when the window begins.
 */
export const WINDOW_NS = 2000;

/** Packet kinds, as in bits 7:6 of the control byte. */
export const PacketKind = {
  Multicast: 0,
  PointToPoint: 1,
  NearestNeighbour: 2,
  FixedRoute: 3,
} as const;
export type PacketKind = (typeof PacketKind)[keyof typeof PacketKind];

/** One 40-bit (no payload) or 72-bit packet. */
export interface Packet {
  /**
   * Control byte: kind 7:6, emergency or sequence 5:4, time stamp 3:2, payload present 1, parity 0. On the way
   * from a core to its router bits 10:8 are a link plus 1 by which the packet is to seem to have come.
   */
  readonly control: number;
  /** Unsigned 32-bit key. */
  readonly key: number;
  /** Unsigned 32-bit payload, undefined in a 40-bit packet. */
  readonly payload: number | undefined;
}

/** Raised by a bus access that the hardware answers with an error; an ARM core turns it into a data or prefetch abort. */
export class BusError extends Error {
  constructor(readonly address: number) {
    super(`bus error at 0x${address.toString(16).padStart(8, '0')}`);
    this.name = 'BusError';
  }
}

/** SDRAM as translated code reaches it past the bus, see arm/translator/core-loop.ts. */
export interface DirectSdram {
  /**
   * Address in the arena of a table that has a word for each page: its address there, or 0 when it can be reached
   * by the bus only. 0 while there is no such table.
   */
  readonly table: number;
  /** A core of the chip read or wrote an address by the bus. */
  used(address: number): void;
  /** Cores read or wrote so many bytes by the table. */
  count(bytes: number): void;
}

/** System RAM as translated code reaches it past the bus. */
export interface DirectSystemRam {
  /** Its address in the arena; 0 while the running core can reach it by the bus only. */
  readonly address: number;
  /** A core of the chip read or wrote it by the bus. */
  used(): void;
}

/** What a core's private block reaches through its chip: shared memory and devices, the router, the clock. */
export interface ChipBus {
  /** How translated code reaches SDRAM, if it may. */
  readonly direct?: DirectSdram;
  /** How it reaches System RAM, if it may. */
  readonly directSystemRam?: DirectSystemRam;
  /**
   * Whether others may notice now that the running core uses an address of its chip but SDRAM, or it what they do
   * there; `value` is what it writes, 0 when it reads. Without this method they always may.
   */
  isNoticed?(address: number, value: number): boolean;
  /** Reads `size` bytes (1, 2 or 4, aligned) of SDRAM, System RAM, router, system controller, ...; unsigned. Throws BusError. */
  read(core: number, address: number, size: 1 | 2 | 4): number;
  /** Writes `size` bytes (1, 2 or 4, aligned). Throws BusError. */
  write(core: number, address: number, value: number, size: 1 | 2 | 4): void;
  /** Copies `target.length` bytes of shared memory into `target` (a DMA read). Throws BusError. */
  readBlock(address: number, target: Uint8Array): void;
  /** Copies `source` into shared memory (a DMA write). Throws BusError. */
  writeBlock(address: number, source: Uint8Array): void;
  /**
   * Packets that {@link send} is sure to take while one core runs, and of which the chip need not know before it stops;
   * without it none.
   */
  readonly injectionRoom?: number;
  /** Hands a packet to the router at local time `at`; false when the router takes no packet now (transmit register stays full). */
  send(core: number, packet: Packet, at: number): boolean;
}

/** A core as its chip sees it. */
export interface Core {
  /** Physical core number, 0 to 17. */
  readonly id: number;
  /** Local simulated time, ns: everything before it has happened. */
  readonly time: number;
  /** True while the core does nothing until an interrupt or a packet. */
  readonly asleep: boolean;
  /** Whether it has executed the instruction that waits for an interrupt; cores without this property have when asleep. */
  readonly waitsForInterrupt?: boolean;
  /** Time of the next thing that can happen by itself while asleep (a timer, a DMA completion), ns; Infinity when none. */
  readonly nextEvent: number;
  /**
   * Runs until local time reaches `until` (ns), or to sleep; a sleeping core's time is moved to `until`. A core that
   * computes may run ahead to `limit` (ns), see {@link WINDOW_NS}.
   */
  run(until: number, limit?: number): void;
  /** Where packets wait for the core, if it keeps them itself. */
  readonly inbox?: Inbox;
  /** Where its state is in the arena, for wasm/core.c to run it; 0 when it is elsewhere. */
  readonly arenaAddress?: number;
  /** Offers a packet that arrives at time `at`, from link 0-5 or 7 = local; false while the receive register is full (back-pressure). */
  deliver(packet: Packet, route: number, at: number): boolean;
  /** Sets the level of an interrupt line of the vectored interrupt controller (18 = system controller). */
  setInterrupt(source: number, level: boolean): void;
  /** Makes {@link run} return within some ns of what the core is doing now; cores without this method run to the end. */
  stopWithin?(ns: number): void;
  /** Whether a rise of an interrupt line would do anything to the core; without this method it may. */
  listensTo?(source: number): boolean;
}

/** What a reset of a core reaches: processor, communications and DMA controllers; `hard` its timers and interrupts too. */
export type ResetKind = 'soft' | 'hard';

/** A core that obeys the reset and clock lines of the system controller. */
export interface ResettableCore extends Core {
  /** Puts the core into reset; it goes on at its reset vector when it is let run. */
  reset(kind: ResetKind): void;
  /** Stops its clock. */
  stop(): void;
  /** Lets its clock go on. */
  resume(): void;
}

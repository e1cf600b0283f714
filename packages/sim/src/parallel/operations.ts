/**
 * What a machine's own thread asks of one that runs boards for it. Operations are sent many at a time; those without
 * a result are waited for only when one with a result, or a window of time, comes after them.
 */
import type { MemoryCopy } from '../chip/memory-copy.js';
import type { DisabledLinks } from '../chip/subsystem-resets.js';
import type { ResetCode } from '../chip/system-controller.js';
import type { ThreadCounts } from '../machine/statistics.js';

type AccessSize = 1 | 2 | 4;

/** All operations. Chips by their numbers, cores physical. */
export interface Operations {
  /** Brings what the machine's thread knows up to date. */
  look(): void;

  read(chip: number, address: number, size: AccessSize): number;
  write(chip: number, address: number, value: number, size: AccessSize): void;
  copyOut(chip: number, address: number, length: number): Uint8Array;
  copyIn(chip: number, address: number, bytes: Uint8Array): void;
  /** Keeps memory contents for {@link adopt}. */
  keepMemory(id: number, memory: MemoryCopy): void;
  adopt(chip: number, id: number): void;

  setMonitor(chip: number, core: number): void;
  setMonitorCore(chip: number, core: number): void;
  setFlags(chip: number, mask: number, isSet: boolean): void;
  setOkCores(chip: number, mask: number): void;
  setInterrupts(chip: number, mask: number, level: boolean): void;
  isLocked(chip: number, lock: number): boolean;
  clearRoutes(chip: number, first: number): void;
  setFixedRoute(chip: number, route: number): void;
  countSent(chip: number, packetClass: number, outputs: number, packets: number): void;
  countSentByFirstEntry(chip: number, packetClass: number, packets: number): void;
  keepClocks(chip: number): void;
  receiveFrame(chip: number, frame: Uint8Array): void;

  /** Makes an ARM core; `isCounted` when it is one of the application cores. */
  newArmCore(chip: number, core: number, isCounted: boolean): void;
  /** Puts the ARM core that was made into its place. */
  placeArmCore(chip: number, core: number): void;
  placeDeadCore(chip: number, core: number): void;
  placeNoCore(chip: number, core: number): void;
  startCore(chip: number, core: number, entry: number, argument: number, thumb: boolean): void;
  stopCore(chip: number, core: number): void;
  readTcm(chip: number, core: number, address: number, length: number): Uint8Array;
  writeTcm(chip: number, core: number, address: number, bytes: Uint8Array): void;

  switchOff(chip: number): void;
  switchOn(chip: number): void;
  /** Puts a chip into reset. */
  beginRestart(chip: number, code: ResetCode): void;
  killLink(chip: number, link: number): void;
  stopLink(chip: number, link: number, isStopped: boolean): void;
  /** A chip of another thread has disabled links. */
  disableLinks(chip: number, links: DisabledLinks): void;

  /** A boot begins, in which chips of some boards take no part. */
  beginBoot(failing: readonly number[]): void;
  boot(image: Uint8Array, chip: number): void;
  switchedOn(chip: number): void;
  forget(chip: number): void;
  coreDied(chip: number, core: number): void;
  setIp(chip: number, ip: string): void;

  counts(): ThreadCounts;
}

/** Something that was done by a board and is for the whole machine. */
export type Report =
  /** A core has interrupted the built-in monitor of its chip, at a time, ns. */
  | { readonly kind: 'interrupted'; readonly chip: number; readonly at: number }
  /** A packet has reached the built-in monitor. */
  | {
      readonly kind: 'packet';
      readonly chip: number;
      readonly key: number;
      readonly payload: number;
    }
  /** A frame has left by the ethernet of a chip. */
  | { readonly kind: 'frame'; readonly chip: number; readonly frame: Uint8Array }
  /** A chip resets itself. */
  | { readonly kind: 'reset'; readonly chip: number; readonly code: ResetCode }
  | { readonly kind: 'links'; readonly chip: number; readonly links: DisabledLinks }
  /** An image has started on a chip. */
  | { readonly kind: 'started'; readonly chip: number };

/** What of an error gets to another thread. */
export interface SentError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  /** Of a BusError. */
  readonly address: number | undefined;
}

/** What comes back by the port. */
export interface Answer {
  readonly value?: unknown;
  readonly error?: SentError;
  readonly reports: readonly Report[];
}

/** An operation under way. */
export type Call = readonly [name: keyof Operations, ...args: unknown[]];

/** What a thread is told when it starts. */
export interface Assignment {
  /** The machine, see `machineToJson`. */
  readonly machine: unknown;
  /** Number of the first board that the thread runs, and of the one behind the last. */
  readonly first: number;
  readonly end: number;
  readonly monitor: 'built-in' | 'image';
  readonly translates: boolean;
  /** Chance that a router loses a multicast packet, and the seed of it. */
  readonly lose: number;
  readonly seed: number;
  readonly memory: SharedArrayBuffer;
  /** Crossings in each direction that the memory has room for. */
  readonly room: number;
}

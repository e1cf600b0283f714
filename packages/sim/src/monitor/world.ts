/** What the parts of a monitor know of each other and of the machine. */
import type { ChipAddress, SdpMessage } from '@spin-tools/scp';
import type { Chip } from '../chip/chip.js';
import type { HostAddress } from '../host/ethernet.js';
import type { CoreMap } from './core-map.js';
import type { Heap } from './heap.js';
import type { Mailboxes } from './mailboxes.js';
import type { MonitorMemory } from './memory.js';
import type { Programs } from './programs.js';
import type { RoutingEntries } from './routing-entries.js';
import type { Tags } from './tags.js';

/** Whether a message comes from a host or goes there: such take no simulated time. */
export type Traffic = 'host' | 'machine';

/** Heaps of a chip by the system variable that points to them: users' SDRAM, System RAM, the monitor's own SDRAM. */
export type HeapName = 'sdramHeap' | 'systemRamHeap' | 'systemHeap';

/** What flood fills are to the commands that carry them. */
export interface FloodFills {
  /** Carries out a nearest-neighbour packet. */
  packet(monitor: ChipMonitor, key: number, payload: number): void;
  /** Stores a block on all chips. */
  data(monitor: ChipMonitor, id: number, block: number, address: number, data: Uint8Array): void;
}

/** The monitor of one chip, as commands and signals see it. */
export interface ChipMonitor {
  readonly chip: Chip;
  /** Where the chip found itself to be when it was booted. */
  readonly position: ChipAddress;
  /** The same as x << 8 | y. */
  readonly address: number;
  readonly memory: MonitorMemory;
  readonly cores: CoreMap;
  readonly entries: RoutingEntries;
  readonly tags: Tags;
  readonly programs: Programs;
  readonly mailboxes: Mailboxes;
  readonly floodFill: FloodFills;
  readonly world: World;
  heap(name: HeapName): Heap;
  /** Brings the clocks in the system variables up to date; returns seconds since 1970. */
  updateClocks(): number;
  /** Sends a message on its way from this chip. */
  route(message: SdpMessage, traffic: Traffic): void;
  /** Takes a message that has reached this chip. */
  receive(message: SdpMessage, traffic: Traffic): void;
  /** Answers a message with a return code, if it wants an answer. */
  refuse(message: SdpMessage, code: number, traffic: Traffic): void;
}

/** The machine around a monitor. */
export interface World {
  /** Simulated time, ns. */
  readonly time: number;
  /** Whether network initialisation is over; before it only chips with an ethernet can be asked. */
  readonly isUp: boolean;
  /** The monitor at a chip address, x << 8 | y. */
  monitorAt(address: number): ChipMonitor | undefined;
  /** All monitors, in the order of their chips. */
  readonly monitors: readonly ChipMonitor[];
  /** The monitor of the chip that was booted. */
  readonly root: ChipMonitor;
  /** Does something later, ns from now. */
  after(ns: number, action: () => void): void;
  /** Does something later if time gets that far: the machine counts as idle while only such waits. */
  background(ns: number, action: () => void): void;
  /**
   * Whether messages get from a chip to an address: the tables know no way, or a link or chip on it is dead,
   * or they do.
   */
  wayTo(from: ChipMonitor, address: number): 'none' | 'broken' | 'open';
  /** How long a packet takes between two chips, ns. */
  latency(from: ChipMonitor, to: ChipMonitor): number;
  /** The monitor behind a link, if the link works. */
  neighbour(of: ChipMonitor, link: number): ChipMonitor | undefined;
  /** Sends a datagram out of a chip's ethernet. */
  sendDatagram(from: ChipMonitor, datagram: Uint8Array, to: HostAddress, sourcePort: number): void;
}

/** What the parts of a monitor know of each other and of the machine. */
import type {
  BootImageDescription,
  ChipAddress,
  FloodFillData,
  NearestNeighbourPacket,
  SdpMessage,
} from '@spin-tools/scp';
import type { Chip } from '../chip/chip.js';
import type { CommonWrite } from '../chip/sdram.js';
import type { HostAddress } from '../host/ethernet.js';
import type { Beacons } from './beacons.js';
import type { CoreMap } from './core-map.js';
import type { Heap } from './heap.js';
import type { Mailboxes } from './mailboxes.js';
import type { MonitorMemory } from './memory.js';
import type { Programs } from './programs.js';
import type { Release } from './release.js';
import type { RoutingEntries } from './routing-entries.js';
import type { SerialRom } from './serial-rom.js';
import type { Tags } from './tags.js';

/** Whether a message comes from a host or goes there: such take no simulated time. */
export type Traffic = 'host' | 'machine';

/** Heaps of a chip by the system variable that points to them: users' SDRAM, System RAM, the monitor's own SDRAM. */
export type HeapName = 'sdramHeap' | 'systemRamHeap' | 'systemHeap';

/** A nearest-neighbour packet and how it is passed on. */
export type NeighbourPacket = ReturnType<typeof NearestNeighbourPacket.decodeRequest>;
/** One block of a flood fill. */
export type FloodBlock = ReturnType<typeof FloodFillData.decodeRequest>;

/** What flood fills are to the commands that carry them. */
export interface FloodFills {
  /** Sends a packet as CMD_NNP does. */
  send(from: ChipMonitor, packet: NeighbourPacket): void;
  /** Sends one block as CMD_FFD does. */
  data(from: ChipMonitor, block: FloodBlock): void;
  /** A packet has come in. */
  take(monitor: ChipMonitor, key: number, payload: number): void;
  /** A block has come in; `write` is the same for all chips that get it. */
  store(monitor: ChipMonitor, block: FloodBlock, write: CommonWrite): void;
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
  readonly beacons: Beacons;
  /** Of chips with an ethernet. */
  readonly serialRom: SerialRom | undefined;
  /** What the monitor does as its version did. */
  readonly release: Release;
  readonly world: World;
  heap(name: HeapName): Heap;
  /** Brings the clocks in the system variables up to date; returns seconds since 1970. */
  updateClocks(): number;
  /**
   * Sends a message on its way from this chip.
   *
   * @param sender IPv4 address of the host from which it has just come, if it has
   */
  route(message: SdpMessage, traffic: Traffic, sender?: string): void;
  /** Takes a message that has reached this chip. */
  receive(message: SdpMessage, traffic: Traffic): void;
  /** Answers a message with a return code, if it wants an answer. */
  refuse(message: SdpMessage, code: number, traffic: Traffic): void;
}

/** The machine around a monitor. */
export interface World {
  /** Simulated time, ns. */
  readonly time: number;
  /** When the programs in the boot image were built, seconds since 1970. */
  readonly buildTimes: BootImageDescription['buildTimes'];
  /** Whether network initialisation is over; before it only chips with an ethernet can be asked. */
  readonly isUp: boolean;
  /** The monitor at a chip address, x << 8 | y. */
  monitorAt(address: number): ChipMonitor | undefined;
  /** All monitors, in the order of their chips. */
  readonly monitors: readonly ChipMonitor[];
  /** The monitor of the chip that was booted. */
  readonly root: ChipMonitor;
  /** Whether nothing will happen by itself, so that simulated time may stand still. */
  readonly isIdle: boolean;
  /** Does something that may reach other boards as soon as none of them runs. */
  betweenWindows(action: () => void): void;
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
  /** Counts point-to-point packets in the routers on the way between two chips. */
  countPointToPoint(from: ChipMonitor, to: ChipMonitor, packets: number): void;
  /** Counts a multicast packet of a monitor that goes to all others by routing entry 0. */
  countSignal(from: ChipMonitor): void;
  /** Counts nearest-neighbour packets that all chips pass on to all their neighbours. */
  countNearestNeighbour(packets: number): void;
  /** The monitor behind a link, if the link works. */
  neighbour(of: ChipMonitor, link: number): ChipMonitor | undefined;
  /** IPTags of a chip were set or cleared. */
  tagsChanged(of: ChipMonitor): void;
  /** Sends a datagram out of a chip's ethernet. */
  sendDatagram(from: ChipMonitor, datagram: Uint8Array, to: HostAddress, sourcePort: number): void;
}

/**
 * What one boot made of a machine: the chips that it reached, where they are, and their monitors. A
 * machine whose boards are booted one by one, with the links between them stopped, has several.
 */
import { boardPlace, type Machine } from '@spin-tools/machine-model';
import {
  addressToChip,
  chipToAddress,
  describeBootImage,
  ipToBytes,
  type SystemVariables,
  sameChip,
} from '@spin-tools/scp';
import type { Chip } from '../chip/chip.js';
import type { HostAddress } from '../host/ethernet.js';
import { Monitor } from '../monitor/monitor.js';
import { type Place, StartUp } from '../monitor/start-up.js';
import { survives } from '../monitor/survive.js';
import type { ChipMonitor, World } from '../monitor/world.js';
import { P2P_HERE } from '../router/point-to-point.js';
import { BOARD_CROSSING_NS, HOP_NS } from '../router/timing.js';
import { bootPhases } from './boot-times.js';
import { type Coordinates, findCoordinates } from './coordinates.js';
import { MonitorTraffic } from './monitor-traffic.js';
import type { Network } from './network.js';
import { Paths } from './paths.js';
import { RegionRoutes } from './point-to-point-routes.js';

const LINKS = 6;
const ADDRESSES = 65536;
const MONITOR_ROUTE = 1 << 6;
const NO_IP = '0.0.0.0';
/** Time that a signal takes to the farthest of 256 x 256 chips, microseconds. Source: SC&MP 4.0. */
const LONGEST_WAY_MICROSECONDS = 155;
/** First version whose root sends beacons: 3.4.1. */
const FIRST_WITH_BEACONS = 0x00030401;
/** First version whose chips know the way to ethernet chips only. */
const FIRST_WITH_ETHERNET_ROUTES = 0x00040000;
/** What monitors call themselves when an image does not tell its version. */
const DEFAULT_VERSION = 0x00040000;

/** What monitors need of the world outside the machine. */
export interface Outside {
  /** IPv4 address of an ethernet chip by its number. */
  ipOf(chip: number): string | undefined;
  /** Sends a datagram out of the ethernet of a chip. */
  send(chip: number, datagram: Uint8Array, to: HostAddress, sourcePort: number): void;
  /** IPTags of a chip were set or cleared. */
  tagsChanged(chip: number): void;
}

/** Monitors that were booted together, and what each sees around it. */
export class Region implements World {
  /** Whether the network is ready for hosts. */
  isUp = false;
  readonly root: Monitor;
  readonly buildTimes: World['buildTimes'];
  private readonly coordinates: Coordinates;
  /** Number of the chip at an address, -1 for none. */
  private readonly numbers = new Int32Array(ADDRESSES).fill(-1);
  /** By number of the chip; those that died are gone. */
  private readonly byChip = new Map<number, Monitor>();
  private readonly paths: Paths;
  private readonly routes: RegionRoutes;
  /** How often parts of the machine had died when the ways were found. */
  private readonly losses: number;
  private readonly traffic: MonitorTraffic;
  private readonly stopCounting: () => void;
  private readonly version: number;

  /**
   * Starts the monitors of a chip and all that it reaches with the variables of an image.
   *
   * @param root number of the ethernet chip that was sent the image
   * @param isWaiting whether a chip still waits in its boot ROM
   * @throws MalformedMessageError for an image that is none
   */
  constructor(
    private readonly network: Network,
    private readonly outside: Outside,
    root: number,
    image: Uint8Array,
    isWaiting: (chip: number) => boolean,
  ) {
    const { variables, version, buildTimes } = describeBootImage(image);
    this.buildTimes = buildTimes;
    this.version = versionWord(version);
    const spreads = variables.bootDelayMicroseconds !== 0;
    this.coordinates = findCoordinates(root, (chip, link) => {
      const next = spreads ? network.behind(chip, link) : -1;
      return next >= 0 && isWaiting(next) ? next : -1;
    });
    this.coordinates.chips.forEach((chip, index) => {
      this.numbers[this.coordinates.addresses[index] as number] = chip;
    });
    const members = new Set(this.coordinates.chips);
    this.paths = new Paths(this.linksAmong(members), network.chips.length);
    this.routes = this.newRoutes(members);
    this.losses = network.losses;
    this.traffic = new MonitorTraffic({
      monitors: () => this.monitors,
      entry: (chip, address) => this.routes.entry(chip, address),
      behind: (chip, link) => network.behind(chip, link),
      chip: (number) => network.chips[number] as Chip,
    });
    this.stopCounting = network.onCountersRead(() => this.traffic.settle());
    this.startMonitors(root, variables);
    this.root = this.byChip.get(root) as Monitor;
    this.begin(variables);
  }

  get time(): number {
    const { clocks, scheduler } = this.network;
    return clocks.isRunning ? clocks.time : scheduler.time;
  }

  /** In the order of their chips. */
  get monitors(): readonly Monitor[] {
    return [...this.byChip.values()];
  }

  /** The monitor of a chip by its number. */
  monitorOf(chip: number): Monitor | undefined {
    return this.byChip.get(chip);
  }

  monitorAt(address: number): Monitor | undefined {
    return this.byChip.get(this.numbers[address] as number);
  }

  /** A chip is gone. */
  remove(chip: number): void {
    this.byChip.delete(chip);
    if (this.byChip.size === 0) this.stopCounting();
  }

  after(ns: number, action: () => void): void {
    this.network.scheduler.after(ns, () => survives(action));
  }

  background(ns: number, action: () => void): void {
    this.network.scheduler.background(ns, () => survives(action));
  }

  betweenWindows(action: () => void): void {
    this.network.clocks.betweenWindows(action);
  }

  get isIdle(): boolean {
    return this.network.scheduler.isIdle;
  }

  countPointToPoint(from: Monitor, to: Monitor, packets: number): void {
    this.traffic.pointToPoint(from, to, packets);
  }

  countSignal(from: Monitor): void {
    this.traffic.signal(from);
  }

  countNearestNeighbour(packets: number): void {
    this.traffic.flood(packets);
  }

  /** The least that a packet takes. */
  latency(from: ChipMonitor, to: ChipMonitor): number {
    const hops = this.paths.hops(from.chip.index, to.chip.index);
    const isOnBoard = this.network.clocks.areTogether(from.chip.index, to.chip.index);
    return hops * HOP_NS + (isOnBoard ? 0 : BOARD_CROSSING_NS);
  }

  neighbour(of: ChipMonitor, link: number): Monitor | undefined {
    return this.byChip.get(this.network.behind(of.chip.index, link));
  }

  wayTo(from: ChipMonitor, address: number): 'none' | 'broken' | 'open' {
    let chip = from.chip.index;
    if (!this.isUp || !this.routes.isKnown(chip, address)) return 'none';
    if (this.network.losses === this.losses) return 'open';
    for (;;) {
      const link = this.routes.entry(chip, address);
      if (link === P2P_HERE) return this.byChip.has(chip) ? 'open' : 'broken';
      if (link >= LINKS) return 'none';
      chip = this.network.behind(chip, link);
      if (chip < 0) return 'broken';
    }
  }

  sendDatagram(from: ChipMonitor, datagram: Uint8Array, to: HostAddress, sourcePort: number): void {
    this.outside.send(from.chip.index, datagram, to, sourcePort);
  }

  tagsChanged(of: ChipMonitor): void {
    this.outside.tagsChanged(of.chip.index);
  }

  private startMonitors(root: number, variables: SystemVariables): void {
    const { chips, addresses } = this.coordinates;
    const addressOf = new Map(chips.map((chip, index) => [chip, addresses[index] as number]));
    const startUp = new StartUp(variables);
    for (const chip of [...chips].sort((a, b) => a - b)) {
      const place = this.placeOf(chip, root, addressOf);
      const hardware = this.network.chips[chip] as Network['chips'][number];
      const monitor = new Monitor(hardware, this, addressToChip(place.address));
      startUp.chip(monitor.memory, monitor.cores, place);
      monitor.start();
      this.network.setPointToPoint(chip, this.routes);
      this.byChip.set(chip, monitor);
    }
  }

  private newRoutes(members: ReadonlySet<number>): RegionRoutes {
    const { machine } = this.network;
    const ethernets = machine.chips.map(({ ethernet }) => this.network.numberAt(ethernet) ?? -1);
    return new RegionRoutes({
      paths: this.paths,
      numberAt: (address) => this.numbers[address] as number,
      ethernetOf: (chip) => {
        const ethernet = ethernets[chip] as number;
        return members.has(ethernet) ? ethernet : -1;
      },
      isComplete: this.version < FIRST_WITH_ETHERNET_ROUTES,
    });
  }

  /** Lets the phases of network initialisation pass. */
  private begin(variables: SystemVariables): void {
    if (variables.bootDelayMicroseconds === 0) return;
    const { width, height, depths } = this.coordinates;
    const depth = depths.at(-1) as number;
    const size = { version: this.version >>> 16, depth, width, height };
    const phases = bootPhases(variables, size);
    for (const { phase, at } of phases) this.after(at, () => this.enterPhase(phase));
    this.after((phases.at(-1) as { at: number }).at, () => {
      this.isUp = true;
      if (this.version < FIRST_WITH_BEACONS) return;
      this.alignSignals();
      this.root.beacons.start(this.root);
    });
  }

  /** Tells each monitor how long it waits until a signal has reached the farthest chip there can be. */
  private alignSignals(): void {
    const corner = this.numbers[0] as number;
    if (corner < 0) return;
    for (const [chip, { memory }] of this.byChip) {
      const nodes = this.paths.hops(corner, chip) + 1;
      const way = (HOP_NS * nodes + BOARD_CROSSING_NS * (nodes >> 3)) >> 10;
      memory.setVariable('synchronisationDelayMicroseconds', LONGEST_WAY_MICROSECONDS - way);
    }
  }

  /** Only monitors with an ethernet can be asked before the network is ready. */
  private enterPhase(phase: number): void {
    for (const { memory, address } of this.byChip.values()) {
      if (memory.variable('ethernetAddress') === address) memory.setVariable('networkPhase', phase);
    }
  }

  /** The monitor, and the links that lead to chips farther from the root by way of this one. */
  private signalRoute(chip: number, root: number): number {
    let route = MONITOR_ROUTE;
    for (let link = 0; link < LINKS; link++) {
      const next = this.network.behind(chip, link);
      if (next >= 0 && this.paths.link(next, root) === (link + 3) % LINKS) route |= 1 << link;
    }
    return route;
  }

  private linksAmong(members: ReadonlySet<number>): Int32Array {
    const found = new Int32Array(this.network.chips.length * LINKS).fill(-1);
    for (const chip of members) {
      for (let link = 0; link < LINKS; link++) {
        const next = this.network.behind(chip, link);
        if (members.has(next)) found[chip * LINKS + link] = next;
      }
    }
    return found;
  }

  private placeOf(chip: number, root: number, addressOf: ReadonlyMap<number, number>): Place {
    const { machine } = this.network;
    const { coordinates } = this;
    const here = machine.chips[chip] as Machine['chips'][number];
    const ethernet = this.network.numberAt(here.ethernet) ?? -1;
    const ip = sameChip(here, here.ethernet) ? this.outside.ipOf(chip) : undefined;
    const board = boardPlace(here);
    const address = addressOf.get(chip) as number;
    return {
      address,
      dimensions: (coordinates.width << 8) | coordinates.height,
      ethernetAddress: addressOf.get(ethernet) ?? (address - chipToAddress(board)) & 0xffff,
      boardAddress: chipToAddress(board),
      isRoot: chip === root,
      rootAddress: addressOf.get(root) as number,
      links: this.workingLinks(chip),
      chips: coordinates.chips.length,
      ip: ipToBytes(ip ?? NO_IP),
      softwareVersion: this.version,
      signalRoute: this.signalRoute(chip, root),
    };
  }

  private workingLinks(chip: number): number {
    let mask = 0;
    for (let link = 0; link < LINKS; link++) {
      if (this.network.behind(chip, link) >= 0) mask |= 1 << link;
    }
    return mask;
  }
}

/** `4.0.1` as major << 16 | minor << 8 | patch; 4.0.0 for a version that an image does not tell. */
function versionWord(version: string): number {
  const [major, minor = 0, patch = 0] = version.split('.').map(Number);
  return Number.isInteger(major)
    ? ((major as number) << 16) | (minor << 8) | patch
    : DEFAULT_VERSION;
}

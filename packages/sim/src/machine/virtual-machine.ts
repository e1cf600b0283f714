/** A SpiNNaker machine in software. */
import { boardPlace, type Machine } from '@spin-tools/machine-model';
import {
  type ChipAddress,
  type CoreAddress,
  chipToAddress,
  describeBootImage,
  formatCore,
  ipToBytes,
  sameChip,
  type Transport,
  transportPair,
} from '@spin-tools/scp';
import { Chip } from '../chip/chip.js';
import type { CoreProgram } from '../core/program-core.js';
import { Ethernet, type HostAddress } from '../host/ethernet.js';
import { HostPort } from '../host/host-port.js';
import { Monitor } from '../monitor/monitor.js';
import { type Place, startUp } from '../monitor/start-up.js';
import type { World } from '../monitor/world.js';
import { Link } from '../router/link.js';
import { BOARD_CROSSING_NS, HOP_NS } from '../router/timing.js';
import { type MachineOptions, machineOfOptions, neighboursOf } from './layout.js';
import { nextTurn } from './next-turn.js';
import { Paths } from './paths.js';
import { Scheduler } from './scheduler.js';
import { collectStatistics, type MachineStatistics } from './statistics.js';

const LINKS = 6;
/** How much is simulated before the event loop gets its turn: core quanta and events, about 5 ms. */
const SLICE = 2000;
/** Addresses that hosts in this process seem to have. */
const HOST_IP = '10.255.255.1';
const FIRST_HOST_PORT = 50000;
/** Addresses of boards unless told otherwise: this, then one per board. */
const BOARD_IP = [192, 168, 240, 1] as const;

/** Routing entry by which signals reach all monitors, and what it matches. Source: SC&MP 4.0. */
const SIGNAL_ENTRY = 0;
const SIGNALS = { key: 0xffff5554, mask: 0xfffffffe };
const MONITOR_ROUTE = 1 << 6;

/** There is no ethernet at a chip that one asked to connect to. */
export class NoEthernetError extends Error {
  override readonly name = 'NoEthernetError';

  constructor(readonly chip: ChipAddress) {
    super(`chip (${chip.x}, ${chip.y}) has no ethernet; see "ethernetChips" for those that have`);
  }
}

/**
 * A machine: chips, links, cores, one clock. It is silent until it is booted, and takes no time of this
 * computer while all its cores sleep. Time is simulated, as fast as possible while a core has work, in
 * slices between which requests of hosts are served; those take no simulated time.
 */
export class VirtualMachine {
  /** What the machine is made of. */
  readonly machine: Machine;
  /** Chips with an ethernet, the root first. */
  readonly ethernetChips: readonly ChipAddress[];
  private readonly chips: readonly Chip[];
  private readonly index: ReadonlyMap<number, number>;
  private readonly neighbours: Int32Array;
  private readonly paths: Paths;
  private readonly scheduler: Scheduler;
  private readonly ethernets = new Map<number, Ethernet>();
  private readonly addresses = new Map<number, string>();
  private readonly world: World;
  private monitors: readonly Monitor[] = [];
  private rootIndex = 0;
  private hostPorts = 0;
  private isPumping = false;
  private isClosed = false;
  private idleListeners: (() => void)[] = [];

  /** @throws RangeError for a size or a dead part that cannot be */
  constructor(options: MachineOptions) {
    this.machine = machineOfOptions(options);
    const { chips } = this.machine;
    this.index = new Map(chips.map((chip, number) => [chipToAddress(chip), number]));
    this.neighbours = neighboursOf(this.machine, this.index);
    this.paths = new Paths(this.neighbours, chips.length);
    this.chips = chips.map((_chip, number) => this.newChip(number));
    this.scheduler = new Scheduler(this.chips);
    this.ethernetChips = chips
      .filter((chip) => sameChip(chip, chip.ethernet))
      .map(({ x, y }) => ({ x, y }));
    this.ethernetChips.forEach((chip, number) => {
      this.addEthernet(chip, number);
    });
    this.world = this.newWorld();
  }

  /** Simulated time, ns. */
  get time(): number {
    return this.scheduler.time;
  }

  /** Whether the machine was booted. */
  get isBooted(): boolean {
    return this.monitors.length > 0;
  }

  /** Whether nothing will happen until a host sends something. */
  get isIdle(): boolean {
    return this.scheduler.isIdle;
  }

  /** Counts since the machine was made. */
  statistics(): MachineStatistics {
    const boards = this.ethernetChips.length;
    return collectStatistics(this.time, boards, this.chips, this.monitors);
  }

  /** Datagrams of SDP to and from an ethernet chip, by default the first. Throws NoEthernetError. */
  scpTransport(ethernet?: ChipAddress): Transport {
    const target = this.ethernet(ethernet);
    const host = { ip: HOST_IP, port: FIRST_HOST_PORT + this.hostPorts++ };
    const [near, far] = transportPair();
    far.onDatagram((datagram) => target.receiver.receiveMessage(datagram, host));
    target.addHost(host, (datagram) => far.send(datagram));
    return whenClosed(near, () => target.removeHost(host));
  }

  /** Boot frames to an ethernet chip, by default the first. Throws NoEthernetError. */
  bootTransport(ethernet?: ChipAddress): Transport {
    const target = this.ethernet(ethernet);
    const [near, far] = transportPair();
    far.onDatagram((datagram) => target.receiver.receiveBoot(datagram));
    return near;
  }

  /** The ethernet of a chip, by default the first, for other ways of reaching it. Throws NoEthernetError. */
  ethernet(chip: ChipAddress = this.ethernetChips[0] ?? { x: 0, y: 0 }): Ethernet {
    const found = this.ethernets.get(chipToAddress(chip));
    if (found === undefined) throw new NoEthernetError(chip);
    return found;
  }

  /** Sets the IPv4 address that an ethernet chip has once it is booted. Throws NoEthernetError. */
  setIpAddress(chip: ChipAddress, ip: string): void {
    this.ethernet(chip);
    this.addresses.set(chipToAddress(chip), ip);
  }

  /** UDP ports that reverse IPTags of an ethernet chip listen to. */
  reversePorts(chip: ChipAddress): readonly number[] {
    return this.world.monitorAt(chipToAddress(chip))?.tags.reversePorts ?? [];
  }

  /** Resolves when nothing will happen any more until a host sends something, or the machine is closed. */
  whenIdle(): Promise<void> {
    if (this.isClosed || (this.isIdle && !this.isPumping)) return Promise.resolve();
    return new Promise((resolve) => {
      this.idleListeners.push(resolve);
      this.poke();
    });
  }

  /**
   * Runs a TypeScript program on a core, in place of whatever ran there, as one of application `appId`.
   *
   * @throws RangeError when the machine is not booted or has no such core
   */
  runProgram({ x, y, core }: CoreAddress, program: CoreProgram, appId: number): void {
    const monitor = this.world.monitorAt(chipToAddress({ x, y }));
    if (monitor === undefined || core < 1 || core >= monitor.cores.count) {
      throw new RangeError(
        `${formatCore({ x, y, core })} is no application core of a booted machine`,
      );
    }
    monitor.programs.run(core, program, appId);
    this.poke();
  }

  /** Stops simulating. What is still to happen never does. */
  close(): Promise<void> {
    this.isClosed = true;
    this.tellIdle();
    return Promise.resolve();
  }

  private newChip(number: number): Chip {
    const chip = this.machine.chips[number];
    if (chip === undefined) throw new RangeError(`there is no chip ${number}`);
    const links = Array.from({ length: LINKS }, (_, link) => {
      const target = this.neighbours[number * LINKS + link] as number;
      const other = this.machine.chips[target];
      return new Link(target, other !== undefined && !sameChip(other.ethernet, chip.ethernet));
    });
    return new Chip(number, { x: chip.x, y: chip.y }, chip.physicalCoreMask, links, {
      schedule: (to, port, packet, at) => this.scheduler.schedule(to, port, packet, at),
      retryRouter: (to, at) => this.scheduler.retryRouter(to, at),
      wake: (to, core) => this.scheduler.wake(to, core),
      interrupt: (to, core, source, level) => this.scheduler.interrupt(to, core, source, level),
      release: (at, link) => this.releaseLink(at, link),
      pointToPoint: (at, address) => this.pointToPoint(at, address),
    });
  }

  /** A packet that came by a link was dealt with: there is room for another on the neighbour's side. */
  private releaseLink(chip: number, link: number): void {
    const neighbour = this.chips[this.neighbours[chip * LINKS + link] as number] as Chip;
    (neighbour.links[(link + 3) % LINKS] as Link).inTransit--;
  }

  private pointToPoint(chip: number, address: number): number {
    const destination = this.index.get(address);
    return destination === undefined ? LINKS : (this.paths.to(destination).links[chip] as number);
  }

  private addEthernet(chip: ChipAddress, number: number): void {
    const [a, b, c, d] = BOARD_IP;
    this.addresses.set(
      chipToAddress(chip),
      [a, b, c + (number >>> 7), d + (number & 127)].join('.'),
    );
    const port = new HostPort({
      monitor: () => (this.isClosed ? undefined : this.world.monitorAt(chipToAddress(chip))),
      boot: (image) => this.boot(image, chip),
      poke: () => this.poke(),
    });
    this.ethernets.set(chipToAddress(chip), new Ethernet(port));
  }

  private newWorld(): World {
    const self = this;
    return {
      get time() {
        return self.scheduler.time;
      },
      get monitors() {
        return self.monitors;
      },
      get root() {
        return self.monitors[self.rootIndex] as Monitor;
      },
      monitorAt: (address) => {
        const number = this.index.get(address);
        return number === undefined ? undefined : this.monitors[number];
      },
      after: (ns, action) => this.scheduler.after(ns, action),
      latency: (from, to) => this.latency(from, to),
      neighbour: (of, link) =>
        this.monitors[this.neighbours[of.chip.index * LINKS + link] as number],
      sendDatagram: (from, datagram, to, sourcePort) =>
        this.send(from.address, datagram, to, sourcePort),
    };
  }

  /** The least that a packet takes. */
  private latency(from: Monitor, to: Monitor): number {
    const hops = this.paths.to(from.chip.index).hops[to.chip.index] as number;
    const crosses =
      from.memory.variable('ethernetAddress') !== to.memory.variable('ethernetAddress');
    return hops * HOP_NS + (crosses ? BOARD_CROSSING_NS : 0);
  }

  private send(chip: number, datagram: Uint8Array, to: HostAddress, sourcePort: number): void {
    this.ethernets.get(chip)?.send(datagram, to, sourcePort);
  }

  /** Starts the monitors of all chips. Throws MalformedMessageError for an image that is none. */
  private boot(image: Uint8Array, from: ChipAddress): void {
    const { variables, version } = describeBootImage(image);
    this.rootIndex = this.index.get(chipToAddress(from)) ?? 0;
    const monitors = this.chips.map((chip) => new Monitor(chip, this.world));
    monitors.forEach((monitor, number) => {
      startUp(monitor.memory, monitor.cores, variables, this.place(number, version));
      monitor.entries.clearAll();
      monitor.entries.set(SIGNAL_ENTRY, { ...SIGNALS, route: this.signalRoute(number) }, 0);
      monitor.start();
    });
    this.monitors = monitors;
  }

  /** The monitor, and the links that lead to chips farther from the root by way of this one. */
  private signalRoute(chip: number): number {
    const towardsRoot = this.paths.to(this.rootIndex).links;
    let route = MONITOR_ROUTE;
    for (let link = 0; link < LINKS; link++) {
      const next = this.neighbours[chip * LINKS + link] as number;
      if (next >= 0 && towardsRoot[next] === (link + 3) % LINKS) route |= 1 << link;
    }
    return route;
  }

  private place(number: number, version: string): Place {
    const { machine } = this;
    const chip = machine.chips[number] as Machine['chips'][number];
    const root = machine.chips[this.rootIndex] as Machine['chips'][number];
    const isEthernet = sameChip(chip, chip.ethernet);
    const ip = isEthernet ? this.addresses.get(chipToAddress(chip)) : undefined;
    const [major = 4, minor = 0, patch = 0] = version
      .split('.')
      .map(Number)
      .filter(Number.isInteger);
    return {
      address: chipToAddress(chip),
      dimensions: (machine.width << 8) | machine.height,
      ethernetAddress: chipToAddress(chip.ethernet),
      boardAddress: chipToAddress(boardPlace(chip)),
      isRoot: number === this.rootIndex,
      rootAddress: chipToAddress(root),
      links: chip.linkMask,
      chips: machine.chips.length,
      ip: ipToBytes(ip ?? '0.0.0.0'),
      softwareVersion: (major << 16) | (minor << 8) | patch,
    };
  }

  private poke(): void {
    if (this.isPumping || this.isClosed) return;
    this.isPumping = true;
    nextTurn(() => this.pump());
  }

  /** Simulates a slice, then lets the event loop have its turn. */
  private pump(): void {
    const { scheduler } = this;
    for (let done = 0; done < SLICE && !scheduler.isIdle && !this.isClosed; ) {
      done += scheduler.runQuantum();
    }
    if (scheduler.isIdle || this.isClosed) {
      this.isPumping = false;
      this.tellIdle();
    } else nextTurn(() => this.pump());
  }

  private tellIdle(): void {
    for (const listener of this.idleListeners.splice(0)) listener();
  }
}

function whenClosed(transport: Transport, then: () => void): Transport {
  return {
    send: (datagram) => transport.send(datagram),
    onDatagram: (listener) => transport.onDatagram(listener),
    close: () => {
      then();
      return transport.close();
    },
  };
}

/** A SpiNNaker machine in software. */
import type { Machine } from '@spin-tools/machine-model';
import {
  type ChipAddress,
  type CoreAddress,
  formatCore,
  type SdpMessage,
  sameChip,
  type Transport,
  transportPair,
} from '@spin-tools/scp';
import type { CoreProgram } from '../core/program-core.js';
import { type FaultPlan, parseFaultPlan } from '../faults/plan.js';
import { Admission } from '../host/admission.js';
import type { Ethernet } from '../host/ethernet.js';
import type { HostPortStatistics } from '../host/host-port.js';
import { Boards } from './boards.js';
import { type EthernetChip, Ethernets } from './ethernets.js';
import { Faults } from './faults.js';
import { Frames } from './frames.js';
import { type MachineShapeOptions, machineOfOptions } from './layout.js';
import { Network } from './network.js';
import { type Pace, Pump } from './pump.js';
import { Regions } from './regions.js';
import { collectStatistics, type MachineStatistics } from './statistics.js';

/** Addresses that hosts in this process seem to have. */
const HOST_IP = '10.255.255.1';
const FIRST_HOST_PORT = 50000;

/** What a virtual machine is and how it behaves. */
export type MachineOptions = MachineShapeOptions & {
  /** How simulated time passes. Default `fast`. */
  readonly pace?: Pace;
  /** What is to go wrong. Default: nothing. */
  readonly faults?: FaultPlan;
  /**
   * Whether code that ARM cores execute often is translated to WebAssembly, which makes a machine several times
   * faster and changes nothing else. Default true.
   */
  readonly translates?: boolean;
};

/** Counts of datagrams between hosts and a machine: what came in, and what a fault plan did to them. */
export interface HostStatistics extends Readonly<HostPortStatistics> {
  /** Datagrams that the fault plan lost, in both directions. */
  readonly lost: number;
  /** Datagrams that it doubled. */
  readonly duplicated: number;
  /** Datagrams that it let be overtaken. */
  readonly reordered: number;
}

/** There is no ethernet at a chip that one asked to connect to. */
export class NoEthernetError extends Error {
  override readonly name = 'NoEthernetError';

  constructor(readonly chip: ChipAddress) {
    super(`chip (${chip.x}, ${chip.y}) has no ethernet; see "ethernetChips" for those that have`);
  }
}

/**
 * A machine: chips, links, cores, one clock. It is silent until it is booted, and takes no time of this
 * computer while all its cores sleep. Time is simulated, in slices between which requests of hosts are
 * served; those take no simulated time.
 */
export class VirtualMachine {
  /** What the machine is made of. */
  readonly machine: Machine;
  /** Places of the chips with an ethernet, by y, then by x. */
  readonly ethernetChips: readonly ChipAddress[];
  private readonly network: Network;
  private readonly regions: Regions;
  private readonly boards: Boards;
  private readonly ethernets: Ethernets;
  private readonly frames: Frames;
  private readonly faults: Faults | undefined;
  private readonly admission: Admission;
  private readonly pump: Pump;
  private hostPorts = 0;
  private isClosed = false;

  /** @throws RangeError for a size or a dead part that cannot be, FaultPlanError for a plan that cannot */
  constructor({ pace = 'fast', faults, translates = true, ...shape }: MachineOptions) {
    this.machine = machineOfOptions(shape);
    this.network = new Network(this.machine);
    for (const chip of this.network.chips) chip.translates = translates;
    const { scheduler } = this.network;
    this.pump = new Pump(scheduler, (amount) => this.admission.advance(amount));
    this.admission = new Admission(
      () => this.pump.isPaced || scheduler.isIdle,
      () => scheduler.time,
    );
    this.regions = new Regions(this.network, {
      ipOf: (chip) => this.ethernets.of(chip)?.ip,
      send: (chip, datagram, to, sourcePort) => this.ethernets.send(chip, datagram, to, sourcePort),
    });
    this.boards = new Boards(this.network, this.regions, (board) =>
      this.ethernets.boardChanged(board),
    );
    this.faults =
      faults && new Faults(parseFaultPlan(faults), this.network, this.boards, this.regions);
    this.ethernetChips = this.machine.chips
      .filter((chip) => sameChip(chip, chip.ethernet))
      .map(({ x, y }) => ({ x, y }));
    this.ethernets = this.newEthernets();
    this.frames = this.newFrames();
    this.pump.setPace(pace);
  }

  /** Simulated time, ns. */
  get time(): number {
    return this.network.scheduler.time;
  }

  /** Whether a chip of the machine was booted. */
  get isBooted(): boolean {
    return this.machine.chips.some((_, chip) => this.regions.isBooted(chip));
  }

  /** Whether nothing will happen until a host sends something, or time is made to pass. */
  get isIdle(): boolean {
    return this.network.scheduler.isIdle;
  }

  /** Counts since the machine was made. */
  statistics(): MachineStatistics {
    const { network, regions, boards } = this;
    return collectStatistics(this.time, boards.boards.length, network.chips, regions.monitors);
  }

  /** Counts of datagrams between hosts and the machine since it was made. */
  hostStatistics(): HostStatistics {
    const untouched = { lost: 0, duplicated: 0, reordered: 0 };
    return { ...this.ethernets.statistics, ...(this.faults?.statistics ?? untouched) };
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

  /** Boot frames to an ethernet chip, by default the first, and its hello frames. Throws NoEthernetError. */
  bootTransport(ethernet?: ChipAddress): Transport {
    const target = this.ethernet(ethernet);
    const [near, far] = transportPair();
    far.onDatagram((datagram) => target.receiver.receiveBoot(datagram));
    return whenClosed(
      near,
      target.onHello((frame) => far.send(frame)),
    );
  }

  /**
   * Datagrams to and from the management processors of a frame of 24 boards, by default the first. Boards are
   * numbered in the order of their ethernet chips. Throws RangeError for a frame that there is not.
   */
  bmpTransport(frame = 0): Transport {
    const ethernet = this.frames.ethernet(frame);
    const host = { ip: HOST_IP, port: FIRST_HOST_PORT + this.hostPorts++ };
    const [near, far] = transportPair();
    far.onDatagram((datagram) => ethernet.receiver.receiveMessage(datagram, host));
    ethernet.addHost(host, (datagram) => far.send(datagram));
    return whenClosed(near, () => ethernet.removeHost(host));
  }

  /** How many frames of 24 boards there are. */
  get frameCount(): number {
    return this.frames.count;
  }

  /** The ethernet of a frame's management processor, for other ways of reaching it. Throws RangeError. */
  bmpEthernet(frame = 0): Ethernet {
    return this.frames.ethernet(frame);
  }

  /** Sets the IPv4 address of a frame's management processor, before it is reached. Throws RangeError. */
  setBmpAddress(frame: number, ip: string): void {
    this.frames.setAddress(frame, ip);
  }

  /** The ethernet of a chip, by default the first, for other ways of reaching it. Throws NoEthernetError. */
  ethernet(chip?: ChipAddress): Ethernet {
    return this.ethernetChip(chip).ethernet;
  }

  /** Sets the IPv4 address that an ethernet chip has once it is booted. Throws NoEthernetError. */
  setIpAddress(chip: ChipAddress, ip: string): void {
    this.ethernetChip(chip).ip = ip;
  }

  /** UDP ports that reverse IPTags of an ethernet chip listen to. */
  reversePorts(chip: ChipAddress): readonly number[] {
    const number = this.network.numberAt(chip);
    return number === undefined ? [] : (this.regions.monitorOf(number)?.tags.reversePorts ?? []);
  }

  /** Changes how simulated time passes from now on. */
  setPace(pace: Pace): void {
    this.pump.setPace(pace);
  }

  /** Lets simulated time pass, also while nothing happens: time-outs and hello frames come then. */
  advance(ns: number): Promise<void> {
    return this.pump.advance(ns);
  }

  /** Resolves when nothing will happen any more until a host sends something, or the machine is closed. */
  whenIdle(): Promise<void> {
    return this.pump.whenIdle();
  }

  /**
   * Runs a TypeScript program on a core, in place of whatever ran there, as one of application `appId`.
   *
   * @throws RangeError when the machine is not booted or has no such core
   */
  runProgram({ x, y, core }: CoreAddress, program: CoreProgram, appId: number): void {
    const number = this.network.numberAt({ x, y });
    const monitor = number === undefined ? undefined : this.regions.monitorOf(number);
    if (monitor === undefined || core < 1 || core >= monitor.cores.count) {
      throw new RangeError(
        `${formatCore({ x, y, core })} is no application core of a booted machine`,
      );
    }
    monitor.programs.run(core, program, appId);
    this.pump.poke();
  }

  /** Stops simulating. What is still to happen never does. */
  close(): Promise<void> {
    this.isClosed = true;
    this.pump.close();
    return Promise.resolve();
  }

  private newEthernets(): Ethernets {
    const { network, boards, regions, faults } = this;
    return new Ethernets(
      {
        ...{ network, boards, regions, faults },
        boot: (image, chip) => this.boot(image, chip),
        admit: (message, act) => this.admit(message, act),
        after: (ns, action) => this.after(ns, action),
        isClosed: () => this.isClosed,
      },
      this.ethernetChips,
    );
  }

  private newFrames(): Frames {
    const { network, boards, ethernets } = this;
    return new Frames({
      ...{ network, boards },
      ipOfBoard: (board) => {
        const place = boards.boards[board]?.ethernet;
        return place && ethernets.of(network.numberAt(place))?.ip;
      },
      after: (ns, action) => this.after(ns, action),
      isClosed: () => this.isClosed,
    });
  }

  private after(ns: number, action: () => void): void {
    this.pump.catchUp();
    this.network.scheduler.after(ns, action);
    this.pump.poke();
  }

  private admit(message: SdpMessage, act: () => void): void {
    this.pump.beforeMessage();
    this.admission.admit(message, act);
    this.pump.poke();
  }

  private boot(image: Uint8Array, chip: number): void {
    const { boards } = this;
    this.pump.beforeMessage();
    const takesPart = boards.beginBoot();
    const isWaiting = (other: number) =>
      boards.isWaiting(other) && takesPart(boards.numberOf(other));
    if (isWaiting(chip)) this.regions.boot(image, chip, isWaiting);
    this.pump.poke();
  }

  private ethernetChip(place = this.ethernetChips[0] ?? { x: 0, y: 0 }): EthernetChip {
    const found = this.ethernets.of(this.network.numberAt(place));
    if (found === undefined) throw new NoEthernetError(place);
    return found;
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

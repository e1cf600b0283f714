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
import type { BmpStatistics } from '../bmp/index.js';
import type { CoreProgram } from '../core/program-core.js';
import { type FaultPlan, parseFaultPlan } from '../faults/plan.js';
import { Admission } from '../host/admission.js';
import type { Ethernet, HostAddress } from '../host/ethernet.js';
import type { HostPortStatistics } from '../host/host-port.js';
import { NoDebuggingError, NotInThreadError } from '../parallel/errors.js';
import type { Report } from '../parallel/operations.js';
import { RemoteCore } from '../parallel/remote-core.js';
import { newTeam, type Team } from '../parallel/team.js';
import { Boards } from './boards.js';
import { type EthernetChip, Ethernets } from './ethernets.js';
import { DEFAULT_SEED, Faults } from './faults.js';
import { Frames } from './frames.js';
import type { Inspection } from './inspection.js';
import { type MachineShapeOptions, machineOfOptions } from './layout.js';
import { type Management, type MonitorKind, managementOf } from './management.js';
import { Network } from './network.js';
import { nextTurn } from './next-turn.js';
import { type Pace, Pump } from './pump.js';
import { collectStatistics, countsOf, type MachineStatistics } from './statistics.js';

/** Addresses that hosts in this process seem to have. */
const HOST_IP = '10.255.255.1';
const FIRST_HOST_PORT = 50000;

/** What a virtual machine is and how it behaves. */
export type MachineOptions = MachineShapeOptions & {
  /** Who runs chips that are booted. Default `built-in`. */
  readonly monitor?: MonitorKind;
  /** How simulated time passes. Default `fast`. */
  readonly pace?: Pace;
  /** What is to go wrong. Default: nothing. */
  readonly faults?: FaultPlan;
  /**
   * Whether code that ARM cores execute often is translated to WebAssembly, which makes a machine several times
   * faster and changes nothing else. Default true.
   */
  readonly translates?: boolean;
  /**
   * Threads of this computer that run the boards of the machine, from 1 on; there is no use for more than boards.
   * Nothing but speed depends on it. More than one, in Node.js only, are for machines whose cores have much to do;
   * such a machine takes no TypeScript programs and no debugger, and keeps its threads until it is closed. Default 1.
   */
  readonly workers?: number;
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
  private readonly workers: number;
  /** Boards that other threads run, and which are left. */
  private readonly team: Team;
  private readonly management: Management;
  private readonly boards: Boards;
  private readonly ethernets: Ethernets;
  private readonly frames: Frames;
  private readonly faults: Faults | undefined;
  private readonly admission: Admission;
  private readonly pump: Pump;
  private readonly portListeners = new Set<(chip: ChipAddress) => void>();
  private hostPorts = 0;
  private isClosed = false;

  /**
   * @throws RangeError for a size, a dead part or a number of workers that cannot be, FaultPlanError for a plan that
   *   cannot, NoThreadsError for several workers where there are no threads
   */
  constructor({
    monitor = 'built-in',
    pace = 'fast',
    faults,
    translates = true,
    workers = 1,
    ...shape
  }: MachineOptions) {
    this.machine = machineOfOptions(shape);
    this.workers = workers;
    this.team = newTeam({
      ...{ machine: this.machine, workers, monitor, translates },
      lose: faults?.packets?.lose ?? 0,
      seed: faults?.seed ?? DEFAULT_SEED,
      report: (report) => this.takeReport(report),
      settle: () => this.network.settleCounters(),
    });
    this.network = new Network(this.machine, this.team);
    for (const chip of this.network.chips) chip.translates = translates;
    const { scheduler } = this.network;
    this.pump = new Pump(scheduler, (amount) => this.admission.advance(amount));
    this.admission = new Admission(
      () => this.pump.isPaced || this.pump.isHeld || scheduler.isIdle,
      () => scheduler.time,
    );
    this.management = this.newManagement(monitor, faults);
    const { monitors } = this.management;
    this.boards = new Boards(this.network, monitors, (board) => this.ethernets.boardChanged(board));
    this.network.surroundings = {
      resettable: (chip, core) => monitors.resettable(chip, core),
      transmit: (chip, frame) => this.ethernets.of(chip)?.port.transmit?.(frame),
      resetChip: (chip, code) => this.boards.resetChip(chip, code),
      ...(faults?.packets && { loses: (chip) => this.faults?.losesPacket(chip) === true }),
      ...(monitors.repeatsImage && {
        repeatsImage: (from, packet) => monitors.repeatsImage?.(from, packet) ?? false,
        isBooted: (chip) => monitors.isBooted(chip),
      }),
    };
    this.faults = faults && new Faults(parseFaultPlan(faults), this.network, this.boards, monitors);
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
    return this.machine.chips.some((_, chip) => this.management.monitors.isBooted(chip));
  }

  /** Whether nothing will happen until a host sends something, or time is made to pass. */
  get isIdle(): boolean {
    return this.network.scheduler.isIdle;
  }

  /** Counts since the machine was made. */
  statistics(): MachineStatistics {
    const { network, management, boards } = this;
    const { armCores } = management.monitors;
    const own = network.chips.filter((chip) => network.runs(chip.index));
    const ownCores = armCores.filter((core) => !(core instanceof RemoteCore));
    const counts = [countsOf(own, ownCores), ...this.team.others.map((boards) => boards.counts())];
    return collectStatistics(this.time, boards.boards.length, counts);
  }

  /** Counts of datagrams between hosts and the machine since it was made. */
  hostStatistics(): HostStatistics {
    const untouched = { lost: 0, duplicated: 0, reordered: 0 };
    return { ...this.ethernets.statistics, ...(this.faults?.statistics ?? untouched) };
  }

  /** Counts of datagrams between hosts and management processors, and of what those refused, by return code. */
  bmpStatistics(): Readonly<BmpStatistics> {
    return this.frames.statistics;
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
    const found = this.ethernetChip(chip);
    found.ip = ip;
    this.management.addressChanged(found.chip);
  }

  /** UDP ports that reverse IPTags of an ethernet chip listen to. */
  reversePorts(chip: ChipAddress): readonly number[] {
    const number = this.network.numberAt(chip);
    return number === undefined ? [] : this.management.monitors.reversePorts(number);
  }

  /** Calls back when IPTags of a chip were set or cleared; the result stops that. */
  onReversePorts(listener: (chip: ChipAddress) => void): () => void {
    this.portListeners.add(listener);
    return () => this.portListeners.delete(listener);
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
   * @throws RangeError when the machine is not booted or has no such core, NotInThreadError when another thread runs it
   */
  runProgram(at: CoreAddress, program: CoreProgram, appId: number): void {
    const number = this.network.numberAt(at);
    if (number === undefined) throw new RangeError(`the machine has no ${formatCore(at)}`);
    if (!this.network.runs(number)) throw new NotInThreadError(at);
    this.management.monitors.runProgram(number, at, program, appId);
    this.pump.poke();
  }

  /**
   * The chips behind the monitors, and a hand on the clock: what a debugger works with.
   *
   * @throws NoDebuggingError when several threads run the machine
   */
  inspect(): Inspection {
    if (this.team.others.length > 0) throw new NoDebuggingError(this.workers);
    const { network, management, pump, admission } = this;
    return {
      chips: network.chips,
      isBooted: (chip) => management.monitors.isBooted(chip),
      onCorePlaced: (listener) => network.onCorePlaced(listener),
      after: (ns, action) => this.after(ns, action),
      runAlone: (chip, core, until) =>
        network.clocks.of(chip).runOnly(network.clocks.placeOf(chip), core, until),
      hold: () => {
        pump.hold();
        // Requests that wait for the machine to become idle would wait for the debugger's user.
        nextTurn(() => admission.advance(0));
      },
      release: () => pump.release(),
      isHeld: () => pump.isHeld,
    };
  }

  /** Stops simulating. What is still to happen never does. */
  async close(): Promise<void> {
    this.isClosed = true;
    this.pump.close();
    await Promise.all(this.team.others.map((boards) => boards.close()));
  }

  private newManagement(kind: MonitorKind, faults: FaultPlan | undefined): Management {
    const wiring = {
      ipOf: (chip: number) => this.ethernets.of(chip)?.ip,
      send: (chip: number, datagram: Uint8Array, to: HostAddress, sourcePort: number) =>
        this.ethernets.send(chip, datagram, to, sourcePort),
      tagsChanged: (chip: number) => {
        const { x, y } = this.machine.chips[chip] as ChipAddress;
        for (const listener of this.portListeners) listener({ x, y });
      },
      isWaiting: (chip: number) => this.boards.isWaiting(chip),
      boot: (image: Uint8Array, chip: number) => this.boot(image, chip),
      admit: (message: SdpMessage, act: () => void) => this.admit(message, act),
      after: (ns: number, action: () => void) => this.after(ns, action),
      catchUp: () => this.pump.catchUp(),
      received: () => this.faults?.messageReceived(),
      load: (place: ChipAddress) => this.faults?.load(place),
      isClosed: () => this.isClosed,
    };
    return managementOf(kind, this.network, wiring, faults, this.team.others);
  }

  private newEthernets(): Ethernets {
    const { network, boards, faults, management } = this;
    return new Ethernets(
      {
        ...{ network, boards },
        newLine: () => faults?.line((ns, action) => this.after(ns, action)),
        newPort: (chip, place) => management.newPort(chip, place),
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
    const failing = [...boards.boards.keys()].filter((board) => !takesPart(board));
    if (isWaiting(chip)) this.management.monitors.boot(image, chip, isWaiting, failing);
    this.pump.poke();
  }

  /** A board that another thread runs has done something that is for the whole machine. */
  private takeReport(report: Report): void {
    const { network, management, time } = this;
    const { monitors } = management;
    const { chip } = report;
    if (report.kind === 'interrupted') monitors.interrupted?.(chip, time - report.at);
    else if (report.kind === 'packet') monitors.packetArrived?.(chip, report.key, report.payload);
    else if (report.kind === 'frame') network.surroundings?.transmit(chip, report.frame);
    else if (report.kind === 'reset') network.surroundings?.resetChip(chip, report.code);
    else if (report.kind === 'links') network.disableLinks(chip, report.links);
    else monitors.startedElsewhere?.(chip);
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

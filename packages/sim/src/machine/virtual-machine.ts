/** A SpiNNaker machine in software. */
import type { Machine } from '@spin-tools/machine-model';
import {
  type ChipAddress,
  type CoreAddress,
  chipToAddress,
  formatCore,
  sameChip,
  type Transport,
  transportPair,
} from '@spin-tools/scp';
import type { CoreProgram } from '../core/program-core.js';
import { Admission } from '../host/admission.js';
import { Ethernet } from '../host/ethernet.js';
import { HostPort } from '../host/host-port.js';
import { type MachineOptions, machineOfOptions } from './layout.js';
import { Monitors } from './monitors.js';
import { Network } from './network.js';
import { nextTurn } from './next-turn.js';
import { collectStatistics, type MachineStatistics } from './statistics.js';

/** How much is simulated before the event loop gets its turn: core quanta and events, about 5 ms. */
const SLICE = 2000;
/** Addresses that hosts in this process seem to have. */
const HOST_IP = '10.255.255.1';
const FIRST_HOST_PORT = 50000;
/** Addresses of boards unless told otherwise: 192.168.240.1, then one per board. */
const BOARD_NETWORK = '192.168';
const FIRST_BOARD = 240 * 256 + 1;

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
  private readonly network: Network;
  private readonly monitors: Monitors;
  private readonly admission: Admission;
  private readonly ethernets = new Map<number, Ethernet>();
  private readonly addresses = new Map<number, string>();
  private hostPorts = 0;
  private isPumping = false;
  private isClosed = false;
  private readonly idleListeners: (() => void)[] = [];

  /** @throws RangeError for a size or a dead part that cannot be */
  constructor(options: MachineOptions) {
    this.machine = machineOfOptions(options);
    this.network = new Network(this.machine);
    this.admission = new Admission(
      () => this.isIdle,
      () => this.time,
    );
    this.monitors = new Monitors(this.network, {
      ipOf: (chip) => this.addresses.get(chip),
      send: (chip, datagram, to, sourcePort) =>
        this.ethernets.get(chip)?.send(datagram, to, sourcePort),
    });
    this.ethernetChips = this.machine.chips
      .filter((chip) => sameChip(chip, chip.ethernet))
      .map(({ x, y }) => ({ x, y }));
    this.ethernetChips.forEach((chip, number) => {
      this.addEthernet(chip, number);
    });
  }

  /** Simulated time, ns. */
  get time(): number {
    return this.network.scheduler.time;
  }

  /** Whether the machine was booted. */
  get isBooted(): boolean {
    return this.monitors.monitors.length > 0;
  }

  /** Whether nothing will happen until a host sends something. */
  get isIdle(): boolean {
    return this.network.scheduler.isIdle;
  }

  /** Counts since the machine was made. */
  statistics(): MachineStatistics {
    const boards = this.ethernetChips.length;
    return collectStatistics(this.time, boards, this.network.chips, this.monitors.monitors);
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
    return this.monitors.monitorAt(chipToAddress(chip))?.tags.reversePorts ?? [];
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
    const monitor = this.monitors.monitorAt(chipToAddress({ x, y }));
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

  private addEthernet(chip: ChipAddress, number: number): void {
    const address = chipToAddress(chip);
    const host = FIRST_BOARD + number;
    this.addresses.set(address, `${BOARD_NETWORK}.${host >>> 8}.${host & 255}`);
    const port = new HostPort({
      monitor: () => (this.isClosed ? undefined : this.monitors.monitorAt(address)),
      boot: (image) => this.monitors.boot(image, chip),
      admit: (message, act) => {
        this.admission.admit(message, act);
        this.poke();
      },
    });
    this.ethernets.set(address, new Ethernet(port));
  }

  private poke(): void {
    if (this.isPumping || this.isClosed || (this.isIdle && this.admission.isEmpty)) return;
    this.isPumping = true;
    nextTurn(() => this.pump());
  }

  /** Simulates a slice, then lets the event loop have its turn. */
  private pump(): void {
    const { scheduler } = this.network;
    this.admission.advance(0);
    for (let done = 0; done < SLICE && !scheduler.isIdle && !this.isClosed; ) {
      const amount = scheduler.runQuantum();
      this.admission.advance(amount);
      done += amount;
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

/** The monitors of all chips of a machine, from its boot on. */
import { boardPlace, type Machine } from '@spin-tools/machine-model';
import {
  type ChipAddress,
  chipToAddress,
  describeBootImage,
  ipToBytes,
  sameChip,
} from '@spin-tools/scp';
import type { HostAddress } from '../host/ethernet.js';
import { Monitor } from '../monitor/monitor.js';
import { type Place, StartUp } from '../monitor/start-up.js';
import type { ChipMonitor, World } from '../monitor/world.js';
import { BOARD_CROSSING_NS, HOP_NS } from '../router/timing.js';
import type { Network } from './network.js';

const NO_IP = '0.0.0.0';

/** What monitors need of the world outside the machine. */
export interface Outside {
  /** IPv4 address of an ethernet chip by its address, x << 8 | y. */
  ipOf(chip: number): string | undefined;
  /** Sends a datagram out of the ethernet of a chip. */
  send(chip: number, datagram: Uint8Array, to: HostAddress, sourcePort: number): void;
}

/** Boots monitors and shows each what is around it. */
export class Monitors implements World {
  /** In the order of the chips; empty before the boot. */
  monitors: readonly Monitor[] = [];
  private rootNumber = 0;

  constructor(
    private readonly network: Network,
    private readonly outside: Outside,
  ) {}

  get time(): number {
    return this.network.scheduler.time;
  }

  get root(): Monitor {
    return this.monitors[this.rootNumber] as Monitor;
  }

  /**
   * Starts the monitors of all chips with the variables of an image.
   *
   * @param from the ethernet chip that was sent the image
   * @throws MalformedMessageError for an image that is none
   */
  boot(image: Uint8Array, from: ChipAddress): void {
    const { variables, version } = describeBootImage(image);
    const { network } = this;
    this.rootNumber = network.numberOf(chipToAddress(from)) ?? 0;
    const monitors = network.chips.map((chip) => new Monitor(chip, this));
    const startUp = new StartUp(variables);
    monitors.forEach((monitor, number) => {
      startUp.chip(monitor.memory, monitor.cores, this.placeOf(number, version));
      monitor.start();
    });
    this.monitors = monitors;
  }

  monitorAt(address: number): Monitor | undefined {
    const number = this.network.numberOf(address);
    return number === undefined ? undefined : this.monitors[number];
  }

  after(ns: number, action: () => void): void {
    this.network.scheduler.after(ns, action);
  }

  /** The least that a packet takes. */
  latency(from: ChipMonitor, to: ChipMonitor): number {
    const hops = this.network.hops(from.chip.index, to.chip.index);
    const board = (monitor: ChipMonitor) => monitor.memory.variable('ethernetAddress');
    return hops * HOP_NS + (board(from) === board(to) ? 0 : BOARD_CROSSING_NS);
  }

  neighbour(of: ChipMonitor, link: number): Monitor | undefined {
    return this.monitors[this.network.behind(of.chip.index, link)];
  }

  sendDatagram(from: ChipMonitor, datagram: Uint8Array, to: HostAddress, sourcePort: number): void {
    this.outside.send(from.address, datagram, to, sourcePort);
  }

  private placeOf(number: number, version: string): Place {
    const { machine } = this.network;
    const chip = machine.chips[number] as Machine['chips'][number];
    const root = machine.chips[this.rootNumber] as Machine['chips'][number];
    const ip = sameChip(chip, chip.ethernet) ? this.outside.ipOf(chipToAddress(chip)) : undefined;
    return {
      address: chipToAddress(chip),
      dimensions: (machine.width << 8) | machine.height,
      ethernetAddress: chipToAddress(chip.ethernet),
      boardAddress: chipToAddress(boardPlace(chip)),
      isRoot: number === this.rootNumber,
      rootAddress: chipToAddress(root),
      links: chip.linkMask,
      chips: machine.chips.length,
      ip: ipToBytes(ip ?? NO_IP),
      softwareVersion: versionWord(version),
      signalRoute: this.network.signalRoute(number, this.rootNumber),
    };
  }
}

/** `4.0.1` as major << 16 | minor << 8 | patch; 4.0.0 for a version that an image does not tell. */
function versionWord(version: string): number {
  const [major, minor = 0, patch = 0] = version.split('.').map(Number);
  return Number.isInteger(major) ? ((major as number) << 16) | (minor << 8) | patch : 0x00040000;
}

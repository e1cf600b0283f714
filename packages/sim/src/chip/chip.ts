/** One chip: 18 cores and what they share. SpiNN-2 data sheet, chapter on the memory map. */
import type { ChipAddress } from '@spin-tools/scp';
import { BusError, type ChipBus, type Core, type DirectSdram, type Packet } from '../core/core.js';
import { CorePort } from '../router/core-port.js';
import type { Link } from '../router/link.js';
import { PointToPointTable } from '../router/point-to-point.js';
import { RouterRegisters } from '../router/registers.js';
import { LOCAL_PORT, Router } from '../router/router.js';
import { CORE_TO_ROUTER_NS } from '../router/timing.js';
import { type CommonWrite, isSdram, SDRAM_BYTES, Sdram, type SharedSdram } from './sdram.js';
import { SystemController } from './system-controller.js';
import { type SharedSystemRam, SYSTEM_RAM_BYTES, SystemRam } from './system-ram.js';

/** Cores of a chip. */
export const CORES = 18;
/** Stands for the built-in monitor as the core of an access: it is not counted as traffic. */
export const MONITOR_ACCESS = -1;
/** Interrupt source of lines from the system controller. */
const SYSTEM_CONTROLLER_SOURCE = 18;
/** Interrupt source of packets that the router dropped. */
const DROPPED_PACKET_SOURCE = 16;

/** Blocks of 16 MB from 0xe0000000 on, repeated from 0xf0000000 on for unbuffered writes. */
const Device = {
  MemoryController: 0,
  Router: 1,
  SystemController: 2,
  Watchdog: 3,
  Ethernet: 4,
  SystemRam: 5,
  BootRom: 6,
  BootArea: 0x1f,
} as const;
const BOOT_ROM_BYTES = 0x8000;
/** Register of the memory controller that says whether its delay-locked loop has locked. */
const DLL_STATUS = 0x300;
const DLL_LOCKED = 1 << 18;

/** What a chip asks of the machine around it. */
export interface ChipWiring {
  /** A packet reaches the router of a chip by a port at a time, ns. */
  schedule(chip: number, port: number, packet: Packet, at: number): void;
  /** Asks for a second look at a blocked packet. */
  retryRouter(chip: number, at: number): void;
  /** A core has something to do. */
  wake(chip: number, core: number): void;
  /** An interrupt line of a core changes. */
  interrupt(chip: number, core: number, source: number, level: boolean): void;
  /** A diagnostic counter is looked at or changed. */
  countersRead(): void;
  /** A packet that came by a link was dealt with. */
  release(chip: number, link: number): void;
  /** Link by which packets leave a chip for an address, 6 for none, 7 for its own. */
  pointToPoint(chip: number, address: number): number;
}

/** What the memories of a chip hold, while no chip may change it. */
export interface ChipMemory {
  readonly sdram: SharedSdram;
  readonly systemRam: SharedSystemRam;
}

/** A chip of a virtual machine. */
export class Chip implements ChipBus {
  readonly sdram = new Sdram();
  readonly systemRam = new SystemRam();
  readonly systemController: SystemController;
  readonly router: Router;
  /** By physical core. */
  readonly ports: readonly CorePort[] = Array.from({ length: CORES }, () => new CorePort());
  readonly direct: DirectSdram = this.sdram;
  /** Whether hot code of its cores is translated; nothing but speed depends on it. */
  translates = true;
  /** Bytes moved by the DMA controllers of the cores. */
  dmaBytes = 0;
  private sdramBusBytes = 0;
  private readonly routerRegisters: RouterRegisters;
  /** Registers of devices that only hold what is written, by address. */
  private readonly settings = new Map<number, number>();

  /**
   * @param index number of the chip in its machine
   * @param coreMask physical cores that work, one bit each
   * @param links by number; those that lead nowhere too
   */
  constructor(
    readonly index: number,
    readonly address: ChipAddress,
    readonly coreMask: number,
    readonly links: readonly Link[],
    private readonly wiring: ChipWiring,
  ) {
    const pointToPoint = new PointToPointTable((to) => wiring.pointToPoint(index, to));
    this.systemController = new SystemController({
      setCoreInterrupt: (core, level) =>
        wiring.interrupt(index, core, SYSTEM_CONTROLLER_SOURCE, level),
      sleepingCores: () => this.sleepingCores(),
    });
    this.router = new Router({
      links,
      ports: this.ports,
      monitor: () => this.systemController.monitor,
      pointToPoint: (to) => pointToPoint.entry(to),
      sendOn: (link, packet, at) =>
        wiring.schedule((links[link] as Link).target, (link + 3) % 6, packet, at),
      release: (link) => wiring.release(index, link),
      wakeCore: (core) => wiring.wake(index, core),
      retryAt: (at) => wiring.retryRouter(index, at),
      dropped: () => this.routerRegisters.updateInterrupt(),
    });
    this.routerRegisters = new RouterRegisters(this.router, pointToPoint, {
      setInterrupt: (level) => this.setDropInterrupt(level),
      countersRead: () => wiring.countersRead(),
    });
  }

  /** Bytes of SDRAM that cores read and wrote, by themselves and by DMA. */
  get sdramBytes(): number {
    return this.sdramBusBytes + this.sdram.bytesPastBus;
  }

  read(core: number, address: number, size: 1 | 2 | 4): number {
    const block = address >>> 28;
    if (block === 6 || block === 7) {
      if (core >= 0) this.sdramBusBytes += size;
      return this.sdram.read(address & (SDRAM_BYTES - 1), size);
    }
    if (block < 0xe) throw new BusError(address);
    const device = deviceOf(address);
    if (device === Device.SystemRam || device === Device.BootArea) {
      return this.systemRam.read(systemRamOffset(address), size);
    }
    if (device === Device.BootRom && (address & 0xffffff) < BOOT_ROM_BYTES) return 0;
    if (size !== 4) throw new BusError(address);
    return this.readDevice(device, address & 0xffffff, address);
  }

  write(core: number, address: number, value: number, size: 1 | 2 | 4): void {
    const block = address >>> 28;
    if (block === 6 || block === 7) {
      if (core >= 0) this.sdramBusBytes += size;
      this.sdram.write(address & (SDRAM_BYTES - 1), value, size);
      return;
    }
    if (block < 0xe) throw new BusError(address);
    const device = deviceOf(address);
    if (device === Device.SystemRam) this.systemRam.write(systemRamOffset(address), value, size);
    else if (size !== 4) throw new BusError(address);
    else this.writeDevice(device, address & 0xffffff, value, address);
  }

  readBlock(address: number, target: Uint8Array): void {
    this.dmaBytes += target.length;
    if (isSdram(address, target.length)) this.sdramBusBytes += target.length;
    this.copyOut(address, target);
  }

  writeBlock(address: number, source: Uint8Array): void {
    this.dmaBytes += source.length;
    if (isSdram(address, source.length)) this.sdramBusBytes += source.length;
    this.copyIn(address, source);
  }

  /** Copies shared memory into `target`, on the monitor's account. Throws BusError. */
  copyOut(address: number, target: Uint8Array): void {
    if (isSdram(address, target.length)) this.sdram.readBlock(address & (SDRAM_BYTES - 1), target);
    else this.systemRam.readBlock(systemRamStart(address, target.length), target);
  }

  /** Copies `source` into shared memory, on the monitor's account. Throws BusError. */
  copyIn(address: number, source: Uint8Array): void {
    if (isSdram(address, source.length)) this.sdram.writeBlock(address & (SDRAM_BYTES - 1), source);
    else this.systemRam.writeBlock(systemRamStart(address, source.length), source);
  }

  /** Copies in what is copied into many chips, by one `write` for all, so that they go on sharing memory. */
  copyInCommon(address: number, source: Uint8Array, write: CommonWrite): void {
    if (isSdram(address, source.length)) {
      this.sdram.writeCommonBlock(address & (SDRAM_BYTES - 1), source, write);
    } else this.copyIn(address, source);
  }

  /** Whether nothing was written to SDRAM and System RAM. */
  get hasBlankMemory(): boolean {
    return this.sdram.isBlank && this.systemRam.isBlank;
  }

  /** All that SDRAM and System RAM hold, for other chips to start from. */
  shareMemory(): ChipMemory {
    return { sdram: this.sdram.share(), systemRam: this.systemRam.share() };
  }

  /** Makes SDRAM and System RAM hold what a chip shared, in place of everything else. */
  adoptMemory({ sdram, systemRam }: ChipMemory): void {
    this.sdram.adopt(sdram);
    this.systemRam.adopt(systemRam);
  }

  /**
   * Bytes of this computer's memory that SDRAM and System RAM take. What chips share counts once: it is
   * added to `counted`, and what is there already does not count.
   */
  committedBytes(counted: Set<object>): number {
    return this.sdram.committedBytes(counted) + this.systemRam.committedBytes(counted);
  }

  send(_core: number, packet: Packet, at: number): boolean {
    if (!this.router.takesInjection) return false;
    this.router.inject();
    this.wiring.schedule(this.index, LOCAL_PORT, packet, at + CORE_TO_ROUTER_NS);
    return true;
  }

  /** Puts a core into its place, or with undefined takes it out. */
  setCore(core: number, program: Core | undefined): void {
    const port = this.ports[core] as CorePort;
    port.clear();
    port.core = program;
    if (program !== undefined) this.wiring.wake(this.index, core);
  }

  private setDropInterrupt(level: boolean): void {
    this.ports.forEach(({ core }, id) => {
      if (core !== undefined) this.wiring.interrupt(this.index, id, DROPPED_PACKET_SOURCE, level);
    });
  }

  private sleepingCores(): number {
    return this.ports.reduce(
      (mask, { core }, id) => (core === undefined || core.asleep ? mask | (1 << id) : mask),
      0,
    );
  }

  private readDevice(device: number, offset: number, address: number): number {
    switch (device) {
      case Device.Router:
        return this.routerRegisters.read(offset);
      case Device.SystemController:
        return this.systemController.read(offset);
      case Device.MemoryController:
        return offset === DLL_STATUS ? DLL_LOCKED : (this.settings.get(address) ?? 0);
      case Device.Watchdog:
      case Device.Ethernet:
        return this.settings.get(address) ?? 0;
      default:
        throw new BusError(address);
    }
  }

  private writeDevice(device: number, offset: number, value: number, address: number): void {
    switch (device) {
      case Device.Router:
        this.routerRegisters.write(offset, value);
        return;
      case Device.SystemController:
        this.systemController.write(offset, value);
        return;
      case Device.MemoryController:
      case Device.Watchdog:
      case Device.Ethernet:
        this.settings.set(address, value);
        return;
      default:
        throw new BusError(address);
    }
  }
}

function deviceOf(address: number): number {
  return address >>> 24 === 0xff ? Device.BootArea : (address >>> 24) & 0xf;
}

function systemRamOffset(address: number): number {
  const offset = address & 0xffffff;
  if (address < 0xff000000 && offset >= SYSTEM_RAM_BYTES) throw new BusError(address);
  return offset & (SYSTEM_RAM_BYTES - 1);
}

/** Offset of a block that lies in System RAM. Throws BusError for any other. */
function systemRamStart(address: number, length: number): number {
  const offset = address & 0xffffff;
  const isInside = deviceOf(address) === Device.SystemRam && offset + length <= SYSTEM_RAM_BYTES;
  if (address < 0xe0000000 || !isInside) throw new BusError(address);
  return offset;
}

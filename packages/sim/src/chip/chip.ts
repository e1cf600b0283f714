/** One chip: 18 cores and what they share. SpiNN-2 data sheet, chapter on the memory map. */
import type { ChipAddress } from '@spin-tools/scp';
import { ArmCore } from '../arm/arm-core.js';
import {
  BusError,
  type ChipBus,
  type Core,
  type DirectSdram,
  type DirectSystemRam,
  type Packet,
} from '../core/core.js';
import { CorePort } from '../router/core-port.js';
import { directAccess, type WordMemory } from '../router/direct-access.js';
import type { Link } from '../router/link.js';
import { PointToPointTable } from '../router/point-to-point.js';
import { RouterRegisters } from '../router/registers.js';
import { LOCAL_PORT, Router } from '../router/router.js';
import { CORE_TO_ROUTER_NS } from '../router/timing.js';
import { ChipControl, type ControlWiring } from './chip-control.js';
import { isQuietAccess, readDevice, writeDevice } from './devices.js';
import type { EthernetMac } from './ethernet-mac.js';
import { DeviceLine } from './interrupt-lines.js';
import { type CommonWrite, isSdram, SDRAM_BYTES, Sdram, type SharedSdram } from './sdram.js';
import { type SerialMemory, SerialRomPins } from './serial-rom-pins.js';
import { type DeviceWiring, SharedDevices } from './shared-devices.js';
import { SystemController } from './system-controller.js';
import { type SharedSystemRam, SYSTEM_RAM_BYTES, SystemRam } from './system-ram.js';

/** Cores of a chip. */
export const CORES = 18;
/** Stands for the built-in monitor as the core of an access: it is not counted as traffic. */
export const MONITOR_ACCESS = -1;

/** Where System RAM and boot ROM are, in blocks of 16 MB from 0xe0000000 on. */
const SYSTEM_RAM = 5;
const BOOT_ROM = 6;
const BOOT_ROM_BYTES = 0x8000;
/** First address of the area in which a core starts after a reset. */
const BOOT_AREA = 0xff000000;
const ROUTE_MASK = 0xffffff;

/** What a chip asks of the machine around it. */
export interface ChipWiring extends DeviceWiring, ControlWiring {
  /** A packet reaches the router of a chip by a port at a time, ns. */
  schedule(chip: number, port: number, packet: Packet, at: number): void;
  /** Asks for a second look at a blocked packet. */
  retryRouter(chip: number, at: number): void;
  /** Whether a core runs longer than a quantum until it does something that others can notice. */
  runsAlone?(): boolean;
  /** A core was put into its place, or taken out. */
  placed(core: number): void;
  /** A diagnostic counter is looked at or changed. */
  countersRead(): void;
  /** A packet that came by a link was dealt with. */
  release(chip: number, link: number): void;
  /** Whether a router drops the next multicast packet, as a fault plan says. */
  loses(): boolean;
  /** Link by which packets leave a chip for an address, 6 for none, 7 for its own. */
  pointToPoint(chip: number, address: number): number;
}

/** Clocks that somebody keeps in a chip's memory. */
export interface KeptClocks {
  update(): void;
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
  readonly directSystemRam: DirectSystemRam;
  /** Whether hot code of its cores is translated; nothing but speed depends on it. */
  translates = true;
  /** Whether all of its cores sleep but for the one that runs. */
  othersSleep = false;
  /** Bytes moved by the DMA controllers of the cores. */
  dmaBytes = 0;
  /** What cores share besides memory. */
  readonly devices: SharedDevices;
  /** The serial ROM at the pins, if there is one. */
  serialRom: SerialRomPins | undefined;
  private sdramBusBytes = 0;

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
    this.systemController = new SystemController(new ChipControl(this, wiring));
    this.router = this.newRouter(pointToPoint);
    const registers = new RouterRegisters(this.router, pointToPoint, {
      setInterrupt: (level) => this.devices.lines.set(DeviceLine.DroppedPacket, level),
      countersRead: () => wiring.countersRead(),
    });
    this.directSystemRam = directAccessTo(this);
    const { ports, systemController } = this;
    this.devices = new SharedDevices(index, ports, wiring, systemController, registers);
  }

  /** The ethernet interface; all chips have one, few are connected. */
  get ethernet(): EthernetMac {
    return this.devices.ethernet;
  }

  /** Makes a core the monitor, for the system controller and for the router. */
  setMonitor(core: number): void {
    this.systemController.monitor = core;
    this.devices.router.monitor = core;
  }

  /** Puts the monitor into its place among the cores. */
  setMonitorCore(core: number, program: Core): void {
    this.setCore(core, program);
  }

  /** Sets or clears flags of the system controller, one bit each. */
  setFlags(mask: number, isSet: boolean): void {
    const { systemController } = this;
    systemController.flags = isSet ? systemController.flags | mask : systemController.flags & ~mask;
  }

  /** Says which physical cores passed their self-test, one bit each. */
  setOkCores(mask: number): void {
    this.systemController.okCores = mask;
  }

  /** Raises or clears interrupt lines of physical cores, one bit each. */
  setInterrupts(mask: number, level: boolean): void {
    this.systemController.setInterrupts(mask, level);
  }

  /** Whether a lock of the system controller is taken. */
  isLocked(lock: number): boolean {
    return this.systemController.isLocked(lock);
  }

  /** Makes routing entries from `first` on unused. */
  clearRoutes(first: number): void {
    this.router.table.clearFrom(first);
  }

  /** Sets where fixed-route packets go: links in 5:0, physical cores in 23:6. */
  setFixedRoute(route: number): void {
    const { router } = this;
    router.fixedRoute = (router.fixedRoute & ~ROUTE_MASK) | route;
  }

  /** Counts packets of the monitor, which are not simulated; see {@link Diagnostics.sent}. */
  countSent(packetClass: number, outputs: number, packets: number): void {
    const { router, systemController } = this;
    router.diagnostics.sent(packetClass, outputs, systemController.monitor, packets);
  }

  /** Counts packets that go by the first routing entry in the same way. */
  countSentByFirstEntry(packetClass: number, packets: number): void {
    this.countSent(packetClass, this.router.table.routeOf(0), packets);
  }

  /** Has the clocks among the system variables brought up to date whenever they are read. */
  keepClocks(clocks: KeptClocks): void {
    this.systemRam.updateClocks = () => clocks.update();
  }

  /** A new ARM core at a place; `isCounted` when it is one of the application cores. */
  newArmCore(core: number, _isCounted: boolean): ArmCore {
    return new ArmCore(core, this, this.translates);
  }

  /** A frame arrives at the ethernet interface, without its check sequence. */
  receiveFrame(frame: Uint8Array): void {
    this.ethernet.receive(frame);
  }

  /** Connects a serial ROM to the pins. */
  connectSerialRom(memory: SerialMemory): void {
    this.serialRom = new SerialRomPins(memory);
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
    if (this.isSystemRam(address)) return this.systemRam.read(systemRamOffset(address), size);
    if (isBootRom(address)) return readBootRom(address, size);
    return readDevice(this.devices, address, size);
  }

  write(core: number, address: number, value: number, size: 1 | 2 | 4): void {
    const block = address >>> 28;
    if (block === 6 || block === 7) {
      if (core >= 0) this.sdramBusBytes += size;
      this.sdram.write(address & (SDRAM_BYTES - 1), value, size);
      return;
    }
    if (block < 0xe) throw new BusError(address);
    if (this.isSystemRam(address)) this.systemRam.write(systemRamOffset(address), value, size);
    else if (isBootRom(address)) throw new BusError(address);
    else writeDevice(this.devices, address, value, size);
  }

  isNoticed(address: number, value: number): boolean {
    if (!this.othersSleep) return true;
    return !this.isSystemRam(address) && !isQuietAccess(address, value);
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

  /** Takes over the memories of the chip that was in this place before a reset. */
  keepMemoryOf(before: Chip): void {
    this.adoptMemory(before.shareMemory());
  }

  /**
   * Bytes of this computer's memory that SDRAM and System RAM take. What chips share counts once: it is
   * added to `counted`, and what is there already does not count.
   */
  committedBytes(counted: Set<object>): number {
    return this.sdram.committedBytes(counted) + this.systemRam.committedBytes(counted);
  }

  get injectionRoom(): number {
    return this.wiring.runsAlone?.() === true ? 0 : this.router.injectionRoom;
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
    this.wiring.placed(core);
    if (program === undefined) return;
    this.devices.lines.connect(program);
    this.wiring.wake(this.index, core);
  }

  /** Physical cores that wait for an interrupt, one bit each. */
  get sleepingCores(): number {
    return this.ports.reduce(
      (mask, { core }, id) => (isSleeping(core) ? mask | (1 << id) : mask),
      0,
    );
  }

  /** Whether an address reaches System RAM, which the top of memory shows in place of the boot ROM when told to. */
  private isSystemRam(address: number): boolean {
    if (address >= BOOT_AREA) return this.systemController.bootAreaIsRam;
    return ((address >>> 24) & 0xf) === SYSTEM_RAM;
  }

  private get words(): WordMemory {
    return {
      readWord: (address) => this.read(MONITOR_ACCESS, address, 4),
      writeWord: (address, value) => this.write(MONITOR_ACCESS, address, value, 4),
    };
  }

  private newRouter(pointToPoint: PointToPointTable): Router {
    const { index, links, wiring } = this;
    return new Router({
      links,
      ports: this.ports,
      monitor: () => this.devices.router.monitor,
      pointToPoint: (to) => pointToPoint.entry(to),
      sendOn: (link, packet, at) =>
        wiring.schedule((links[link] as Link).target, (link + 3) % 6, packet, at),
      release: (link) => wiring.release(index, link),
      wakeCore: (core) => wiring.wake(index, core),
      retryAt: (at) => wiring.retryRouter(index, at),
      dropped: () => this.devices.router.updateInterrupt(),
      loses: () => wiring.loses(),
      access: (request) => directAccess(request, this.words),
    });
  }
}

/** Translated code goes past the bus only while no other core could notice, see {@link ChipBus.isNoticed}. */
function directAccessTo(chip: Chip): DirectSystemRam {
  const { systemRam } = chip;
  return {
    get address() {
      return chip.othersSleep ? systemRam.address : 0;
    },
    used: () => systemRam.used(),
  };
}

/** Whether a core waits for an interrupt. */
function isSleeping(core: Core | undefined): boolean {
  return core === undefined || (core.waitsForInterrupt ?? core.asleep);
}

/** All that a core finds in the boot ROM: it waits for an interrupt, for ever. The monitor's part is in `../rom`. */
const BOOT_ROM_CODE = [0xee070f90, 0xeafffffd] as const;

function readBootRom(address: number, size: 1 | 2 | 4): number {
  const word = BOOT_ROM_CODE[(address & (BOOT_ROM_BYTES - 1)) >> 2] ?? 0;
  const shifted = word >>> (8 * (address & 3));
  return size === 4 ? shifted >>> 0 : shifted & (size === 2 ? 0xffff : 0xff);
}

function isBootRom(address: number): boolean {
  if (address >= BOOT_AREA) return true;
  return ((address >>> 24) & 0xf) === BOOT_ROM && (address & 0xffffff) < BOOT_ROM_BYTES;
}

function systemRamOffset(address: number): number {
  const offset = address & 0xffffff;
  if (address < BOOT_AREA && offset >= SYSTEM_RAM_BYTES) throw new BusError(address);
  return offset & (SYSTEM_RAM_BYTES - 1);
}

/** Offset of a block that lies in System RAM. Throws BusError for any other. */
function systemRamStart(address: number, length: number): number {
  const offset = address & 0xffffff;
  const isInside = ((address >>> 24) & 0xf) === SYSTEM_RAM && offset + length <= SYSTEM_RAM_BYTES;
  if (address < 0xe0000000 || address >= BOOT_AREA || !isInside) throw new BusError(address);
  return offset;
}

/**
 * What lies beyond a core's tightly coupled memories: its private devices, and its chip.
 * SpiNN-2 data sheet, chapter on the memory map.
 */
import { BusError, type ChipBus, type DirectSdram, type DirectSystemRam } from '../core/core.js';
import type { Peripheral } from '../peripherals/peripheral.js';
import { endSlice } from './general.js';
import type { AccessSize, OuterBus } from './memory.js';

/** Cycles that the core waits for its private devices beyond a memory access. Estimate: one AHB transfer. */
export const DEVICE_CYCLES = 2;
/**
 * Cycles that a read, or a write that is not posted, waits for the chip's network: 120 ns.
 * Source: S. Temple, "SpiNNaker Chip Resources" slides, 2015 ("> 100 ns").
 */
export const SHARED_CYCLES = 24;
/** Cycles of a posted write while the buffer has room. Estimate. */
export const POSTED_CYCLES = 2;

/** Stands for nobody as the core of an access to its chip. */
const NO_CORE = -1;

/** Private devices of a core. */
export interface PrivateDevices {
  readonly communications: Peripheral;
  readonly timers: Peripheral;
  readonly interrupts: Peripheral;
  readonly dma: Peripheral & { writeBufferFailed(): void };
}

/** Bits of an address inside its device. */
const OFFSET_MASK = 0xfff;
/** The interrupt controller is seen once more in the highest 4 KB, for a vector to load from. */
const HIGH_INTERRUPTS = 0xfffff000;

/** The core as its bus sees it. */
export interface BusOwner {
  /** Whether it is in a privileged mode. */
  readonly isPrivileged: boolean;
  /** It waits for some cycles. */
  stall(cycles: number): void;
  /** It wrote to a private device, which may change what it is asked for. */
  deviceWritten(): void;
  /** It accessed what others see too, and may be noticed, see {@link ChipBus.isNoticed}. */
  sharedUsed(): void;
}

export class PrivateBus implements OuterBus {
  readonly direct: DirectSdram | undefined;
  readonly directSystemRam: DirectSystemRam | undefined;

  constructor(
    private readonly core: number,
    private readonly devices: PrivateDevices,
    private readonly chip: ChipBus,
    private readonly owner: BusOwner,
  ) {
    this.direct = chip.direct;
    this.directSystemRam = chip.directSystemRam;
  }

  read(address: number, size: AccessSize): number {
    const device = this.deviceAt(address);
    if (device === undefined) {
      this.owner.stall(SHARED_CYCLES);
      if (this.isNoticed(address, 0)) this.owner.sharedUsed();
      return this.chip.read(this.core, address, size);
    }
    this.owner.stall(DEVICE_CYCLES);
    if (size !== 4) throw new BusError(address);
    return readDevice(device, address);
  }

  write(address: number, value: number, size: AccessSize): void {
    const isPosted = isBuffered(address);
    try {
      this.writeNow(address, value, size, isPosted);
    } catch (error) {
      if (!isPosted || !(error instanceof BusError)) throw error;
      this.devices.dma.writeBufferFailed();
      endSlice();
    }
  }

  /** A word beyond the tightly coupled memories, for a debugger: takes no time and is not counted. Throws BusError. */
  peek(address: number): number {
    const device = this.deviceAt(address);
    if (device === undefined) return this.chip.read(NO_CORE, address, 4);
    return readDevice(device, address) >>> 0;
  }

  /** Writes such a word. Throws BusError. */
  poke(address: number, value: number): void {
    const device = this.deviceAt(address);
    if (device === undefined) this.chip.write(NO_CORE, address, value >>> 0, 4);
    else writeDevice(device, address, value);
  }

  private writeNow(address: number, value: number, size: AccessSize, isPosted: boolean): void {
    const device = this.deviceAt(address);
    if (device === undefined) {
      this.owner.stall(isPosted ? POSTED_CYCLES : SHARED_CYCLES);
      if (this.isNoticed(address, value)) this.owner.sharedUsed();
      this.chip.write(this.core, address, value, size);
      return;
    }
    this.owner.stall(DEVICE_CYCLES);
    if (size !== 4) throw new BusError(address);
    writeDevice(device, address, value);
    this.owner.deviceWritten();
  }

  private isNoticed(address: number, value: number): boolean {
    return !isSdram(address) && this.chip.isNoticed?.(address, value) !== false;
  }

  private deviceAt(address: number): Peripheral | undefined {
    if (address >= HIGH_INTERRUPTS) return this.devices.interrupts;
    const region = address >>> 28;
    if (region === 1 || region === 2) return this.smallDevice(address);
    if (region === 3 || region === 4) {
      if (!this.owner.isPrivileged) throw new BusError(address);
      return this.devices.dma;
    }
    return undefined;
  }

  private smallDevice(address: number): Peripheral {
    switch ((address >>> 24) & 15) {
      case 0:
        return this.devices.communications;
      case 1:
        return this.devices.timers;
      case 15:
        return this.devices.interrupts;
      default:
        throw new BusError(address);
    }
  }
}

function readDevice(device: Peripheral, address: number): number {
  try {
    return device.read(address & OFFSET_MASK);
  } catch (error) {
    throw atAddress(error, address);
  }
}

function writeDevice(device: Peripheral, address: number, value: number): void {
  try {
    device.write(address & OFFSET_MASK, value | 0);
  } catch (error) {
    throw atAddress(error, address);
  }
}

/** A device's bus error, which knows only the offset, with the address that the program used; other errors as they are. */
const atAddress = (error: unknown, address: number): unknown =>
  error instanceof BusError ? new BusError(address) : error;

/** Whether an address lies in SDRAM, posted or not. */
function isSdram(address: number): boolean {
  return address >>> 29 === 3;
}

/** Writes to these regions are posted: the core goes on, and an error is only noted by the DMA controller. */
function isBuffered(address: number): boolean {
  const region = address >>> 28;
  return region === 2 || region === 4 || region === 6 || region === 14;
}

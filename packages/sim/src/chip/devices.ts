/** What the cores of a chip share besides memory, by the addresses of its devices. SpiNN-2 data sheet, memory map. */
import { BusError } from '../core/core.js';
import type { RouterRegisters } from '../router/registers.js';
import type { EthernetMac } from './ethernet-mac.js';
import type { MemoryController } from './memory-controller.js';
import { isQuietControl, type SystemController } from './system-controller.js';
import type { Watchdog } from './watchdog.js';

/** Blocks of 16 MB from 0xe0000000 on, repeated from 0xf0000000 on for unbuffered writes. */
const Block = {
  MemoryController: 0,
  Router: 1,
  SystemController: 2,
  Watchdog: 3,
  Ethernet: 4,
} as const;
const OFFSET_MASK = 0xffffff;

/** The devices. */
export interface Devices {
  readonly memoryController: MemoryController;
  readonly router: RouterRegisters;
  readonly systemController: SystemController;
  readonly watchdog: Watchdog;
  readonly ethernet: EthernetMac;
}

/** Reads from the device at an address, unsigned. Throws BusError. */
export function readDevice(devices: Devices, address: number, size: 1 | 2 | 4): number {
  const block = blockOf(address);
  const offset = address & OFFSET_MASK;
  if (block === Block.Ethernet) return devices.ethernet.read(offset, size);
  return wordDevice(devices, block, address, size).read(offset);
}

/** Writes to the device at an address. Throws BusError. */
export function writeDevice(
  devices: Devices,
  address: number,
  value: number,
  size: 1 | 2 | 4,
): void {
  const block = blockOf(address);
  const offset = address & OFFSET_MASK;
  if (block === Block.Ethernet) devices.ethernet.write(offset, value, size);
  else wordDevice(devices, block, address, size).write(offset, value);
}

/** Whether an access to a device has no effect on cores that do not look at it; `value` is 0 for a read. */
export function isQuietAccess(address: number, value: number): boolean {
  return (
    blockOf(address) === Block.SystemController && isQuietControl(address & OFFSET_MASK, value)
  );
}

function blockOf(address: number): number {
  return (address >>> 24) & 0xf;
}

interface WordDevice {
  read(offset: number): number;
  write(offset: number, value: number): void;
}

/** A device that takes words only. */
function wordDevice(devices: Devices, block: number, address: number, size: number): WordDevice {
  if (size !== 4) throw new BusError(address);
  switch (block) {
    case Block.MemoryController:
      return devices.memoryController;
    case Block.Router:
      return devices.router;
    case Block.SystemController:
      return devices.systemController;
    case Block.Watchdog:
      return devices.watchdog;
    default:
      throw new BusError(address);
  }
}

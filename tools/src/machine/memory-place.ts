/** Places in the memory of a chip as users name them: `0x60000000`, `sdram+0x100`, `sv.clockMs`, `vcpu1.user0`. */
import {
  SYSTEM_VARIABLES_ADDRESS,
  systemVariables,
  VCPU_ADDRESS,
  type Vcpu,
  vcpuField,
  vcpuLayout,
} from '@spin-tools/scp';
import { type Command, InvalidArgumentError } from 'commander';
import { usageError } from '../commands/end.js';
import { hexadecimal } from '../terminal/hexadecimal.js';

/** A place in memory. */
export interface MemoryPlace {
  readonly address: number;
  /** Bytes of what lies there, where the name says what it is. */
  readonly size: number | undefined;
}

/** Bytes that a chip can address. */
const ADDRESSES = 2 ** 32;
/** Virtual cores of a chip. */
const CORES = 18;

/** Starts of regions. Source: SpiNNaker data sheet, memory map; SDRAM and System RAM without buffering. */
const REGIONS: Readonly<Record<string, number>> = {
  sdram: 0x60000000,
  sysram: 0xf5000000,
  router: 0xf1000000,
  sv: SYSTEM_VARIABLES_ADDRESS,
  vcpu: VCPU_ADDRESS,
};

/** What may stand where a place is asked for, for help texts. */
export const PLACE_HELP =
  'address such as 0x60000000, sdram, sysram, router, sv.clockMs or vcpu1.user0, with "+0x10" behind to go on';

/** Reads a place from an argument. */
export function memoryPlace(value: string): MemoryPlace {
  const [, base = '', offset] = /^(.*?)(?:\+(0x[\da-f]{1,8}|\d{1,10}))?$/i.exec(value) ?? [];
  const found = placeOf(base);
  const address = (found?.address ?? Number.NaN) + Number(offset ?? 0);
  if (found === undefined || address >= ADDRESSES) {
    throw new InvalidArgumentError(`Give an ${PLACE_HELP}.`);
  }
  return { address, size: offset === undefined ? found.size : undefined };
}

function placeOf(base: string): MemoryPlace | undefined {
  if (/^(0x[\da-f]{1,8}|\d{1,10})$/i.test(base)) return { address: Number(base), size: undefined };
  const region = Object.hasOwn(REGIONS, base) ? REGIONS[base] : undefined;
  if (region !== undefined) return { address: region, size: undefined };
  const [, owner, core, field = ''] = /^(sv|vcpu(\d{1,2}))\.(\w+)$/.exec(base) ?? [];
  if (owner === 'sv' && Object.hasOwn(systemVariables, field)) {
    return systemVariables[field as keyof typeof systemVariables];
  }
  if (core !== undefined && Number(core) < CORES && Object.hasOwn(vcpuLayout.places, field)) {
    return vcpuField(Number(core), field as keyof Vcpu);
  }
  return undefined;
}

/** Reads a number of bytes from an argument: `100`, `0x100`, `4k`, `2M`. */
export function byteCount(value: string): number {
  const [, digits, unit = ''] = /^(0x[\da-f]{1,8}|\d{1,10})([kM]?)$/.exec(value) ?? [];
  const bytes = Number(digits) * (UNITS[unit] as number);
  if (bytes >= 1 && bytes <= ADDRESSES) return bytes;
  throw new InvalidArgumentError('Give a number of bytes such as 100, 0x100, 4k or 2M.');
}

const UNITS: Readonly<Record<string, number>> = { '': 1, k: 1024, M: 1024 * 1024 };

/** Refuses a range that leaves the memory. */
export function checkRange(command: Command, address: number, bytes: number): void {
  if (address + bytes <= ADDRESSES) return;
  usageError(command, `${bytes} bytes at ${hexadecimal(address)} leave the 4 GB of memory.`);
}

/** Virtual numbers of cores, as the monitor of their chip has written them down. */
import { SYSTEM_VARIABLES_ADDRESS, systemVariablesLayout } from '@spin-tools/scp';
import { type Chip, CORES } from '../chip/chip.js';

const { physicalToVirtual, virtualToPhysical } = systemVariablesLayout.places;

/** Virtual core of a physical one; undefined while no monitor has numbered it. */
export function virtualCore(chip: Chip, physical: number): number | undefined {
  const virtual = byteAt(chip, physicalToVirtual.offset + physical);
  return virtual < CORES && physicalOf(chip, virtual) === physical ? virtual : undefined;
}

/** Physical core of a virtual one; undefined while no monitor has numbered it. */
export function physicalCore(chip: Chip, virtual: number): number | undefined {
  if (virtual >= CORES) return undefined;
  const physical = physicalOf(chip, virtual);
  return virtualCore(chip, physical) === virtual ? physical : undefined;
}

function physicalOf(chip: Chip, virtual: number): number {
  return byteAt(chip, virtualToPhysical.offset + virtual);
}

function byteAt(chip: Chip, offset: number): number {
  const byte = new Uint8Array(1);
  chip.copyOut(SYSTEM_VARIABLES_ADDRESS + offset, byte);
  return byte[0] as number;
}

/** Taking a core out of use while a chip runs. Source: `remap_phys_cores` of SC&MP 4.0. */
import {
  SYSTEM_VARIABLES_ADDRESS,
  systemVariablesLayout,
  vcpuAddress,
  vcpuLayout,
} from '@spin-tools/scp';
import type { ChipMonitor } from './world.js';

/** Register of the system controller that clears cores which passed their self-test. */
const CLEAR_OK = 0xf2000014;

/**
 * Takes a physical core that is not the monitor out of use. The virtual cores after it get other physical
 * ones, and all application cores become idle. Routing entries keep the physical cores that they have.
 */
export function remapCore(monitor: ChipMonitor, physical: number): void {
  const { cores, memory, programs } = monitor;
  for (let core = 1; core < cores.count; core++) programs.halt(core);
  memory.setWord(CLEAR_OK, 1 << physical);
  cores.remove(physical);
  const { physicalToVirtual, virtualToPhysical } = systemVariablesLayout.places;
  memory.setBytes(SYSTEM_VARIABLES_ADDRESS + physicalToVirtual.offset, cores.toVirtual);
  memory.setBytes(SYSTEM_VARIABLES_ADDRESS + virtualToPhysical.offset, cores.toPhysical);
  memory.setVariable('coreCount', cores.count);
  programs.initialise(Array.from({ length: cores.count - 1 }, (_, index) => index + 1));
  memory.setBytes(vcpuAddress(cores.count), new Uint8Array(vcpuLayout.size));
}

/** What only a virtual machine tells: simulated time, and counts of every link. */
import type { Machine } from '@spin-tools/machine-model';
import type { VirtualMachine } from '@spin-tools/sim';
import { LINKS_OF_CHIP } from './messages.js';

/** Counts since the machine was made. */
export interface LinkCounts {
  /** At 6 i + l for chip i of the machine that was asked about. */
  readonly packets: Uint32Array;
  readonly drops: Uint32Array;
}

/** Counters that no board has. */
export interface MachineCounters {
  /** Simulated time, ns. */
  timeNs(): number;
  /** Counts of the links of some machine's chips, in the order of its chips. */
  links(machine: Machine): LinkCounts;
}

/** The counters of a virtual machine. */
export function virtualCounters(virtual: VirtualMachine): MachineCounters {
  return {
    timeNs: () => virtual.time,
    links: (machine) => linkCounts(virtual, machine),
  };
}

function linkCounts(virtual: VirtualMachine, machine: Machine): LinkCounts {
  const { width, chips } = machine;
  const indexAt = new Int32Array(width * machine.height).fill(-1);
  chips.forEach(({ x, y }, index) => {
    indexAt[x + y * width] = index;
  });
  const packets = new Uint32Array(chips.length * LINKS_OF_CHIP);
  const drops = new Uint32Array(chips.length * LINKS_OF_CHIP);
  for (const link of virtual.statistics().links) {
    const index = indexAt[link.x + link.y * width] ?? -1;
    if (index < 0) continue;
    packets[index * LINKS_OF_CHIP + link.link] = link.packets;
    drops[index * LINKS_OF_CHIP + link.link] = link.dropped;
  }
  return { packets, drops };
}

/** From what a user asks for to the chips and links of a machine. */
import {
  type DeadParts,
  LINKS,
  type Machine,
  neighbour,
  spin3,
  spin5,
  triads,
} from '@spin-tools/machine-model';
import { chipToAddress } from '@spin-tools/scp';

/** What machine to simulate. */
export type MachineShape =
  /** One board: 4 chips, or 48. */
  | { readonly board: 'spin3' | 'spin5' }
  /** Triads of 48-chip boards; `wrap` (default true) joins opposite edges. */
  | {
      readonly triads: { readonly width: number; readonly height: number };
      readonly wrap?: boolean;
    }
  /** A machine described otherwise. */
  | { readonly machine: Machine };

/** A shape and the parts that do not work. */
export type MachineShapeOptions = MachineShape & DeadParts;

/** The machine of some options. */
export function machineOfOptions(options: MachineShapeOptions): Machine {
  if ('machine' in options) return options.machine;
  if ('triads' in options) {
    const { triads: size, wrap = true, ...dead } = options;
    return triads({ ...size, wrap, ...dead });
  }
  const { board, ...dead } = options;
  return board === 'spin3' ? spin3(dead) : spin5(dead);
}

/** What is behind the links of chips in a row: index chip * 6 + link, -1 for nothing. */
export function neighboursOf(machine: Machine, index: ReadonlyMap<number, number>): Int32Array {
  const found = new Int32Array(machine.chips.length * LINKS).fill(-1);
  machine.chips.forEach((chip, number) => {
    for (const link of chip.links) {
      const next = neighbour(machine, chip, link);
      const other = next === undefined ? undefined : index.get(chipToAddress(next));
      if (other !== undefined) found[number * LINKS + link] = other;
    }
  });
  return found;
}

/** From what a user asks for to the chips and links of a machine. */
import { type DeadParts, type Machine, spin3, spin5, triads } from '@spin-tools/machine-model';

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

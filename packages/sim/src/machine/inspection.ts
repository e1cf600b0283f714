/** What a debugger reaches of a machine, apart from what any host can do. */
import type { Chip } from '../chip/chip.js';

/** The inside of a machine; made by `VirtualMachine.inspect`. */
export interface Inspection {
  /** By number; a chip that loses power is replaced. */
  readonly chips: readonly Chip[];
  /** Whether a chip was booted. */
  isBooted(chip: number): boolean;
  /** Calls back when a core is put into its place, or taken out; the result stops that. */
  onCorePlaced(listener: (chip: Chip, core: number) => void): () => void;
  /** Lets a physical core run to `until`, ns, while everything else stands still. */
  runAlone(chip: number, core: number, until: number): void;
  /** Does something when that much simulated time has passed, ns. */
  after(ns: number, action: () => void): void;
  /** Lets no simulated time pass from the end of the present quantum on. Hosts are still answered. */
  hold(): void;
  /** Lets time pass again. */
  release(): void;
  isHeld(): boolean;
}

/** The serial ROMs beside the ethernet chips of a machine. They keep what is written to them without power. */

import type { Machine } from '@spin-tools/machine-model';
import { ipToBytes, sameChip } from '@spin-tools/scp';
import { SerialRom } from '../monitor/serial-rom.js';

/** Board types as serial ROMs tell them. Source: `ybug` of spinnaker_tools 4.0. */
const SPIN_3 = 3;
const SPIN_5 = 5;
/** Chips of a SpiNN-3. */
const CHIPS_OF_SPIN_3 = 4;

/** By number of the chip; made when first asked for. */
export class SerialRoms {
  private readonly byChip = new Map<number, SerialRom>();

  /** @param ipOf IPv4 address of an ethernet chip by its number */
  constructor(
    private readonly machine: Machine,
    private readonly ipOf: (chip: number) => string,
  ) {}

  /** Whether there is one beside a chip. */
  has(chip: number): boolean {
    const found = this.machine.chips[chip];
    return found !== undefined && sameChip(found, found.ethernet);
  }

  /** The one beside a chip. */
  of(chip: number): SerialRom | undefined {
    if (!this.has(chip)) return undefined;
    const known = this.byChip.get(chip);
    if (known !== undefined) return known;
    const hardware = this.machine.chipCount <= CHIPS_OF_SPIN_3 ? SPIN_3 : SPIN_5;
    const made = new SerialRom(hardware, ipToBytes(this.ipOf(chip)));
    this.byChip.set(chip, made);
    return made;
  }

  /** The address of a chip's board has changed: its settings are written anew. */
  forget(chip: number): void {
    this.byChip.delete(chip);
  }
}

/**
 * The staging area of each chip's SDRAM (`sv.sdram_sys`, 256 KB): tables and program images pass
 * through it, so only one user at a time may have it.
 */
import type { ChipAddress } from '../addresses.js';
import { readWord } from '../commands/memory.js';
import type { Scp } from '../connection/scp.js';
import { systemVariables } from '../memory/system-variables.js';

/** Size of the area, bytes. */
export const STAGING_BYTES = 256 * 1024;

/** Turns at the staging areas of a machine. */
export class Staging {
  private readonly turns = new Map<number, Promise<unknown>>();
  private everywhere: Promise<unknown> = Promise.resolve();

  /** Address of the area of a chip. */
  address(scp: Scp, chip: ChipAddress): Promise<number> {
    return scp.send(chip, readWord(systemVariables.sdramSystem.address));
  }

  /** Works when nobody else uses the area of this chip. */
  onChip<T>(chip: ChipAddress, work: () => Promise<T>): Promise<T> {
    const key = (chip.x << 8) | chip.y;
    const before = [this.everywhere, this.turns.get(key)];
    const turn = Promise.allSettled(before).then(work);
    this.turns.set(key, turn);
    const leave = (): void => {
      if (this.turns.get(key) === turn) this.turns.delete(key);
    };
    turn.then(leave, leave);
    return turn;
  }

  /** Works when nobody else uses the area of any chip. */
  onAllChips<T>(work: () => Promise<T>): Promise<T> {
    const turn = Promise.allSettled([this.everywhere, ...this.turns.values()]).then(work);
    this.everywhere = turn;
    return turn;
  }
}

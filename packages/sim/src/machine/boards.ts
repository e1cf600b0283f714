/** The boards of a machine and their power. */
import type { ChipAddress } from '@spin-tools/scp';
import type { ResetCode } from '../chip/system-controller.js';
import type { Monitors } from './monitors.js';
import type { Network } from './network.js';

/** One board. */
export interface Board {
  /** Place of its ethernet chip, which may be missing. */
  readonly ethernet: ChipAddress;
  /** Numbers of its chips. */
  readonly chips: readonly number[];
}

/** Switches boards and knows which chips wait in their boot ROM. */
export class Boards {
  /** In the order of their ethernet chips, by y, then by x. */
  readonly boards: readonly Board[];
  private readonly boardOf: Int32Array;
  private readonly off = new Set<number>();
  /** Boards whose chips do not run: those without power too. */
  private readonly held = new Set<number>();
  /** Chips that never work again. */
  private readonly dead = new Set<number>();
  /** How many boots of a board will still come to nothing. */
  private readonly failures = new Map<number, number>();

  /** @param changed called with the number of a board that was switched or reset */
  constructor(
    private readonly network: Network,
    private readonly monitors: Monitors,
    private readonly changed: (board: number) => void,
  ) {
    const chipsOf = new Map<number, { ethernet: ChipAddress; chips: number[] }>();
    network.machine.chips.forEach(({ ethernet }, chip) => {
      const key = (ethernet.y << 8) | ethernet.x;
      const board = chipsOf.get(key) ?? { ethernet, chips: [] };
      board.chips.push(chip);
      chipsOf.set(key, board);
    });
    this.boards = [...chipsOf].sort(([a], [b]) => a - b).map(([, board]) => board);
    this.boardOf = new Int32Array(network.chips.length);
    this.boards.forEach(({ chips }, number) => {
      for (const chip of chips) this.boardOf[chip] = number;
    });
  }

  /** Whether a board has power. */
  isOn(board: number): boolean {
    return !this.off.has(board);
  }

  /** Takes power from a board: its chips forget everything. */
  switchOff(board: number): void {
    this.off.add(board);
    this.clear(board);
  }

  /** Gives a board power; its chips are in reset. */
  switchOn(board: number): void {
    this.off.delete(board);
    this.clear(board);
  }

  /** Puts the chips of a board that has power into reset, or lets them go: they wait in their boot ROM. */
  holdInReset(board: number, isHeld: boolean): void {
    if (!this.isOn(board)) return;
    if (isHeld) this.clear(board);
    else if (this.held.delete(board)) this.wake(board);
  }

  /** A chip dies for good. */
  kill(chip: number): void {
    this.dead.add(chip);
    this.monitors.forget(chip);
    this.network.switchOff(chip);
  }

  /** A chip is reset by itself, and is in its boot ROM again. */
  resetChip(chip: number, code: ResetCode): void {
    this.monitors.forget(chip);
    this.network.restart(chip, code, () => {
      this.monitors.switchedOn(chip);
      this.changed(this.numberOf(chip));
    });
  }

  /** Makes the next boots of a board come to nothing. */
  failBoots(board: number, times: number): void {
    this.failures.set(board, times);
  }

  /** Counts a boot against those that come to nothing; says which boards take part in it. */
  beginBoot(): (board: number) => boolean {
    const failing = new Set<number>();
    for (const [board, left] of this.failures) {
      if (left > 0) failing.add(board);
      this.failures.set(board, left - 1);
    }
    return (board) => !failing.has(board);
  }

  /** Whether a chip waits in its boot ROM. */
  isWaiting(chip: number): boolean {
    return this.network.isOn(chip) && !this.monitors.isBooted(chip);
  }

  /** Number of a chip's board. */
  numberOf(chip: number): number {
    return this.boardOf[chip] as number;
  }

  private clear(board: number): void {
    this.held.add(board);
    for (const chip of this.chipsOf(board)) {
      this.monitors.forget(chip);
      this.network.switchOff(chip);
    }
    this.changed(board);
  }

  private wake(board: number): void {
    for (const chip of this.chipsOf(board)) {
      if (this.dead.has(chip)) continue;
      this.network.switchOn(chip);
      this.monitors.switchedOn(chip);
    }
    this.changed(board);
  }

  private chipsOf(board: number): readonly number[] {
    return this.boards[board]?.chips ?? [];
  }
}

/** What goes wrong when several threads run a machine. */
import { type ChipAddress, formatChip } from '@spin-tools/scp';
import type { SentError } from './operations.js';

/** Something needs a chip in the thread of the machine that another runs. */
export class NotInThreadError extends Error {
  override readonly name = 'NotInThreadError';

  constructor(readonly chip: ChipAddress) {
    super(
      `${formatChip(chip)} is run by another thread, where TypeScript programs cannot be: make the machine without "workers"`,
    );
  }
}

/** A debugger is to be attached to a machine of several threads. */
export class NoDebuggingError extends Error {
  override readonly name = 'NoDebuggingError';

  constructor(readonly workers: number) {
    super(`a machine with "workers" ${workers} cannot be debugged: make it without "workers"`);
  }
}

/** A thread that ran boards of a machine has failed, or does not answer. The machine is of no use any more. */
export class BoardThreadError extends Error {
  override readonly name = 'BoardThreadError';

  /**
   * @param first number of the first board that it ran, of those in the order of `ethernetChips`
   * @param end number behind the last
   * @param reason what it said, if it said anything
   */
  constructor(
    readonly first: number,
    readonly end: number,
    readonly reason: SentError | undefined,
  ) {
    const boards = end - first === 1 ? `board ${first}` : `boards ${first} to ${end - 1}`;
    const what =
      reason === undefined ? 'does not answer' : `failed: ${reason.stack ?? reason.message}`;
    super(`the thread that runs ${boards} ${what}`);
  }
}

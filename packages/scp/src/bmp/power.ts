/** CMD_POWER and CMD_RESET of boards. Source: BMP firmware 2.1.2, `cmd_power`, `cmd_reset`, `reset_spin`. */
import {
  body,
  type Command,
  type CommandKind,
  commandOf,
  emptyReply,
} from '../commands/command.js';
import { MalformedMessageError } from '../errors.js';
import { boardMask, inRange } from './boards.js';

/** Longest pause between two boards, ms. */
export const MOST_DELAY_MS = 0xffff;

/** Which boards are switched, and how. */
export interface BoardPowerRequest {
  readonly on: boolean;
  /** Each board waits for its number times this before it acts, ms, 0 to 65535. */
  readonly delayMs: number;
  /** Boards, bit b for board b. */
  readonly boards: number;
}

/** CMD_POWER. The board that is asked answers when it is done itself; others are only told. */
export const BoardPower: CommandKind<BoardPowerRequest, void> = {
  name: 'CMD_POWER',
  code: 57,
  repeatable: ({ on }) => !on,
  encodeRequest: ({ on, delayMs, boards }) =>
    body((inRange('delayMs', delayMs, MOST_DELAY_MS) << 16) | Number(on), boards),
  decodeRequest: ({ arguments: [first, boards] }) => {
    const state = first & 0xff;
    if (state > 1) throw new MalformedMessageError('CMD_POWER', `${state} is not 0 or 1`);
    return { on: state === 1, delayMs: first >>> 16, boards };
  },
  ...emptyReply,
};

/** What to do with the reset line of a board's chips. */
export const ResetAction = {
  /** Lets the chips go, if they were held. */
  Release: 0,
  /** Holds the chips in reset. */
  Hold: 1,
  /** Holds the chips for 1 ms, then lets them go: they start again in their boot ROM. */
  Pulse: 2,
} as const;
/** A {@link ResetAction}. */
export type ResetAction = (typeof ResetAction)[keyof typeof ResetAction];

/** Which boards are reset, and how. */
export interface BoardResetRequest {
  readonly action: ResetAction;
  /** Whether the FPGAs share the reset; they lose their registers. */
  readonly fpgas: boolean;
  /** Each board waits for its number times this before it acts, ms, 0 to 65535. */
  readonly delayMs: number;
  /** Boards, bit b for board b. */
  readonly boards: number;
}

const WITH_FPGAS = 4;

/** CMD_RESET. */
export const BoardReset: CommandKind<BoardResetRequest, void> = {
  name: 'CMD_RESET',
  code: 55,
  repeatable: () => true,
  encodeRequest: ({ action, fpgas, delayMs, boards }) =>
    body(
      (inRange('delayMs', delayMs, MOST_DELAY_MS) << 16) | action | (fpgas ? WITH_FPGAS : 0),
      boards,
    ),
  decodeRequest: ({ arguments: [first, boards] }) => {
    const action = first & 0xff & ~WITH_FPGAS;
    if (action > ResetAction.Pulse)
      throw new MalformedMessageError('CMD_RESET', `${action} is not 0, 1 or 2`);
    return {
      action: action as ResetAction,
      fpgas: (first & WITH_FPGAS) !== 0,
      delayMs: first >>> 16,
      boards,
    };
  },
  ...emptyReply,
};

/** Switches boards on or off. Throws RangeError for numbers out of range. */
export const powerBoards = (boards: Iterable<number>, on: boolean, delayMs = 0): Command<void> =>
  commandOf(BoardPower, { on, delayMs, boards: boardMask(boards) });

/** Resets the chips of boards. Throws RangeError for numbers out of range. */
export const resetBoards = (
  boards: Iterable<number>,
  action: ResetAction = ResetAction.Pulse,
  { fpgas = false, delayMs = 0 } = {},
): Command<void> => commandOf(BoardReset, { action, fpgas, delayMs, boards: boardMask(boards) });

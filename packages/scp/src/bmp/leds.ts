/** CMD_LED of boards. Source: BMP firmware 2.1.2, `cmd_led`, `led_set`. */
import { Led, LedAction } from '../commands/board.js';
import {
  body,
  type Command,
  type CommandKind,
  commandOf,
  emptyReply,
} from '../commands/command.js';
import { boardMask } from './boards.js';

/** LEDs of a Board Management Processor. */
export const BMP_LEDS = 8;

/** An action for each of up to 8 LEDs, and the boards to act on, bit b for board b. */
export interface BmpLedRequest {
  readonly actions: readonly LedAction[];
  readonly boards: number;
}

/**
 * CMD_LED. Firmware 2.1.2 acts on the board that is asked only: it passes the command on to the others of
 * the mask, and they ignore it (`MAX_PROC` in `bmp_can.c` leaves PROC_LED out).
 */
export const BmpLed: CommandKind<BmpLedRequest, void> = {
  name: 'CMD_LED',
  code: Led.code,
  repeatable: ({ actions }) => !actions.includes(LedAction.Invert),
  encodeRequest: ({ actions, boards }) => {
    if (actions.length > BMP_LEDS)
      throw new RangeError(`a board has ${BMP_LEDS} LEDs, not ${actions.length}`);
    return body(Led.encodeRequest({ actions }).arguments[0], boards);
  },
  decodeRequest: ({ arguments: [word, boards] }) => ({
    actions: Array.from({ length: BMP_LEDS }, (_, led) => ((word >>> (2 * led)) & 3) as LedAction),
    boards,
  }),
  ...emptyReply,
};

/** Acts on the LEDs of a board, which must be the one that is asked; `actions[n]` is for LED n. */
export const boardLeds = (board: number, actions: readonly LedAction[]): Command<void> =>
  commandOf(BmpLed, { actions, boards: boardMask([board]) });

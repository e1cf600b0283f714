/** LEDs of boards, see `MachineController.setLed`. */
import type { ChipAddress } from '../addresses.js';
import { LedAction, led } from '../commands/board.js';
import type { Scp } from '../connection/scp.js';

/** Acts on one LED and leaves the others. Throws RangeError for a number that is not from 0 to 15. */
export function setOneLed(
  scp: Scp,
  chip: ChipAddress,
  number: number,
  action: LedAction,
): Promise<void> {
  if (!Number.isInteger(number) || number < 0 || number > 15) {
    throw new RangeError(`LEDs are numbered 0 to 15: ${number}`);
  }
  const actions = Array.from({ length: number + 1 }, (_, index) =>
    index === number ? action : LedAction.Keep,
  );
  return scp.send(chip, led(actions));
}

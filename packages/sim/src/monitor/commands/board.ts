/** CMD_LED, CMD_SROM, CMD_REMAP, CMD_SYNC: the surroundings of a chip. */
import { ClockSync, Led, LedAction, ReturnCode, SerialRom } from '@spin-tools/scp';
import { Refusal } from '../refusal.js';
import type { ChipMonitor } from '../world.js';
import { command } from './command.js';

export const boardCommands = [
  command(Led, (monitor, { actions }) => {
    ledPins(monitor).forEach((pin, led) => {
      drive(monitor, pin, actions[led] ?? LedAction.Keep);
    });
  }),
  command(SerialRom, (_monitor, { write, length }) => {
    if (write) throw new Refusal(ReturnCode.Argument);
    return new Uint8Array(length);
  }),
  command(ClockSync, () => undefined),
];

/** GPIO pins of the LEDs: nibble 0 of `led0` is how many there are, then one pin per nibble. */
function ledPins({ memory }: ChipMonitor): number[] {
  const maps = [memory.variable('led0'), memory.variable('led1')];
  const nibble = (index: number) => ((maps[index >>> 3] as number) >>> (4 * (index & 7))) & 0xf;
  return Array.from({ length: nibble(0) }, (_, led) => nibble(led + 1));
}

/** LEDs light while their pin is low. */
function drive({ chip: { systemController } }: ChipMonitor, pin: number, action: LedAction): void {
  const bit = 1 << pin;
  if (action === LedAction.On) systemController.gpio &= ~bit;
  else if (action === LedAction.Off) systemController.gpio |= bit;
  else if (action === LedAction.Invert) systemController.gpio ^= bit;
}

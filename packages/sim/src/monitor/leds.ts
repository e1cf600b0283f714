/** LEDs of a board, on the pins of the system controller that the boot image names. Source: `sark_hw.c`. */
import { LedAction } from '@spin-tools/scp';
import type { ChipMonitor } from './world.js';

/** Acts on LEDs as a word says: two bits for each, {@link LedAction}. */
export function setLeds(monitor: ChipMonitor, word: number): void {
  ledPins(monitor).forEach((pin, led) => {
    drive(monitor, pin, ((word >>> (2 * led)) & 3) as LedAction);
  });
}

/** GPIO pins of the LEDs: nibble 0 of `led0` is how many there are, then one pin per nibble. */
function ledPins({ memory }: ChipMonitor): number[] {
  const maps = [memory.variable('led0'), memory.variable('led1')];
  const nibble = (index: number) => ((maps[index >>> 3] as number) >>> (4 * (index & 7))) & 0xf;
  return Array.from({ length: nibble(0) }, (_, led) => nibble(led + 1));
}

/** LEDs light while their pin is low. */
function drive({ chip: { systemController } }: ChipMonitor, pin: number, action: LedAction): void {
  const bit = 1 << pin;
  systemController.pins.direction &= ~bit;
  if (action === LedAction.On) systemController.gpio &= ~bit;
  else if (action === LedAction.Off) systemController.gpio |= bit;
  else if (action === LedAction.Invert) systemController.gpio ^= bit;
}

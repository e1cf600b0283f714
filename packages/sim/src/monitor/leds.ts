/** LEDs of a board, on the pins of the system controller that the boot image names. Source: `sark_hw.c`. */
import { LedAction } from '@spin-tools/scp';
import type { ChipMonitor } from './world.js';

/** Registers of the pins: levels that they are driven to, and which are inputs. */
const OUTPUT = 0xf2000040;
const DIRECTION = 0xf2000044;

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
function drive({ memory }: ChipMonitor, pin: number, action: LedAction): void {
  const bit = 1 << pin;
  memory.setWord(DIRECTION, memory.word(DIRECTION) & ~bit);
  const output = memory.word(OUTPUT);
  if (action === LedAction.On) memory.setWord(OUTPUT, output & ~bit);
  else if (action === LedAction.Off) memory.setWord(OUTPUT, output | bit);
  else if (action === LedAction.Invert) memory.setWord(OUTPUT, output ^ bit);
}

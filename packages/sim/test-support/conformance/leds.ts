/** Conformance: LEDs. */
import { LedAction } from '@spin-tools/scp';
import type { Test } from 'tap';
import { carefully, ethernetChips, type Subject, wordsOf } from './subject.js';

/** Pins of the chip as they are driven; LED 0 hangs on pin 0 by the boot image and lights while it is low. */
const PINS = 0xf2000048;

export function testLeds(t: Test, subject: Subject): void {
  const { controller } = subject;

  t.test('an LED is switched on, off and over', async (t) => {
    for (const chip of ethernetChips(subject)) {
      const isLit = async () => ((wordsOf(await controller.read(chip, PINS, 4))[0] ?? 0) & 1) === 0;
      await controller.setLed(chip, 0, LedAction.On);
      t.ok(await isLit());
      await controller.setLed(chip, 0, LedAction.Off);
      t.notOk(await isLit());
      if (subject.isReliable) {
        await carefully(() => controller.setLed(chip, 0, LedAction.Invert), isLit);
        t.ok(await isLit());
      }
    }
    t.throws(() => controller.setLed({ x: 0, y: 0 }, 16), RangeError);
  });
}

/**
 * How long routers wait before they drop a packet. Send gaps keep receivers and links from being
 * overloaded for long, but many cores that end a computation at once still make bursts. The monitor's
 * 1.8 us are too short for those: with a longer wait, packets queue back to their senders instead,
 * which then wait; receivers always go on taking packets, so the queue drains.
 */
import { type ChipAddress, readWord, writeWord } from '@spin-tools/scp';
import type { Host } from './host.js';

/** Router control register. SpiNN-2 data sheet, section 10.4: 31:24 second wait, 23:16 first wait. */
const CONTROL_ADDRESS = 0xe1000000;
const FIRST_WAIT_SHIFT = 16;
const FIRST_WAIT_MASK = 0x00ff0000;
/** Exponent 12, mantissa 0: 65,536 clocks of the router, 0.5 ms. A deadlock still ends, as an error. */
const LONG_WAIT = 0xc0;

/** The control register of a chip's router as it was before. */
export interface RouterControl {
  readonly chip: ChipAddress;
  readonly value: number;
}

/** Makes all routers patient, since packets pass any chip; gives what {@link restoreWaits} needs. */
export async function lengthenWaits({ controller, machine }: Host): Promise<RouterControl[]> {
  return Promise.all(
    machine.chips.map(async ({ x, y }) => {
      const chip = { x, y };
      const value = await controller.scp.send(chip, readWord(CONTROL_ADDRESS));
      const patient = (value & ~FIRST_WAIT_MASK) | (LONG_WAIT << FIRST_WAIT_SHIFT);
      await controller.scp.send(chip, writeWord(CONTROL_ADDRESS, patient >>> 0));
      return { chip, value };
    }),
  );
}

/** Sets the routers back. */
export async function restoreWaits(
  { controller }: Host,
  before: readonly RouterControl[],
): Promise<void> {
  await Promise.all(
    before.map(({ chip, value }) => controller.scp.send(chip, writeWord(CONTROL_ADDRESS, value))),
  );
}

/** Random Thumb instructions that raise exceptions, among others; registers as in thumb.ts. */
import { pick, type Random } from './random.js';
import { THUMB_CLASSES, type ThumbClass } from './thumb.js';

/** SWI by this number would ask QEMU for a service. */
const SEMIHOSTING = 0xab;

/** SWI, BKPT, and what is undefined in Thumb of ARMv5TE. */
function software(random: Random): number[] {
  const number = random(256);
  return [pick(random, [0xdf00, 0xbe00, 0xde00]) | (number === SEMIHOSTING ? 0 : number)];
}

/** A base in r4 that faults, unaligned or where nothing is, then an access by it. */
function faultingAccess(random: Random): number[] {
  const base = random(2) === 0 ? [0x1c34 | ((random(3) + 1) << 6)] : [0x2405, 0x0724];
  const d = random(4);
  const accesses = [
    0x6020 | d,
    0x6820 | d,
    0x8020 | d,
    0x8820 | d,
    0x7020 | d,
    0x7820 | d,
    0x5760 | d,
    0x5f60 | d,
    0xc400 | random(15) | 1,
    0xcc00 | random(15) | 1,
  ];
  return [...base, pick(random, accesses)];
}

/** At least `length` halfwords. */
export function thumbSystemSequence(random: Random, length: number): number[] {
  const classes: readonly ThumbClass[] = [software, faultingAccess];
  const halves: number[] = [];
  while (halves.length < length) {
    const from = random(3) === 0 ? classes : THUMB_CLASSES;
    halves.push(...pick(random, from)(random, halves.length));
  }
  return halves;
}

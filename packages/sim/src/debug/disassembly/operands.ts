/** How operands are written: registers, shifts, constants, addresses. In the syntax of the GNU tools. */

/** Register names by number. */
export const REGISTERS = [
  ...['r0', 'r1', 'r2', 'r3', 'r4', 'r5', 'r6', 'r7', 'r8', 'r9'],
  ...['sl', 'fp', 'ip', 'sp', 'lr', 'pc'],
] as const;

/** Conditions by code; always has no suffix. */
export const CONDITIONS = [
  ...['eq', 'ne', 'cs', 'cc', 'mi', 'pl', 'vs', 'vc', 'hi', 'ls', 'ge', 'lt', 'gt', 'le'],
  '',
] as const;

const SHIFTS = ['lsl', 'lsr', 'asr', 'ror'] as const;

/** An instruction in words. */
export interface InstructionText {
  readonly mnemonic: string;
  readonly operands: string;
  /** An address that it means: a branch's target, or that of a literal. */
  readonly target?: number;
}

export const bit = (word: number, number: number): boolean => ((word >>> number) & 1) === 1;

export const field = (word: number, low: number, width: number): number =>
  (word >>> low) & ((1 << width) - 1);

/** Register in the four bits from `low` on. */
export const registerAt = (word: number, low: number): string =>
  REGISTERS[field(word, low, 4)] as string;

/** Registers of a mask, in braces. */
export function registerList(mask: number): string {
  return `{${REGISTERS.filter((_, number) => bit(mask, number)).join(', ')}}`;
}

/** An address or another number that is best read in hexadecimal. */
export const hex = (value: number): string => `0x${(value >>> 0).toString(16)}`;

export const hexPadded = (value: number, digits: number): string =>
  `0x${(value >>> 0).toString(16).padStart(digits, '0')}`;

/** Register with a shift, as the low twelve bits hold it. */
export function shiftedRegister(word: number): string {
  const register = registerAt(word, 0);
  const shift = SHIFTS[field(word, 5, 2)] as string;
  if (bit(word, 4)) return `${register}, ${shift} ${registerAt(word, 8)}`;
  const distance = field(word, 7, 5);
  if (distance !== 0) return `${register}, ${shift} #${distance}`;
  if (shift === 'lsl') return register;
  return shift === 'ror' ? `${register}, rrx` : `${register}, ${shift} #32`;
}

/** The same as the operands of a shift instruction: `lsr`, `r1, #32`. Undefined for a plain register. */
export function shiftInstruction(word: number): { mnemonic: string; operands: string } | undefined {
  const [register, shift] = shiftedRegister(word).split(', ');
  if (shift === undefined) return undefined;
  const [mnemonic = '', distance] = shift.split(' ');
  return {
    mnemonic,
    operands: distance === undefined ? `${register}` : `${register}, ${distance}`,
  };
}

/** Constant of eight bits rotated by twice the four above: its value, or both where a smaller rotation would do. */
export function rotatedConstant(word: number): string {
  const constant = word & 255;
  const rotation = field(word, 8, 4) * 2;
  const value = rotated(constant, rotation);
  for (let smallest = 0; smallest < 32; smallest += 2) {
    const unrotated = rotated(value, (32 - smallest) & 31) >>> 0;
    if (unrotated > 255) continue;
    return smallest === rotation ? `#${value}` : `#${constant}, ${rotation}`;
  }
  return `#${value}`;
}

function rotated(value: number, distance: number): number {
  return distance === 0 ? value | 0 : (value >>> distance) | (value << (32 - distance));
}

/** The address of a transfer: base in 19:16, pre-indexing, direction and write-back in 24, 23 and 21. */
export function transferAddress(word: number, offset: string, isZero: boolean): string {
  const base = registerAt(word, 16);
  const writesBack = bit(word, 21);
  if (!bit(word, 24)) return `[${base}], ${offset}`;
  if (isZero && !writesBack) return `[${base}]`;
  return `[${base}, ${offset}]${writesBack ? '!' : ''}`;
}

/** Sign of an offset. */
export const signOf = (word: number): string => (bit(word, 23) ? '' : '-');

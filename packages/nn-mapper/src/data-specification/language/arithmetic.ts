/** Registers: moves, sums, bits, and what is printed of them. */
import type { LocatedInstruction } from './instructions.js';
import { immediate, type Refuse } from './memory.js';
import type { State } from './state.js';
import { inHex } from './structures.js';

/** Carries an instruction about registers out; false for others. */
export function alter(state: State, read: LocatedInstruction, refuse: Refuse): boolean {
  const { fields, words } = read;
  const register = (name: string) => state.registers[fields[name] as number] as bigint;
  switch (read.name) {
    case 'MV':
      set(state, read, fields.useSource1 ? register('source1') : immediate(words, refuse));
      return true;
    case 'ARITH_OP':
      set(state, read, arithmetic(state, read, refuse));
      return true;
    case 'LOGIC_OP':
      set(state, read, logic(state, read, refuse));
      return true;
    case 'PRINT_VAL':
      state.printed.push(inHex(fields.useSource1 ? register('source1') : immediate(words, refuse)));
      return true;
    case 'PRINT_TXT':
      state.printed.push(textOf(read, refuse));
      return true;
    default:
      return false;
  }
}

function set(state: State, { fields }: LocatedInstruction, value: bigint): void {
  state.registers[fields.destination as number] = BigInt.asUintN(64, value);
}

/** Both operands; immediates follow in their order, as 64 bits by `widen`. */
function bothOperands(
  state: State,
  { fields, words }: LocatedInstruction,
  refuse: Refuse,
  widen: (word: number) => bigint,
): readonly [bigint, () => bigint] {
  let used = 0;
  const operand = (use: string, register: string): bigint =>
    fields[use]
      ? (state.registers[fields[register] as number] as bigint)
      : widen(words[used++] ?? refuse('lacks an operand'));
  return [operand('useSource1', 'source1'), () => operand('useSource2', 'source2')];
}

/** Immediates count as signed, as on the chip; sums modulo 2^64 are the same either way. */
function arithmetic(state: State, read: LocatedInstruction, refuse: Refuse): bigint {
  const [left, right] = bothOperands(state, read, refuse, (word) => BigInt(word | 0));
  const operation = read.fields.operation as number;
  if (operation === 0) return left + right();
  if (operation === 1) return left - right();
  if (operation === 2) return left * right();
  return refuse(`has operation ${operation}; there are add 0, subtract 1 and multiply 2`);
}

function logic(state: State, read: LocatedInstruction, refuse: Refuse): bigint {
  const [left, right] = bothOperands(state, read, refuse, (word) => BigInt(word >>> 0));
  const operation = read.fields.operation as number;
  if (operation === 0) return shift(left, right(), (value, by) => value << by);
  if (operation === 1) return shift(left, right(), (value, by) => value >> by);
  if (operation === 2) return left | right();
  if (operation === 3) return left & right();
  if (operation === 4) return left ^ right();
  if (operation === 5) return ~left;
  return refuse(`has operation ${operation}; there are 0 to 5`);
}

/** Nothing is left of 64 bits that were shifted by 64 or more. */
const shift = (value: bigint, by: bigint, move: (value: bigint, by: bigint) => bigint): bigint =>
  by >= 64n ? 0n : move(value, by);

/** Bytes of three words. */
const MOST_CHARACTERS = 12;

function textOf({ fields, words }: LocatedInstruction, refuse: Refuse): string {
  const length = (fields.lastCharacter as number) + 1;
  if (length > Math.min(MOST_CHARACTERS, 4 * words.length)) {
    refuse(`has ${length} characters in ${words.length} words`);
  }
  const codes = Array.from(
    { length },
    (_, index) => ((words[index >> 2] as number) >>> (8 * (index & 3))) & 0xff,
  );
  return String.fromCharCode(...codes);
}

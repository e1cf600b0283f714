/** Loads and stores: words, bytes, halves and blocks. ARM Architecture Reference Manual A5.2 to A5.4. */
import { type DecodeContext, general, instruction, programCounter } from './decoding.js';
import { type Instruction, Op } from './opcodes.js';
import { Cycles, LATE_PART, LATE_WORD } from './timing.js';

const PROGRAM_COUNTER = 15;

/** Distances of the addressing modes from an operation's `...Offset` form, in {@link Op}. */
const MODE = { Offset: 0, Indexed: 1, Post: 2, Pre: 3 } as const;

/** What the encodings of single transfers have in common. */
interface Transfer {
  readonly op: number;
  readonly isLoad: boolean;
  readonly d: number;
  readonly n: number;
  readonly offset: { readonly constant: number } | { readonly m: number; readonly shift: number };
  readonly isPre: boolean;
  readonly writesBack: boolean;
  readonly late: number;
}

/** The base register, and the offset's where there is one. */
function addressRegisters(word: number): number {
  const isExtra = (word & 0x0c000000) === 0;
  const hasRegister = isExtra ? (word & 0x00400000) === 0 : (word & 0x02000000) !== 0;
  return (1 << ((word >>> 16) & 15)) | (hasRegister ? 1 << (word & 15) : 0);
}

/** Cycles added by a shifted offset register; halfwords, signed bytes and doublewords have none. */
function scaling(word: number): number {
  const hasRegister = (word & 0x0e000000) === 0x06000000;
  return hasRegister && (word & 0xff0) !== 0 ? Cycles.ScaledOffset : 0;
}

/** Cycles that what LDR or its like loads is late. */
function lateness(word: number): number {
  const isWord = (word & 0x0c400000) === 0x04000000;
  return isWord ? LATE_WORD : LATE_PART;
}

/** LDRD and STRD; bit 5 stores. */
function decodeDouble(word: number, context: DecodeContext): Instruction {
  const decoded = general(Op.GeneralTransfer, word, context, addressRegisters(word), 2);
  const isStore = (word & 0x20) !== 0;
  return isStore
    ? decoded
    : { ...decoded, late: 2 << ((word >>> 12) & 15), latePenalty: LATE_WORD };
}

/** The addressing mode of a transfer, or undefined when only the general operation has it. */
function addressingMode(transfer: Transfer): number | undefined {
  const { offset, isPre, writesBack, d, n } = transfer;
  if ('m' in offset) return isPre && !writesBack ? MODE.Indexed : undefined;
  if (!writesBack && isPre) return MODE.Offset;
  if (d === n) return undefined;
  return isPre ? MODE.Pre : MODE.Post;
}

/** Whether a transfer is LDR of a word at rn, after which a register is added to rn. */
function stepsByRegister({ op, d, n, offset, isPre }: Transfer): boolean {
  const isWord = op === Op.LoadWordOffset && 'm' in offset;
  return isWord && !isPre && d !== n && n !== PROGRAM_COUNTER;
}

function postByRegister({ d, n, offset }: Transfer): Instruction {
  const operands = 'm' in offset ? { m: offset.m, immediate: offset.shift } : {};
  return instruction(Op.LoadWordPostRegister, { d, n, ...operands, reads: reading(n, offset) });
}

function reading(n: number, offset: Transfer['offset']): number {
  return (1 << n) | ('m' in offset ? 1 << offset.m : 0);
}

function decodeSingle(transfer: Transfer, word: number, context: DecodeContext): Instruction {
  const { op, isLoad, d, n, offset, late } = transfer;
  if (d === PROGRAM_COUNTER) {
    return general(
      Op.GeneralTransfer,
      word,
      context,
      addressRegisters(word),
      (isLoad ? Cycles.LoadProgramCounter : 1) + scaling(word),
    );
  }
  const cycles = 1 + scaling(word);
  const timing = isLoad ? { cycles, late: 1 << d, latePenalty: late } : { cycles };
  if (stepsByRegister(transfer)) return { ...postByRegister(transfer), ...timing };
  const mode = addressingMode(transfer);
  if (n === PROGRAM_COUNTER) {
    return mode === MODE.Offset && op === Op.LoadWordOffset && 'constant' in offset
      ? instruction(Op.LoadLiteral, {
          d,
          immediate: (programCounter(context) + offset.constant) | 0,
          ...timing,
        })
      : { ...general(Op.GeneralTransfer, word, context, addressRegisters(word)), ...timing };
  }
  if (mode === undefined)
    return { ...general(Op.GeneralTransfer, word, context, addressRegisters(word)), ...timing };
  const operands =
    'm' in offset ? { m: offset.m, immediate: offset.shift } : { immediate: offset.constant };
  const reads = reading(n, offset);
  return instruction(op + mode, { d, n, ...operands, reads, ...timing });
}

/** 01IP UBWL nnnn dddd ...: LDR, STR, LDRB, STRB. The user-mode forms (post-indexed with W) act like the others. */
export function decodeTransfer(word: number, context: DecodeContext): Instruction {
  const isLoad = (word & 0x00100000) !== 0;
  const isByte = (word & 0x00400000) !== 0;
  const isAdd = (word & 0x00800000) !== 0;
  const isRegister = (word & 0x02000000) !== 0;
  const isPlainShift = isAdd && (word & 0x60) === 0 && (word & 15) !== PROGRAM_COUNTER;
  if (isRegister && !isPlainShift) return generalTransfer(word, context);
  const isPre = (word & 0x01000000) !== 0;
  const constant = isAdd ? word & 0xfff : -(word & 0xfff);
  const loads = isByte ? Op.LoadByteOffset : Op.LoadWordOffset;
  const stores = isByte ? Op.StoreByteOffset : Op.StoreWordOffset;
  return decodeSingle(
    {
      op: isLoad ? loads : stores,
      isLoad,
      d: (word >>> 12) & 15,
      n: (word >>> 16) & 15,
      offset: isRegister ? { m: word & 15, shift: (word >>> 7) & 31 } : { constant },
      isPre,
      writesBack: !isPre || (word & 0x00200000) !== 0,
      late: isByte ? LATE_PART : LATE_WORD,
    },
    word,
    context,
  );
}

function generalTransfer(word: number, context: DecodeContext): Instruction {
  const d = (word >>> 12) & 15;
  const isLoad = (word & 0x00100000) !== 0;
  const issue = isLoad && d === PROGRAM_COUNTER ? Cycles.LoadProgramCounter : 1;
  const cycles = issue + scaling(word);
  const decoded = general(Op.GeneralTransfer, word, context, addressRegisters(word), cycles);
  return isLoad ? { ...decoded, late: 1 << d, latePenalty: lateness(word) } : decoded;
}

/** Operations by L and the two bits SH; undefined for LDRD and STRD. */
const EXTRA = [
  [undefined, Op.StoreHalfOffset, undefined, undefined],
  [undefined, Op.LoadHalfOffset, Op.LoadSignedByteOffset, Op.LoadSignedHalfOffset],
] as const;

/** 000P UIWL nnnn dddd hhhh 1SH1 mmmm: halfwords, signed bytes, doublewords. */
export function decodeExtraTransfer(word: number, context: DecodeContext): Instruction {
  const load = (word >>> 20) & 1;
  const op = EXTRA[load as 0 | 1][((word >>> 5) & 3) as 0 | 1 | 2 | 3];
  const isConstant = (word & 0x00400000) !== 0;
  const isAdd = (word & 0x00800000) !== 0;
  if (op === undefined) return decodeDouble(word, context);
  if (!isConstant && (!isAdd || (word & 15) === PROGRAM_COUNTER))
    return generalTransfer(word, context);
  const isPre = (word & 0x01000000) !== 0;
  const magnitude = ((word >>> 4) & 0xf0) | (word & 15);
  return decodeSingle(
    {
      op,
      isLoad: load === 1,
      d: (word >>> 12) & 15,
      n: (word >>> 16) & 15,
      offset: isConstant
        ? { constant: isAdd ? magnitude : -magnitude }
        : { m: word & 15, shift: 0 },
      isPre,
      writesBack: !isPre || (word & 0x00200000) !== 0,
      late: LATE_PART,
    },
    word,
    context,
  );
}

/** Most registers that fit the extra word, four bits each. */
const MOST_PACKED = 8;
/** Most registers of a block with an operation of its own: their number has four bits. */
const MOST_LISTED = 15;

const lists = new Map<number, readonly number[]>();

/** Register numbers of a list, ascending. */
export function registerList(bits: number): readonly number[] {
  const known = lists.get(bits);
  if (known !== undefined) return known;
  const all = Array.from({ length: 16 }, (_, register) => register);
  const registers = all.filter((register) => (bits >>> register) & 1);
  lists.set(bits, registers);
  return registers;
}

/** Offset of the lowest address from the base register, and what the base register moves by, in bytes. */
export function blockOffsets(word: number, count: number): { start: number; delta: number } {
  const isUp = (word & 0x00800000) !== 0;
  const isBefore = (word & 0x01000000) !== 0;
  const bytes = 4 * count;
  if (isUp) return { start: isBefore ? 4 : 0, delta: bytes };
  return { start: isBefore ? -bytes : 4 - bytes, delta: -bytes };
}

/** 100P USWL nnnn rrrr rrrr rrrr rrrr: LDM and STM. */
export function decodeBlock(word: number, context: DecodeContext): Instruction {
  const registers = registerList(word & 0xffff);
  const isLoad = (word & 0x00100000) !== 0;
  const loadsProgramCounter = isLoad && (word & 0x8000) !== 0;
  const cycles = Math.max(2, registers.length) + (loadsProgramCounter ? 4 : 0);
  const last = registers.at(-1) ?? 0;
  const timing = isLoad ? { late: 1 << last, latePenalty: LATE_WORD } : {};
  const decoded =
    packedBlock(word, registers) ??
    general(Op.GeneralBlock, word, context, 1 << ((word >>> 16) & 15));
  return { ...decoded, ...timing, cycles };
}

/**
 * A block of up to 15 registers: up to eight as four bits each in the extra word, from the lowest, more as
 * a bit mask there. Their number is in `s`; the constant holds the start offset (15:0) and the base
 * register's change (31:16), both signed.
 */
function packedBlock(word: number, registers: readonly number[]): Instruction | undefined {
  const n = (word >>> 16) & 15;
  const isLoad = (word & 0x00100000) !== 0;
  const hasProgramCounter = (word & 0x8000) !== 0;
  const hasUserBank = (word & 0x00400000) !== 0;
  const writesBack = (word & 0x00200000) !== 0;
  const count = registers.length;
  const isUnusual = hasUserBank || n === PROGRAM_COUNTER || (hasProgramCounter && !isLoad);
  const writesListedBase = writesBack && registers.includes(n);
  if (isUnusual || writesListedBase || count > MOST_LISTED || count === 0) return undefined;
  const { start, delta } = blockOffsets(word, count);
  return instruction(blockOperation(isLoad, hasProgramCounter, count), {
    n,
    s: count,
    immediate: ((writesBack ? delta : 0) << 16) | (start & 0xffff),
    extra: count > MOST_PACKED ? word & 0xffff : packed(registers),
    reads: 1 << n,
  });
}

function packed(registers: readonly number[]): number {
  return registers.reduce((list, register, index) => list | (register << (4 * index)), 0);
}

function blockOperation(isLoad: boolean, hasProgramCounter: boolean, count: number): number {
  const isMany = count > MOST_PACKED;
  if (!isLoad) return isMany ? Op.StoreMany : Op.StoreMultiple;
  if (hasProgramCounter) return isMany ? Op.LoadManyWithPc : Op.LoadMultipleWithPc;
  if (isMany) return Op.LoadMany;
  if (count === 2) return Op.LoadTwo;
  return count === 4 ? Op.LoadFour : Op.LoadMultiple;
}

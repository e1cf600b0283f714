/** ARM instructions in words. ARM Architecture Reference Manual (DDI 0100), part A, ARMv5TE. */
import {
  bit,
  CONDITIONS,
  field,
  hex,
  hexPadded,
  type InstructionText,
  registerAt,
  registerList,
  rotatedConstant,
  shiftedRegister,
  shiftInstruction,
  signOf,
  transferAddress,
} from './operands.js';

const UNCONDITIONAL = 15;

/** An ARM instruction; undefined for what is none in ARMv5TE. */
export function armText(word: number, address: number): InstructionText | undefined {
  const condition = word >>> 28;
  if (condition === UNCONDITIONAL) return unconditional(word, address);
  const suffix = CONDITIONS[condition] as string;
  switch (field(word, 25, 3)) {
    case 0:
      return registerSpace(word, suffix);
    case 1:
      return constantSpace(word, suffix);
    case 2:
      return transfer(word, suffix, address);
    case 3:
      return bit(word, 4) ? undefined : transfer(word, suffix, address);
    case 4:
      return blockTransfer(word, suffix);
    case 5:
      return branch(bit(word, 24) ? `bl${suffix}` : `b${suffix}`, branchTarget(word, address));
    case 6:
      return coprocessorTransfer(word, '', suffix);
    default:
      return bit(word, 24)
        ? { mnemonic: `svc${suffix}`, operands: hexPadded(word & 0xffffff, 8) }
        : coprocessorOperation(word, '', suffix);
  }
}

function unconditional(word: number, address: number): InstructionText | undefined {
  if ((word & 0x0e000000) >>> 0 === 0x0a000000) {
    return branch('blx', branchTarget(word, address) + (bit(word, 24) ? 2 : 0));
  }
  if ((word & 0x0d70f000) === 0x0550f000) {
    return { mnemonic: 'pld', operands: plainAddress(word) };
  }
  const kind = field(word, 25, 3);
  if (kind === 6 && field(word, 21, 4) !== 2 && field(word, 21, 4) !== 0) {
    return coprocessorTransfer(word, '2', '');
  }
  return kind === 7 && !bit(word, 24) ? coprocessorOperation(word, '2', '') : undefined;
}

function branch(mnemonic: string, target: number): InstructionText {
  return { mnemonic, operands: hex(target), target: target >>> 0 };
}

function branchTarget(word: number, address: number): number {
  return (address + 8 + ((word << 8) >> 6)) >>> 0;
}

const OPERATIONS = [
  ...['and', 'eor', 'sub', 'rsb', 'add', 'adc', 'sbc', 'rsc'],
  ...['tst', 'teq', 'cmp', 'cmn', 'orr', 'mov', 'bic', 'mvn'],
] as const;

function registerSpace(word: number, suffix: string): InstructionText | undefined {
  if ((word & 0x90) === 0x90) {
    return (word & 0x60) === 0 ? multiply(word, suffix) : extraTransfer(word, suffix);
  }
  if ((word & 0x01900000) === 0x01000000) return miscellaneous(word, suffix);
  const operation = OPERATIONS[field(word, 21, 4)];
  if (operation === 'mov') return move(word, suffix);
  return dataProcessing(word, suffix, shiftedRegister(word));
}

function constantSpace(word: number, suffix: string): InstructionText | undefined {
  if ((word & 0x01900000) !== 0x01000000) {
    return dataProcessing(word, suffix, rotatedConstant(word));
  }
  return bit(word, 21) ? statusWrite(word, suffix, rotatedConstant(word)) : undefined;
}

const flagsSuffix = (word: number): string => (bit(word, 20) ? 's' : '');

function dataProcessing(word: number, suffix: string, second: string): InstructionText {
  const number = field(word, 21, 4);
  const operation = OPERATIONS[number] as string;
  const [d, n] = [registerAt(word, 12), registerAt(word, 16)];
  if (number >= 8 && number <= 11) {
    // With pc as destination, from times when flags were kept in it.
    const sets = d === 'pc' ? 'p' : '';
    return { mnemonic: `${operation}${sets}${suffix}`, operands: `${n}, ${second}` };
  }
  const mnemonic = `${operation}${flagsSuffix(word)}${suffix}`;
  const isUnary = operation === 'mov' || operation === 'mvn';
  return { mnemonic, operands: isUnary ? `${d}, ${second}` : `${d}, ${n}, ${second}` };
}

/** MOV of a register; with a shift it is called by that. */
function move(word: number, suffix: string): InstructionText {
  const shift = shiftInstruction(word);
  const d = registerAt(word, 12);
  const flags = flagsSuffix(word);
  if (shift !== undefined) {
    return { mnemonic: shift.mnemonic + flags + suffix, operands: `${d}, ${shift.operands}` };
  }
  if (word >>> 0 === 0xe1a00000) return { mnemonic: 'nop', operands: '' };
  return { mnemonic: `mov${flags}${suffix}`, operands: `${d}, ${registerAt(word, 0)}` };
}

/** 0001 0xx0 ...: status registers, branches to registers, CLZ, saturating arithmetic, products of halves. */
function miscellaneous(word: number, suffix: string): InstructionText | undefined {
  const operation = field(word, 21, 2);
  if (bit(word, 7)) return halfMultiply(word, suffix);
  const [high, low, m] = [registerAt(word, 16), registerAt(word, 12), registerAt(word, 0)];
  switch (field(word, 4, 3)) {
    case 0:
      if (bit(word, 21)) return statusWrite(word, suffix, m);
      return { mnemonic: `mrs${suffix}`, operands: `${low}, ${bit(word, 22) ? 'SPSR' : 'CPSR'}` };
    case 1:
      if (operation === 1) return { mnemonic: `bx${suffix}`, operands: m };
      if (operation === 3) return { mnemonic: `clz${suffix}`, operands: `${low}, ${m}` };
      return undefined;
    case 3:
      return operation === 1 ? { mnemonic: `blx${suffix}`, operands: m } : undefined;
    case 5: {
      const mnemonic = ['qadd', 'qsub', 'qdadd', 'qdsub'][operation] as string;
      return { mnemonic: mnemonic + suffix, operands: `${low}, ${m}, ${high}` };
    }
    case 7: {
      const comment = ((word >>> 4) & 0xfff0) | (word & 15);
      return operation === 1 ? { mnemonic: 'bkpt', operands: hexPadded(comment, 4) } : undefined;
    }
    default:
      return undefined;
  }
}

function statusWrite(word: number, suffix: string, value: string): InstructionText {
  const fields = [...'fsxc'].filter((_, index) => bit(word, 19 - index)).join('');
  const register = bit(word, 22) ? 'SPSR' : 'CPSR';
  return { mnemonic: `msr${suffix}`, operands: `${register}_${fields}, ${value}` };
}

/** SMLAxy, SMLAWy, SMULWy, SMLALxy, SMULxy. */
function halfMultiply(word: number, suffix: string): InstructionText {
  const half = (number: number) => (bit(word, number) ? 't' : 'b');
  const [high, low] = [registerAt(word, 16), registerAt(word, 12)];
  const factors = `${registerAt(word, 0)}, ${registerAt(word, 8)}`;
  switch (field(word, 21, 2)) {
    case 0:
      return {
        mnemonic: `smla${half(5)}${half(6)}${suffix}`,
        operands: `${high}, ${factors}, ${low}`,
      };
    case 1:
      return bit(word, 5)
        ? { mnemonic: `smulw${half(6)}${suffix}`, operands: `${high}, ${factors}` }
        : { mnemonic: `smlaw${half(6)}${suffix}`, operands: `${high}, ${factors}, ${low}` };
    case 2:
      return {
        mnemonic: `smlal${half(5)}${half(6)}${suffix}`,
        operands: `${low}, ${high}, ${factors}`,
      };
    default:
      return { mnemonic: `smul${half(5)}${half(6)}${suffix}`, operands: `${high}, ${factors}` };
  }
}

const LONG = ['umull', 'umlal', 'smull', 'smlal'] as const;

/** Multiplications, and SWP in the same space. */
function multiply(word: number, suffix: string): InstructionText | undefined {
  const [high, low] = [registerAt(word, 16), registerAt(word, 12)];
  const [s, m] = [registerAt(word, 8), registerAt(word, 0)];
  const flags = flagsSuffix(word);
  const operation = field(word, 21, 4);
  if (operation === 0) return { mnemonic: `mul${flags}${suffix}`, operands: `${high}, ${m}, ${s}` };
  if (operation === 1) {
    return { mnemonic: `mla${flags}${suffix}`, operands: `${high}, ${m}, ${s}, ${low}` };
  }
  if (operation >= 4 && operation <= 7) {
    const mnemonic = `${LONG[operation - 4]}${flags}${suffix}`;
    return { mnemonic, operands: `${low}, ${high}, ${m}, ${s}` };
  }
  if (operation !== 8 && operation !== 10) return undefined;
  if (bit(word, 20) || field(word, 8, 4) !== 0) return undefined;
  const mnemonic = `${operation === 10 ? 'swpb' : 'swp'}${suffix}`;
  return { mnemonic, operands: `${low}, ${m}, [${high}]` };
}

/** LDRH, STRH, LDRSB, LDRSH, LDRD, STRD. */
function extraTransfer(word: number, suffix: string): InstructionText {
  const kind = field(word, 5, 2);
  const loads = ['', 'ldrh', 'ldrsb', 'ldrsh'];
  const others = ['', 'strh', 'ldrd', 'strd'];
  const mnemonic = (bit(word, 20) ? loads : others)[kind] as string;
  const isConstant = bit(word, 22);
  const constant = ((word >>> 4) & 0xf0) | (word & 15);
  const offset = isConstant
    ? `#${signOf(word)}${constant}`
    : `${signOf(word)}${registerAt(word, 0)}`;
  const isZero = isConstant && constant === 0 && bit(word, 23);
  const place = transferAddress(word, offset, isZero);
  return { mnemonic: mnemonic + suffix, operands: `${registerAt(word, 12)}, ${place}` };
}

/** Offset and base of LDR and its like. */
function plainAddress(word: number): string {
  const isRegister = bit(word, 25);
  const offset = isRegister
    ? `${signOf(word)}${shiftedRegister(word)}`
    : `#${signOf(word)}${word & 0xfff}`;
  return transferAddress(word, offset, !isRegister && (word & 0xfff) === 0 && bit(word, 23));
}

function transfer(word: number, suffix: string, address: number): InstructionText {
  const d = registerAt(word, 12);
  const isLoad = bit(word, 20);
  if ((word & 0x0fff0fff) === 0x052d0004) return { mnemonic: `push${suffix}`, operands: `{${d}}` };
  if ((word & 0x0fff0fff) === 0x049d0004) return { mnemonic: `pop${suffix}`, operands: `{${d}}` };
  const size = bit(word, 22) ? 'b' : '';
  const asUser = !bit(word, 24) && bit(word, 21) ? 't' : '';
  const text = {
    mnemonic: `${isLoad ? 'ldr' : 'str'}${size}${asUser}${suffix}`,
    operands: `${d}, ${plainAddress(word)}`,
  };
  const isLiteral = (word & 0x032f0000) === 0x010f0000;
  if (!isLiteral) return text;
  const offset = bit(word, 23) ? word & 0xfff : -(word & 0xfff);
  return { ...text, target: (address + 8 + offset) >>> 0 };
}

/** LDM and STM, in the names that stacks have made common. */
function blockTransfer(word: number, suffix: string): InstructionText {
  const isLoad = bit(word, 20);
  const list = registerList(word & 0xffff);
  const isStack = (word & 0x0fff0000) >>> 0 === (isLoad ? 0x08bd0000 : 0x092d0000);
  const isSingle = (word & 0xffff & ((word & 0xffff) - 1)) === 0;
  if (isStack && !isSingle)
    return { mnemonic: `${isLoad ? 'pop' : 'push'}${suffix}`, operands: list };
  const base = `${registerAt(word, 16)}${bit(word, 21) ? '!' : ''}`;
  const operands = `${base}, ${list}${bit(word, 22) ? '^' : ''}`;
  const kind = isLoad ? 'ldm' : 'stm';
  if (isStack && (word & 0xffff) !== 0) return { mnemonic: `${kind}fd${suffix}`, operands };
  const mode = ['da', 'ia', 'db', 'ib'][field(word, 23, 2)] as string;
  const isShort = mode === 'ia' && (isLoad || (word & 0x00600000) === 0);
  return { mnemonic: `${kind}${isShort ? '' : mode}${suffix}`, operands };
}

/** LDC, STC, MCRR, MRRC. */
function coprocessorTransfer(
  word: number,
  version: string,
  suffix: string,
): InstructionText | undefined {
  const coprocessor = field(word, 8, 4);
  if ((word & 0x01e00000) === 0x00400000) {
    const mnemonic = `${bit(word, 20) ? 'mrrc' : 'mcrr'}${suffix}`;
    const registers = `${registerAt(word, 12)}, ${registerAt(word, 16)}`;
    return {
      mnemonic,
      operands: `${coprocessor}, ${field(word, 4, 4)}, ${registers}, cr${word & 15}`,
    };
  }
  if ((word & 0x01e00000) === 0) return undefined;
  const isLong = bit(word, 22) ? 'l' : '';
  const mnemonic = `${bit(word, 20) ? 'ldc' : 'stc'}${version}${isLong}${suffix}`;
  const distance = (word & 255) * 4;
  const isUnindexed = (word & 0x01a00000) === 0x00800000;
  const place = isUnindexed
    ? `[${registerAt(word, 16)}], {${word & 255}}`
    : transferAddress(word, `#${signOf(word)}${distance}`, distance === 0 && bit(word, 23));
  return { mnemonic, operands: `${coprocessor}, cr${field(word, 12, 4)}, ${place}` };
}

/** CDP, MCR, MRC. */
function coprocessorOperation(word: number, version: string, suffix: string): InstructionText {
  const [coprocessor, n, m] = [field(word, 8, 4), field(word, 16, 4), word & 15];
  const second = field(word, 5, 3);
  const place = `cr${n}, cr${m}, {${second}}`;
  if (!bit(word, 4)) {
    const operands = `${coprocessor}, ${field(word, 20, 4)}, cr${field(word, 12, 4)}, ${place}`;
    return { mnemonic: `cdp${version}${suffix}`, operands };
  }
  const isRead = bit(word, 20);
  const mnemonic = `${isRead ? 'mrc' : 'mcr'}${version}${suffix}`;
  const d = registerAt(word, 12);
  const register = isRead && d === 'pc' && version === '' ? 'APSR_nzcv' : d;
  const operands = `${coprocessor}, ${field(word, 21, 3)}, ${register}, ${place}`;
  return { mnemonic, operands };
}

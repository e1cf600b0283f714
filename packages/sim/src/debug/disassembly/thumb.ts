/** Thumb instructions in words. ARM Architecture Reference Manual (DDI 0100), part A, chapter A7. */
import {
  bit,
  CONDITIONS,
  field,
  hex,
  hexPadded,
  type InstructionText,
  REGISTERS,
  registerList,
} from './operands.js';

const low = (half: number, at: number): string => REGISTERS[field(half, at, 3)] as string;

/** Whether a halfword is the first half of BL or BLX, and the next the second. */
export function isCallPair(half: number, next: number | undefined): boolean {
  return half >>> 11 === 0b11110 && next !== undefined && ((next >>> 11) & 0b11101) === 0b11101;
}

/** A call in two halves. */
export function callText(half: number, next: number, address: number): InstructionText {
  const target = address + 4 + ((half << 21) >> 9) + ((next & 0x7ff) << 1);
  const exchanges = next >>> 11 === 0b11101;
  return branchTo(exchanges ? 'blx' : 'bl', exchanges ? target & ~3 : target);
}

function branchTo(mnemonic: string, target: number): InstructionText {
  return { mnemonic, operands: hex(target), target: target >>> 0 };
}

/** A Thumb instruction; undefined for what is none in ARMv5TE, and for halves of calls. */
export function thumbText(half: number, address: number): InstructionText | undefined {
  switch (half >>> 13) {
    case 0:
      return field(half, 11, 2) === 3 ? addOrSubtract(half) : shiftByConstant(half);
    case 1: {
      const mnemonic = ['movs', 'cmp', 'adds', 'subs'][field(half, 11, 2)] as string;
      return { mnemonic, operands: `${low(half, 8)}, #${half & 255}` };
    }
    case 2:
      return registerOperation(half, address);
    case 3:
      return transferWithConstant(half);
    case 4:
      return bit(half, 12) ? stackTransfer(half) : halfTransfer(half);
    case 5:
      return bit(half, 12) ? miscellaneous(half) : addressOf(half, address);
    case 6:
      return bit(half, 12) ? conditional(half, address) : blockTransfer(half);
    default:
      return half >>> 11 === 0b11100
        ? branchTo('b.n', address + 4 + ((half << 21) >> 20))
        : undefined;
  }
}

function shiftByConstant(half: number): InstructionText {
  const kind = field(half, 11, 2);
  const distance = field(half, 6, 5);
  const registers = `${low(half, 0)}, ${low(half, 3)}`;
  if (kind === 0 && distance === 0) return { mnemonic: 'movs', operands: registers };
  const mnemonic = ['lsls', 'lsrs', 'asrs'][kind] as string;
  return { mnemonic, operands: `${registers}, #${distance === 0 ? 32 : distance}` };
}

function addOrSubtract(half: number): InstructionText {
  const second = bit(half, 10) ? `#${field(half, 6, 3)}` : low(half, 6);
  const mnemonic = bit(half, 9) ? 'subs' : 'adds';
  return { mnemonic, operands: `${low(half, 0)}, ${low(half, 3)}, ${second}` };
}

const LOW_OPERATIONS = [
  ...['ands', 'eors', 'lsls', 'lsrs', 'asrs', 'adcs', 'sbcs', 'rors'],
  ...['tst', 'negs', 'cmp', 'cmn', 'orrs', 'muls', 'bics', 'mvns'],
] as const;
const WITH_REGISTER = ['str', 'strh', 'strb', 'ldrsb', 'ldr', 'ldrh', 'ldrb', 'ldrsh'] as const;

function registerOperation(half: number, address: number): InstructionText {
  if (bit(half, 12)) {
    const mnemonic = WITH_REGISTER[field(half, 9, 3)] as string;
    return { mnemonic, operands: `${low(half, 0)}, [${low(half, 3)}, ${low(half, 6)}]` };
  }
  if (bit(half, 11)) {
    const offset = (half & 255) << 2;
    const operands = `${low(half, 8)}, [pc, #${offset}]`;
    return { mnemonic: 'ldr', operands, target: (((address + 4) & ~3) + offset) >>> 0 };
  }
  if (!bit(half, 10)) {
    const mnemonic = LOW_OPERATIONS[field(half, 6, 4)] as string;
    return { mnemonic, operands: `${low(half, 0)}, ${low(half, 3)}` };
  }
  return highOperation(half);
}

function highOperation(half: number): InstructionText {
  const d = REGISTERS[(half & 7) | ((half >>> 4) & 8)] as string;
  const m = REGISTERS[field(half, 3, 4)] as string;
  const operation = field(half, 8, 2);
  if (operation === 3) return { mnemonic: bit(half, 7) ? 'blx' : 'bx', operands: m };
  if (half === 0x46c0) return { mnemonic: 'nop', operands: '' };
  return { mnemonic: ['add', 'cmp', 'mov'][operation] as string, operands: `${d}, ${m}` };
}

function transferWithConstant(half: number): InstructionText {
  const isByte = bit(half, 12);
  const offset = field(half, 6, 5) << (isByte ? 0 : 2);
  const mnemonic = `${bit(half, 11) ? 'ldr' : 'str'}${isByte ? 'b' : ''}`;
  return { mnemonic, operands: `${low(half, 0)}, [${low(half, 3)}, #${offset}]` };
}

function halfTransfer(half: number): InstructionText {
  const offset = field(half, 6, 5) << 1;
  const mnemonic = bit(half, 11) ? 'ldrh' : 'strh';
  return { mnemonic, operands: `${low(half, 0)}, [${low(half, 3)}, #${offset}]` };
}

function stackTransfer(half: number): InstructionText {
  const mnemonic = bit(half, 11) ? 'ldr' : 'str';
  return { mnemonic, operands: `${low(half, 8)}, [sp, #${(half & 255) << 2}]` };
}

function addressOf(half: number, address: number): InstructionText {
  const offset = (half & 255) << 2;
  const fromStack = bit(half, 11);
  const operands = `${low(half, 8)}, ${fromStack ? 'sp' : 'pc'}, #${offset}`;
  if (fromStack) return { mnemonic: 'add', operands };
  return { mnemonic: 'add', operands, target: (((address + 4) & ~3) + offset) >>> 0 };
}

function miscellaneous(half: number): InstructionText | undefined {
  const withExtra = bit(half, 8);
  switch (field(half, 8, 4)) {
    case 0:
      return {
        mnemonic: bit(half, 7) ? 'sub' : 'add',
        operands: `sp, #${(half & 127) << 2}`,
      };
    case 4:
    case 5:
      return {
        mnemonic: 'push',
        operands: registerList((half & 255) | (withExtra ? 1 << 14 : 0)),
      };
    case 12:
    case 13:
      return { mnemonic: 'pop', operands: registerList((half & 255) | (withExtra ? 1 << 15 : 0)) };
    case 14:
      return { mnemonic: 'bkpt', operands: hexPadded(half & 255, 4) };
    default:
      return undefined;
  }
}

function blockTransfer(half: number): InstructionText {
  const base = field(half, 8, 3);
  const isLoad = bit(half, 11);
  const writesBack = !(isLoad && bit(half, base));
  const operands = `${REGISTERS[base]}${writesBack ? '!' : ''}, ${registerList(half & 255)}`;
  return { mnemonic: isLoad ? 'ldmia' : 'stmia', operands };
}

function conditional(half: number, address: number): InstructionText | undefined {
  const condition = field(half, 8, 4);
  if (condition === 15) return { mnemonic: 'svc', operands: `${half & 255}` };
  if (condition === 14) return undefined;
  const target = address + 4 + ((half << 24) >> 23);
  return branchTo(`b${CONDITIONS[condition]}.n`, target);
}

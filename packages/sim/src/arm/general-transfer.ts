/**
 * Execution of loads and stores with uncommon addressing modes, LDRD, STRD, and blocks with r15, the
 * user registers or more than eight words. The base register is written only when no access failed.
 * ARM Architecture Reference Manual A5.2 to A5.4.
 */
import { type Cpu, Mode } from './cpu.js';
import { blockOffsets, registerList } from './decode-transfer.js';
import { hasOwnUserBank, shiftedOffset } from './general.js';
import { activeState as state } from './state.js';

const register = (number: number): number => state[number & 15] as number;

/** What STR and STM store for r15, from the value that reading it gives: the address plus 12 on the ARM9. */
const STORED_PROGRAM_COUNTER = 4;

function storedRegister(number: number): number {
  return number === 15 ? register(15) + STORED_PROGRAM_COUNTER : register(number);
}

/** Any LDR, STR, LDRB, ..., LDRD, STRD; true when the program counter was loaded. */
export function executeTransfer(cpu: Cpu, word: number, programCounter: number): boolean {
  state[15] = programCounter;
  const isExtra = (word & 0x0c000000) === 0;
  const magnitude = isExtra ? extraOffset(word) : plainOffset(word);
  const offset = (word & 0x00800000) !== 0 ? magnitude : -magnitude;
  const n = (word >>> 16) & 15;
  const isPre = (word & 0x01000000) !== 0;
  const moved = (register(n) + offset) | 0;
  const address = isPre ? moved : register(n);
  const writesBack = !isPre || (word & 0x00200000) !== 0;
  const d = (word >>> 12) & 15;
  if (isExtra && (word & 0x00100040) === 0x40) {
    transferDouble(cpu, word, address, d);
    if (writesBack) state[n] = moved;
    return false;
  }
  if ((word & 0x00100000) === 0) {
    store(cpu, word, isExtra, address, storedRegister(d));
    if (writesBack) state[n] = moved;
    return false;
  }
  const value = load(cpu, word, isExtra, address);
  if (writesBack) state[n] = moved;
  if (d === 15) cpu.branchLoaded(value);
  else state[d] = value;
  return d === 15;
}

function plainOffset(word: number): number {
  return (word & 0x02000000) !== 0 ? shiftedOffset(word) : word & 0xfff;
}

function extraOffset(word: number): number {
  return (word & 0x00400000) !== 0 ? ((word >>> 4) & 0xf0) | (word & 15) : register(word);
}

function load(cpu: Cpu, word: number, isExtra: boolean, address: number): number {
  const { memory } = cpu;
  if (!isExtra)
    return (word & 0x00400000) !== 0 ? memory.loadByte(address) : memory.loadWord(address);
  switch ((word >>> 5) & 3) {
    case 1:
      return memory.loadHalf(address);
    case 2:
      return (memory.loadByte(address) << 24) >> 24;
    default:
      return (memory.loadHalf(address) << 16) >> 16;
  }
}

function store(cpu: Cpu, word: number, isExtra: boolean, address: number, value: number): void {
  if (isExtra) cpu.memory.storeHalf(address, value);
  else if ((word & 0x00400000) !== 0) cpu.memory.storeByte(address, value);
  else cpu.memory.storeWord(address, value);
}

/** LDRD and STRD: bit 5 stores. */
function transferDouble(cpu: Cpu, word: number, address: number, d: number): void {
  const { memory } = cpu;
  if ((word & 0x20) !== 0) {
    memory.storeWord(address, register(d));
    memory.storeWord(address + 4, register(d + 1));
    return;
  }
  const low = memory.loadWord(address);
  state[d + 1] = memory.loadWord(address + 4);
  state[d] = low;
}

/** Words of the block that is being transferred: kept, since blocks are frequent. */
const values = new Int32Array(16);

/** Any LDM or STM; true when the program counter was loaded. */
export function executeBlock(cpu: Cpu, word: number, programCounter: number): boolean {
  state[15] = programCounter;
  const registers = registerList(word & 0xffff);
  const isLoad = (word & 0x00100000) !== 0;
  const hasUserBank = (word & 0x00400000) !== 0;
  const loadsProgramCounter = isLoad && (word & 0x8000) !== 0;
  const transfersUserBank = hasUserBank && !loadsProgramCounter && hasOwnUserBank(cpu);
  const n = (word >>> 16) & 15;
  const { start, delta } = blockOffsets(word, registers.length);
  const base = register(n);
  const moved = (word & 0x00200000) !== 0 ? (base + delta) | 0 : base;
  const address = cpu.memory.blockStart((base + start) | 0);
  if (!isLoad) {
    storeBlock(cpu, registers, address, transfersUserBank, n, moved);
    if ((word & 0x00200000) !== 0) state[n] = moved;
    return false;
  }
  for (let index = 0; index < registers.length; index++) {
    values[index] = cpu.memory.loadWord(address + 4 * index);
  }
  if ((word & 0x00200000) !== 0) state[n] = moved;
  const { mode } = cpu;
  if (transfersUserBank) cpu.switchMode(Mode.System);
  for (let index = 0; index < registers.length; index++) {
    state[registers[index] as number] = values[index] as number;
  }
  if (transfersUserBank) cpu.switchMode(mode);
  if (!loadsProgramCounter) return false;
  finishLoad(cpu, hasUserBank, values[registers.length - 1] as number);
  return true;
}

/**
 * The base register, if it is in the list but not its first, is stored after its change; the user's register
 * of that number is another one in a mode that has its own.
 */
function storeBlock(
  cpu: Cpu,
  registers: readonly number[],
  address: number,
  userBank: boolean,
  n: number,
  moved: number,
): void {
  const { mode } = cpu;
  if (userBank) cpu.switchMode(Mode.System);
  for (let index = 0; index < registers.length; index++) {
    const number = registers[index] as number;
    const isMovedBase = number === n && index !== 0 && !userBank;
    values[index] = isMovedBase ? moved : storedRegister(number);
  }
  if (userBank) cpu.switchMode(mode);
  for (let index = 0; index < registers.length; index++) {
    cpu.memory.storeWord(address + 4 * index, values[index] as number);
  }
}

function finishLoad(cpu: Cpu, restoresStatus: boolean, target: number): void {
  if (!restoresStatus || !cpu.hasSavedStatus) {
    cpu.branchLoaded(target);
    return;
  }
  cpu.status = cpu.spsr;
  cpu.branch(target);
}

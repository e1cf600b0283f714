/**
 * Translation of loads and stores. Aligned accesses to the data memory are made in place; for all others functions are
 * called, see wasm/core.c.
 */
import { type Instruction, Op } from '../opcodes.js';
import { POSTED_CYCLES, SHARED_CYCLES } from '../private-bus.js';
import { Slot } from '../state.js';
import { type Exits, Leaving } from './exits.js';
import { noteSdram, pushSdramPlace, SDRAM_LOADS, SDRAM_STORES } from './sdram-access.js';
import { SLOW, STORED } from './slow-access.js';
import { Access, ValueType, Wasm } from './wasm.js';

/** A data memory address without alignment and place in the memory. */
const DATA_MEMORY = 0x00400000;
const INSTRUCTION_MEMORY_BYTES = 0x8000;

/** How a size is accessed: the bits that tell place and alignment, in place, and otherwise. */
export interface Kind {
  readonly mask: number;
  readonly bytes: number;
  readonly access: Access;
  readonly slow: number;
  readonly extend?: Wasm;
}

/** Loads by their distance from LoadWordOffset in fours, then stores. */
export const LOADS: readonly Kind[] = [
  { mask: 0xffff0003, bytes: 4, access: Access.LoadWord, slow: SLOW.loadWord },
  { mask: 0xffff0000, bytes: 1, access: Access.LoadByte, slow: SLOW.loadByte },
  { mask: 0xffff0001, bytes: 2, access: Access.LoadHalf, slow: SLOW.loadHalf },
  {
    mask: 0xffff0000,
    bytes: 1,
    access: Access.LoadSignedByte,
    slow: SLOW.loadByte,
    extend: Wasm.Extend8,
  },
  {
    mask: 0xffff0001,
    bytes: 2,
    access: Access.LoadSignedHalf,
    slow: SLOW.loadHalf,
    extend: Wasm.Extend16,
  },
];
/** Words, bytes and halves. */
export const STORES: readonly Kind[] = [
  { mask: 0xffff0003, bytes: 4, access: Access.StoreWord, slow: SLOW.storeWord },
  { mask: 0xffff0000, bytes: 1, access: Access.StoreByte, slow: SLOW.storeByte },
  { mask: 0xffff0001, bytes: 2, access: Access.StoreHalf, slow: SLOW.storeHalf },
];

/** Modes of addressing, by the distance of an operation from its `...Offset` form. */
const Mode = { Offset: 0, Indexed: 1, Post: 2, Pre: 3 } as const;

const isLoad = (op: number): boolean => op >= Op.LoadWordOffset && op <= Op.LoadSignedHalfPre;
const isStore = (op: number): boolean => op >= Op.StoreWordOffset && op <= Op.StoreHalfPre;

/** Whether an operation is one that {@link transfer} translates. */
export function isTransfer({ op }: Instruction): boolean {
  return isLoad(op) || isStore(op) || op === Op.LoadLiteral || op === Op.LoadWordPostRegister;
}

/** Executes a load or store at an address. */
export function transfer(exits: Exits, at: number, each: Instruction): void {
  const { frame } = exits;
  const { op, d, n, m, immediate } = each;
  if (op === Op.LoadLiteral) {
    pushLiteral(exits, at, LOADS[0] as Kind, immediate);
    frame.set(d);
  } else if (op === Op.LoadWordPostRegister) {
    frame.get(n);
    frame.code.set(frame.address);
    pushLoaded(exits, at, LOADS[0] as Kind);
    frame.get(m);
    frame.code.constant(immediate).do(Wasm.ShiftLeft).get(frame.address).do(Wasm.Add);
    frame.set(n);
    frame.set(d);
  } else if (isLoad(op)) {
    setAddress(exits, (op - Op.LoadWordOffset) & 3, each);
    pushLoaded(exits, at, LOADS[(op - Op.LoadWordOffset) >> 2] as Kind);
    writeBack(exits, (op - Op.LoadWordOffset) & 3, each);
    frame.set(d);
  } else {
    const mode = (op - Op.StoreWordOffset) & 3;
    setAddress(exits, mode, each);
    const kind = STORES[(op - Op.StoreWordOffset) >> 2] as Kind;
    store(exits, at, kind, d, () => writeBack(exits, mode, each));
  }
}

/** Pushes what is loaded from a known address. */
export function pushLiteral(exits: Exits, at: number, kind: Kind, address: number): void {
  const { frame } = exits;
  const { code } = frame;
  if (address >>> 0 < INSTRUCTION_MEMORY_BYTES && kind.bytes === 4) {
    code.get(frame.instructionMemory).access(Access.LoadWord, address & ~3);
  } else {
    code.constant(address).set(frame.address);
    pushSlowly(exits, at, kind);
  }
}

function setAddress({ frame }: Exits, mode: number, { n, m, immediate }: Instruction): void {
  const { code } = frame;
  frame.get(n);
  if (mode === Mode.Indexed) {
    frame.get(m);
    code.constant(immediate).do(Wasm.ShiftLeft, Wasm.Add);
  } else if (mode !== Mode.Post) code.constant(immediate).do(Wasm.Add);
  code.set(frame.address);
}

function writeBack({ frame }: Exits, mode: number, { n, immediate }: Instruction): void {
  const { code } = frame;
  if (mode !== Mode.Post && mode !== Mode.Pre) return;
  code.get(frame.address);
  if (mode === Mode.Post) code.constant(immediate).do(Wasm.Add);
  frame.set(n);
}

/** Pushes whether the address is in the data memory, and aligned. */
function pushIsInPlace({ frame }: Exits, { mask }: Kind): void {
  frame.code.get(frame.address).constant(mask).do(Wasm.And).constant(DATA_MEMORY).do(Wasm.Equal);
}

/** Pushes the place of the address in the arena. */
function pushPlace({ frame }: Exits): void {
  frame.code.get(frame.address).get(frame.dataMemory).do(Wasm.Add);
}

/** Pushes what is loaded from `frame.address`. */
export function pushLoaded(exits: Exits, at: number, kind: Kind): void {
  const { frame } = exits;
  const { code } = frame;
  const done = code.block(ValueType.Word);
  pushIsInPlace(exits, kind);
  code.if();
  pushPlace(exits);
  code.access(kind.access).branch(done).end();
  if (exits.isLoop) {
    const { address, scratch: page, scratch2 } = frame;
    const elsewhere = code.block();
    pushSdramPlace(code, { address, page }, SDRAM_LOADS | (kind.bytes - 1), elsewhere);
    code.access(kind.access);
    noteSdram(code, scratch2, kind.bytes, SHARED_CYCLES);
    code.branch(done).end();
  }
  pushSlowly(exits, at, kind);
  code.end();
}

function pushSlowly(exits: Exits, at: number, { slow, extend }: Kind): void {
  const { frame } = exits;
  const { code } = frame;
  code.get(frame.address);
  exits.callOutside(slow);
  if (extend !== undefined) code.do(extend);
  leaveOnFault(exits, at);
}

/** Leaves when the last access failed. */
function leaveOnFault(exits: Exits, at: number): void {
  const { frame } = exits;
  frame.loadState(Slot.Fault);
  frame.code.if();
  exits.leave(at, Leaving.Fault);
  frame.code.end();
}

/** Stores register `d` at `frame.address`; then writes the base register back. */
export function store(
  exits: Exits,
  at: number,
  kind: Kind,
  d: number,
  writesBack: () => void,
): void {
  const { frame } = exits;
  const { code } = frame;
  const done = code.block();
  pushIsInPlace(exits, kind);
  code.if();
  pushPlace(exits);
  frame.get(d);
  code.access(kind.access).branch(done).end();
  if (exits.isLoop) {
    const { address, scratch: page, scratch2 } = frame;
    const elsewhere = code.block();
    pushSdramPlace(code, { address, page }, SDRAM_STORES | (kind.bytes - 1), elsewhere);
    frame.get(d);
    code.access(kind.access);
    noteSdram(code, scratch2, kind.bytes, POSTED_CYCLES);
    frame.loadState(Slot.Limit);
    code.branchIf(done);
    leaveBehind(exits, at, writesBack);
    code.end();
  }
  code.get(frame.address);
  frame.get(d);
  exits.callOutside(kind.slow);
  leaveAfterStore(exits, at, writesBack);
  code.end();
  writesBack();
}

/** Leaves in front of the next instruction when what was waited has taken all of the slice. */
export function leaveWhenLimitReached(exits: Exits, at: number): void {
  const { frame } = exits;
  frame.loadState(Slot.Limit);
  frame.code.do(Wasm.EqualZero).if();
  leaveBehind(exits, at, () => undefined);
  frame.code.end();
}

/** Leaves in front of the next instruction, at the end of the slice. */
function leaveBehind(exits: Exits, at: number, writesBack: () => void): void {
  writesBack();
  exits.leave(at + (4 >> exits.thumb), Leaving.Enter);
}

/** Pops what a slow store tells, and leaves when it failed or ended the slice. */
function leaveAfterStore(exits: Exits, at: number, writesBack: () => void): void {
  const { frame } = exits;
  const { code } = frame;
  code.tee(frame.scratch).if();
  code.get(frame.scratch).constant(STORED.Fault).do(Wasm.Equal).if();
  exits.leave(at, Leaving.Fault);
  code.end();
  leaveBehind(exits, at, writesBack);
  code.end();
}

const LOAD_BLOCKS: ReadonlySet<number> = new Set([
  Op.LoadTwo,
  Op.LoadFour,
  Op.LoadMultiple,
  Op.LoadMultipleWithPc,
  Op.LoadMany,
  Op.LoadManyWithPc,
]);
const STORE_BLOCKS: ReadonlySet<number> = new Set([Op.StoreMultiple, Op.StoreMany]);
const LISTED: ReadonlySet<number> = new Set([Op.LoadMany, Op.LoadManyWithPc, Op.StoreMany]);
const PROGRAM_COUNTER = 15;

/** Whether an operation is one that {@link transferBlock} translates. */
export function isBlockTransfer({ op }: Instruction): boolean {
  return LOAD_BLOCKS.has(op) || STORE_BLOCKS.has(op);
}

/** Registers of a block, ascending: as four bits each, or as a bit mask. */
function blockRegisters({ op, s, extra }: Instruction): readonly number[] {
  const isListed = LISTED.has(op);
  const all = Array.from({ length: isListed ? 16 : s }, (_, index) => index);
  return isListed
    ? all.filter((register) => (extra >>> register) & 1)
    : all.map((index) => (extra >>> (4 * index)) & 15);
}

/** Executes LDM or STM. The program counter, when it is loaded, is left in `frame.programCounter`. */
export function transferBlock(exits: Exits, at: number, each: Instruction): void {
  const { frame } = exits;
  const { code } = frame;
  const { op, n, immediate } = each;
  const registers = blockRegisters(each);
  const delta = immediate >> 16;
  const moveBase = () => {
    if (delta === 0) return;
    frame.get(n);
    code.constant(delta).do(Wasm.Add);
    frame.set(n);
  };
  frame.get(n);
  code.constant((immediate << 16) >> 16).do(Wasm.Add);
  code.tee(frame.address).constant(DATA_MEMORY).do(Wasm.Subtract);
  // Rotated, an address that is no multiple of 4 is above any word of the data memory.
  code.constant(2).do(Wasm.RotateRight);
  code
    .constant((0x10000 >> 2) - registers.length)
    .do(Wasm.LessOrEqualUnsigned)
    .if();
  if (STORE_BLOCKS.has(op)) {
    for (const [index, register] of registers.entries()) {
      pushPlace(exits);
      frame.get(register);
      code.access(Access.StoreWord, 4 * index);
    }
    code.else();
    for (const register of registers) frame.expose(register);
    callForBlock(exits, each);
    leaveAfterStore(exits, at, moveBase);
  } else {
    pushPlace(exits);
    code.set(frame.address);
    for (const [index, register] of registers.entries()) {
      code.get(frame.address).access(Access.LoadWord, 4 * index);
      if (register === PROGRAM_COUNTER) code.set(frame.programCounter);
      else frame.set(register);
    }
    code.else();
    callForBlock(exits, each);
    code.if();
    exits.leave(at, Leaving.Fault);
    code.end();
    for (const register of registers) {
      if (register === PROGRAM_COUNTER) {
        frame.loadState(PROGRAM_COUNTER);
        code.set(frame.programCounter);
      } else frame.reload(register);
    }
  }
  code.end();
  if (LOAD_BLOCKS.has(op) && registers.includes(n)) return;
  moveBase();
}

function callForBlock(exits: Exits, { op, s, extra }: Instruction): void {
  const { frame } = exits;
  const { code } = frame;
  code.constant(extra).constant(s).get(frame.address);
  const isListed = LISTED.has(op);
  if (STORE_BLOCKS.has(op)) exits.callOutside(isListed ? SLOW.storeListed : SLOW.storePacked);
  else exits.callOutside(isListed ? SLOW.loadListed : SLOW.loadPacked);
}

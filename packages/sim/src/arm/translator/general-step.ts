/** Instructions that are executed from their encodings, between translated ones or called from there. */
import { takeAbort } from '../abort.js';
import { codeStore, PAGE_BYTES } from '../code-cache.js';
import { holds } from '../conditions.js';
import type { Cpu } from '../cpu.js';
import { executeGeneral } from '../execute.js';
import { endSlice } from '../general.js';
import { type Instruction, Op } from '../opcodes.js';
import { runningCpu } from '../running-core.js';
import { activeState, Slot } from '../state.js';
import { type Exits, Leaving } from './exits.js';
import { isGeneralTransfer } from './general-transfer.js';
import { slowImports } from './slow-access.js';
import { isControlWrite, isStatusRead, readStatus, writeControl } from './status-step.js';
import { leaveWhenLimitReached } from './transfer.js';
import { type ImportedFunction, Wasm } from './wasm.js';

/** Operations of entries are this and more when conditional: their condition is added. */
const CONDITIONAL = 256;
const ONE_INSTRUCTION = 0x10000;

const operationOf = (op: number, fields: number): number =>
  op >= CONDITIONAL ? fields >>> 22 : op;

/** Whether an entry without a mark is such an instruction. */
export function isGeneral(entry: number): boolean {
  const op = operationOf(codeStore[entry] as number, codeStore[entry + 1] as number);
  return op >= Op.GeneralDataProcessing && op <= Op.GeneralCoprocessor;
}

/** Whether regions call such an instruction; many loads and stores they make themselves. */
export function isCalled(each: Instruction): boolean {
  const { op } = each;
  return op >= Op.GeneralDataProcessing && op <= Op.GeneralCoprocessor && !isGeneralTransfer(each);
}

const PROGRAM_COUNTER = 15;
const LOADS = 1 << 20;

/** Whether such an instruction always goes on elsewhere. */
export function leavesStraightLine({ op, extra: word }: Instruction): boolean {
  const destination = (word >>> 12) & 15;
  const operation = (word >>> 21) & 15;
  switch (op) {
    case Op.GeneralDataProcessing:
      return destination === PROGRAM_COUNTER && (operation < 8 || operation > 11);
    case Op.GeneralTransfer:
      return destination === PROGRAM_COUNTER && (word & LOADS) !== 0;
    case Op.GeneralBlock:
      return ((word >>> PROGRAM_COUNTER) & 1) === 1 && (word & LOADS) !== 0;
    default:
      return false;
  }
}

/** Told by the function that regions call when they go on behind the instruction; else a way of leaving plus 1. */
const GO_ON = 0;

/** Added to the operation that is called in Thumb state. */
const IN_THUMB_STATE = 1 << 16;

/** Executes an instruction for a region, whose registers are where they are kept. */
function call(opAndState: number, word: number, programCounter: number): number {
  const cpu = runningCpu();
  cpu.thumb = opAndState >= IN_THUMB_STATE ? 1 : 0;
  const op = opAndState & (IN_THUMB_STATE - 1);
  cpu.resumeInSlice();
  const address = activeState[PROGRAM_COUNTER] as number;
  try {
    if (!executeGeneral(cpu, op, word, programCounter)) {
      activeState[PROGRAM_COUNTER] = address + (4 >> cpu.thumb);
      if (activeState[Slot.Limit] !== 0) return GO_ON;
    }
  } catch (error) {
    takeAbort(cpu, error, address);
    endSlice();
  }
  return 1 + (Leaving.Enter | (cpu.thumb << Leaving.ThumbShift));
}

/** That function as a module imports it, and as it is given to it. */
export const callImport: ImportedFunction = { name: 'call', parameters: 3, results: 1 };
export const callImports = { [callImport.name]: call };
const CALL = slowImports.length;

/** Executes an instruction at an address for a region, where flags are written out. */
export function stepGenerally(exits: Exits, address: number, instruction: Instruction): void {
  if (isStatusRead(instruction)) {
    readStatus(exits, instruction);
    leaveWhenLimitReached(exits, address);
  } else if (isControlWrite(instruction)) {
    writeControl(exits, instruction, () => callGeneral(exits, address, instruction));
  } else callGeneral(exits, address, instruction);
}

function callGeneral(exits: Exits, address: number, instruction: Instruction): void {
  const { frame } = exits;
  const { code, scratch } = frame;
  const { op, extra: word, immediate: programCounter } = instruction;
  code.constant(address).set(frame.programCounter);
  frame.exposeAll();
  code
    .constant(op + exits.thumb * IN_THUMB_STATE)
    .constant(word)
    .constant(programCounter);
  exits.callOutside(CALL);
  code.set(scratch);
  if (leavesStraightLine(instruction)) {
    exits.leaveAsTold(scratch);
    return;
  }
  code.get(scratch).constant(GO_ON).do(Wasm.NotEqual).if();
  exits.leaveAsTold(scratch);
  code.end();
  frame.reloadAll();
}

/** Executes it as the interpreter does; tells how to go on. */
export function executeAlone(cpu: Cpu, entry: number, address: number): Leaving {
  cpu.resumeInSlice();
  const op = codeStore[entry] as number;
  const fields = codeStore[entry + 1] as number;
  activeState[Slot.Elapsed] =
    (activeState[Slot.Elapsed] as number) + ((fields >>> 16) & 63) + ONE_INSTRUCTION;
  const next = address + (4 >> cpu.thumb);
  // The budget is tested at the end of a page.
  const onwards = next % PAGE_BYTES === 0 ? Leaving.Enter : Leaving.Continue;
  if (op >= CONDITIONAL && !holds(op - CONDITIONAL)) {
    activeState[15] = next;
    return onwards;
  }
  const word = codeStore[entry + 3] as number;
  const programCounter = codeStore[entry + 2] as number;
  try {
    if (executeGeneral(cpu, operationOf(op, fields), word, programCounter)) return Leaving.Enter;
  } catch (error) {
    takeAbort(cpu, error, address);
    return Leaving.Fault;
  }
  activeState[15] = next;
  return activeState[Slot.Limit] === 0 ? Leaving.Enter : onwards;
}

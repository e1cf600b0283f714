/** Instructions that are executed from their encodings, between translated ones. */
import { takeAbort } from '../abort.js';
import { codeStore, PAGE_BYTES } from '../code-cache.js';
import { holds } from '../conditions.js';
import type { Cpu } from '../cpu.js';
import { executeGeneral } from '../execute.js';
import { Op } from '../opcodes.js';
import { activeState, Slot } from '../state.js';
import { Leaving } from './exits.js';

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

/** Executes the operations that the interpreter's loop leaves out. */
import { type Cpu, Exception } from './cpu.js';
import {
  endSlice,
  executeCoprocessor,
  executeDataProcessing,
  executeMultiply,
  executeSaturating,
  executeStatus,
  executeSwap,
} from './general.js';
import { executeBlock, executeTransfer } from './general-transfer.js';
import { Op } from './opcodes.js';
import { activeState } from './state.js';

/**
 * Executes one operation; r15 holds its address.
 *
 * @param word - its ARM encoding
 * @param programCounter - what reading r15 gives
 * @returns true when the program counter and perhaps the state were written
 */
export function executeGeneral(
  cpu: Cpu,
  op: number,
  word: number,
  programCounter: number,
): boolean {
  const address = activeState[15] as number;
  const next = address + (cpu.thumb === 1 ? 2 : 4);
  switch (op) {
    case Op.GeneralDataProcessing:
      return executeDataProcessing(cpu, word, programCounter) && statusMayHaveChanged(cpu, word);
    case Op.GeneralMultiply:
      executeMultiply(word);
      return false;
    case Op.GeneralTransfer:
      return executeTransfer(cpu, word, programCounter);
    case Op.GeneralBlock:
      return executeBlock(cpu, word, programCounter) && statusMayHaveChanged(cpu, word >>> 2);
    case Op.GeneralStatus:
      executeStatus(cpu, word);
      return false;
    case Op.GeneralSaturating:
      executeSaturating(word);
      return false;
    case Op.GeneralSwap:
      executeSwap(cpu, word);
      return false;
    case Op.GeneralCoprocessor:
      if (!executeCoprocessor(cpu, word)) cpu.enter(Exception.Undefined, next);
      else return false;
      break;
    case Op.SoftwareInterrupt:
      cpu.enter(Exception.SoftwareInterrupt, next);
      break;
    case Op.Breakpoint:
      cpu.enter(Exception.PrefetchAbort, address + 4);
      break;
    default:
      cpu.enter(Exception.Undefined, next);
  }
  return true;
}

/** After an exception return, interrupts that wait are looked at again. */
function statusMayHaveChanged(cpu: Cpu, word: number): true {
  if ((word & 0x00100000) !== 0 && cpu.isRequested) endSlice();
  return true;
}

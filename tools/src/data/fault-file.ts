/** Fault plans in files. */
import { readFile } from 'node:fs/promises';
import { type FaultPlan, FaultPlanError, parseFaultPlan } from '@spin-tools/sim';
import { FileError, parseObject } from './file-error.js';

/** Reads a fault plan. Throws FileError with the field that is wrong, and the system's error. */
export async function readFaultPlan(path: string): Promise<FaultPlan> {
  const plan = parseObject(path, await readFile(path, 'utf8'), 'a fault plan such as {"seed": 1}');
  try {
    return parseFaultPlan(plan);
  } catch (error) {
    if (error instanceof FaultPlanError) throw new FileError(path, error.message, { cause: error });
    throw error;
  }
}

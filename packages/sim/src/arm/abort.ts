/** What becomes of memory accesses and instruction fetches that fail. */
import { BusError } from '../core/core.js';
import { type Cpu, Exception } from './cpu.js';
import { AlignmentFault, PrefetchFault } from './memory.js';

/** Takes the exception that a failed access causes; other errors are not the program's and pass on. */
export function takeAbort(cpu: Cpu, error: unknown, address: number): void {
  if (error instanceof PrefetchFault) cpu.enter(Exception.PrefetchAbort, error.address + 4);
  else if (error instanceof BusError || error instanceof AlignmentFault) {
    cpu.enter(Exception.DataAbort, address + 8);
  } else throw error;
}

/**
 * Shows the interpreter instructions before they count. Node.js compiles the interpreter's loop for what it has
 * seen; each kind of instruction that comes up later throws that away, and the loop is slow until it is compiled
 * again. A large program so keeps it slow for seconds (measured: 20 times slower, on and off, through the first
 * 10 s of a monitor), unless it was run once over, each instruction by itself, at the start.
 */
import { Cpu } from './cpu.js';
import { interpret } from './interpreter.js';
import { CoreMemory, DTCM_BASE, ITCM_BYTES } from './memory.js';
import { activeState, Slot } from './state.js';

/** What registers hold before each instruction: places in data memory, in the middle of it. */
const POINTER = DTCM_BASE + 0x8000;
const REGISTERS = 15;
/** Cycles for which each instruction and those behind it run. */
const CYCLES = 8;

/**
 * Runs a core that nobody sees from each instruction of a program for a moment, in both states.
 *
 * @param code - a program as it lies at the start of instruction memory; what is longer than that is left out
 */
export function warmUp(code: Uint8Array): void {
  const nothing = { read: () => 0, write: () => undefined };
  const memory: CoreMemory = new CoreMemory(nothing, (address) => cpu.pages.written(address));
  const cpu: Cpu = new Cpu(memory);
  const end = Math.min(code.length, ITCM_BYTES);
  for (const thumb of [0, 1] as const) {
    memory.itcm8.set(code.subarray(0, ITCM_BYTES));
    cpu.pages.clear();
    for (let at = 0; at < end; at += thumb === 1 ? 2 : 4) {
      cpu.reset();
      cpu.resume();
      for (let register = 0; register < REGISTERS; register++) {
        activeState[register] = POINTER + 8 * register;
      }
      cpu.thumb = thumb;
      activeState[15] = at;
      activeState[Slot.Elapsed] = 0;
      activeState[Slot.Limit] = CYCLES;
      interpret(cpu);
    }
  }
}

/** The core that runs, for functions that translated code and wasm/core.c call: they know where its state is only. */
import type { Cpu } from './cpu.js';
import { activeState, Slot } from './state.js';

/** What a core does for wasm/core.c. */
export interface RunningCore {
  /** Settles the controllers of DMA and communications. */
  settleControllers(): void;
  /** Passes the time of a delay loop until a cycle; false when the core is in none. */
  passDelay(cpu: Cpu, until: number): boolean;
  /** Cycle at which a delay loop at the program counter ends. */
  delayEndOf(cpu: Cpu): number;
  /** Goes on after a run stopped before its end, to the core's turn. */
  stopped(cpu: Cpu): void;
}

/** The processor that ran last, as far as it is known. */
let latest: Cpu | undefined;
let find: ((number: number) => Cpu) | undefined;

/** A processor runs. */
export function runs(cpu: Cpu): void {
  latest = cpu;
}

/** From now on processors run by numbers, which are told in {@link Slot.Number}. */
export function runByNumber(processor: (number: number) => Cpu): void {
  find = processor;
}

/** The processor that runs. */
export function runningCpu(): Cpu {
  if (latest !== undefined && latest.savedAddress === activeState[Slot.Kept]) return latest;
  if (find === undefined) throw new Error('no core runs');
  latest = find(activeState[Slot.Number] as number);
  return latest;
}

/** The core around it. */
export function runningCore(): RunningCore {
  const { owner } = runningCpu();
  if (owner === undefined) throw new Error('the processor that runs is in no core');
  return owner;
}

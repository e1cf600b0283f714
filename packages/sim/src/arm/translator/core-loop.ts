/**
 * The loop over translated code, slices and interrupts of a core, in WebAssembly: wasm/core.c. It goes from region to
 * region by the numbers of their functions, and serves the registers of devices that programs use most.
 */
import { arena } from '../arena.js';
import { coreLoopBase64 } from '../core-loop.generated.js';
import type { Cpu } from '../cpu.js';
import { interpret } from '../interpreter.js';
import type { Leaving } from './exits.js';
import { callImports, callsAreOf } from './general-step.js';
import { accessMemoryOf, slowAccess } from './slow-access.js';
import { elsewhere, takeFault } from './translate.js';

/** Regions kept translated: each takes some 50 KB of this computer's memory. With more, all is forgotten. */
export const MOST_REGIONS = 4096;

/** What a core does for the loop. */
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

/** See the top of the file. */
export interface CoreLoop {
  /** Runs a core to the end of its run; false when it stopped before. */
  run(core: RunningCore, cpu: Cpu): boolean;
  /** Runs a core as its port does, giving it packets from its inbox; tells whether one comes later. Times are ns. */
  runTakingPackets(core: RunningCore, cpu: Cpu, until: number, windowEnd: number): boolean;
  /** Functions of regions by number; 0 is none. */
  readonly functions: WebAssembly.Table;
  /** What modules of regions import. */
  readonly regionImports: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

let runningCore: RunningCore | undefined;
let runningCpu: Cpu | undefined;

function core(): RunningCore {
  if (runningCore === undefined) throw new Error('no core runs');
  return runningCore;
}

function cpu(): Cpu {
  if (runningCpu === undefined) throw new Error('no core runs');
  return runningCpu;
}

function begin(next: RunningCore, nextCpu: Cpu): void {
  runningCore = next;
  runningCpu = nextCpu;
  accessMemoryOf(nextCpu.memory);
  callsAreOf(nextCpu);
}

const imports = {
  ...slowAccess,
  ...callImports,
  elsewhere: (how: Leaving) => elsewhere(cpu(), how),
  fault: () => takeFault(cpu()),
  interpretSlice: () => {
    cpu().resumeInSlice();
    interpret(cpu(), true);
  },
  settleControllers: () => core().settleControllers(),
  passDelay: (until: number) => (core().passDelay(cpu(), until) ? 1 : 0),
  delayEnd: () => core().delayEndOf(cpu()),
  putAway: () => cpu().suspend(),
  stopped: () => core().stopped(cpu()),
};

function instantiate(): CoreLoop | undefined {
  const bytes = Uint8Array.from(atob(coreLoopBase64), (each) => each.charCodeAt(0));
  let module: WebAssembly.Module;
  try {
    module = new WebAssembly.Module(bytes);
  } catch {
    // A page in a browser can be forbidden to compile WebAssembly by its security policy.
    return undefined;
  }
  const size = MOST_REGIONS + 1;
  const functions = new WebAssembly.Table({ element: 'anyfunc', initial: size, maximum: size });
  const { exports } = new WebAssembly.Instance(module, {
    core: imports,
    env: { memory: arena, __indirect_function_table: functions },
  });
  const run = exports.run as (core: number) => number;
  const runTakingPackets = exports.run_taking_packets as (
    core: number,
    until: number,
    windowEnd: number,
  ) => number;
  return {
    functions,
    regionImports: {
      core: { memory: arena, ...slowAccess, ...callImports, ...exports },
    },
    run(next, nextCpu) {
      begin(next, nextCpu);
      return run(nextCpu.savedAddress) !== 0;
    },
    runTakingPackets(next, nextCpu, until, windowEnd) {
      begin(next, nextCpu);
      return runTakingPackets(nextCpu.savedAddress, until, windowEnd) !== 0;
    },
  };
}

let loop: CoreLoop | undefined;
let isTried = false;

/** The loop; undefined where WebAssembly may not be compiled. */
export function coreLoop(): CoreLoop | undefined {
  if (!isTried) {
    isTried = true;
    loop = instantiate();
  }
  return loop;
}

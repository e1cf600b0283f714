/**
 * The loop over translated code, slices and interrupts of a core, in WebAssembly: wasm/core.c. It goes from region to
 * region by the numbers of their functions, and serves the registers of devices that programs use most.
 */
import { arena } from '../arena.js';
import { coreLoopBase64 } from '../core-loop.generated.js';
import { interpret } from '../interpreter.js';
import { runningCore, runningCpu } from '../running-core.js';
import type { Leaving } from './exits.js';
import { callImports } from './general-step.js';
import { slowAccess } from './slow-access.js';
import { elsewhere, takeFault } from './translate.js';

/** Regions kept translated: each takes some 50 KB of this computer's memory. With more, all is forgotten. */
export const MOST_REGIONS = 4096;

/** See the top of the file. */
export interface CoreLoop {
  /** Runs a core, by the address of what it keeps, to the end of its run; 0 when it stopped before. */
  run(core: number): number;
  /** See wasm/core.c. Addresses of addresses and of times of cores; cores are bits; times are ns. */
  runCores(cores: number, reached: number, toRun: number, until: number, limit: number): number;
  /** Functions of regions by number; 0 is none. */
  readonly functions: WebAssembly.Table;
  /** What modules of regions import. */
  readonly regionImports: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

const imports = {
  ...slowAccess,
  ...callImports,
  elsewhere: (how: Leaving) => elsewhere(runningCpu(), how),
  fault: () => takeFault(runningCpu()),
  interpretSlice: () => {
    const cpu = runningCpu();
    cpu.resumeInSlice();
    interpret(cpu, true);
  },
  settleControllers: () => runningCore().settleControllers(),
  passDelay: (until: number) => (runningCore().passDelay(runningCpu(), until) ? 1 : 0),
  delayEnd: () => runningCore().delayEndOf(runningCpu()),
  putAway: () => runningCpu().suspend(),
  stopped: () => runningCore().stopped(runningCpu()),
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
  return {
    functions,
    regionImports: {
      core: { memory: arena, ...slowAccess, ...callImports, ...exports },
    },
    run: exports.run as CoreLoop['run'],
    runCores: exports.run_cores as CoreLoop['runCores'],
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

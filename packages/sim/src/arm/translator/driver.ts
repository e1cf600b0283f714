/**
 * The loop that goes from one region to the next, in WebAssembly: between them it costs a tenth of what the way by
 * JavaScript does. It stops where no function is known.
 */
import { arena } from '../arena.js';
import { THUMB_ENTRIES } from '../entry-tables.js';
import { ITCM_BYTES } from '../memory.js';
import { activeState, Slot } from '../state.js';
import { Leaving } from './exits.js';
import { Access, encodeModule, FunctionCode, Wasm } from './wasm.js';

const WORD_BYTES = activeState.BYTES_PER_ELEMENT;
const PROGRAM_COUNTER = 15;
const CYCLES = 0xffff;

/** Added to a way of leaving when the slice is over. */
export const SLICE_IS_OVER = 8;

/** Functions by number; 0 is none. */
const REGION = { parameters: 1, results: 1 } as const;

const STATE = 0;
const HOW = 1;

function loadState(code: FunctionCode, slot: number): void {
  code.constant(0).access(Access.LoadWord, slot * WORD_BYTES);
}

function pushResult(code: FunctionCode): void {
  code.get(STATE).constant(Leaving.ThumbShift).do(Wasm.ShiftLeft).get(HOW).do(Wasm.Or);
}

/** Takes the state, 1 for Thumb, and the way in which the last region was left; gives both, as regions do. */
function driverCode(regionType: number): FunctionCode {
  const code = new FunctionCode(2);
  const programCounter = code.local();
  const entries = code.local();
  const number = code.local();
  const miss = code.block();
  const next = code.loop();
  loadState(code, Slot.Registers);
  code.access(Access.LoadWord, PROGRAM_COUNTER * WORD_BYTES).tee(programCounter);
  code.constant(ITCM_BYTES).do(Wasm.GreaterOrEqualUnsigned).branchIf(miss);
  loadState(code, Slot.Entries);
  code.tee(entries).do(Wasm.EqualZero).branchIf(miss);
  code.get(programCounter).constant(THUMB_ENTRIES).do(Wasm.Add);
  code.get(programCounter).constant(1).do(Wasm.ShiftRightUnsigned);
  code.get(STATE).do(Wasm.Select).get(entries).do(Wasm.Add);
  code.access(Access.LoadHalf).tee(number).do(Wasm.EqualZero).branchIf(miss);
  code.get(programCounter).get(number).callIndirect(regionType).tee(HOW);
  code.constant(Leaving.ThumbShift).do(Wasm.ShiftRightUnsigned).set(STATE);
  code.get(HOW).constant(Leaving.Mask).do(Wasm.And).tee(HOW);
  code.constant(Leaving.Continue).do(Wasm.Equal).branchIf(next);
  code.get(HOW).branchIf(miss);
  loadState(code, Slot.Elapsed);
  code.constant(CYCLES).do(Wasm.And);
  loadState(code, Slot.Limit);
  code.do(Wasm.LessSigned).branchIf(next);
  pushResult(code);
  code.constant(SLICE_IS_OVER).do(Wasm.Or, Wasm.Return);
  code.end().end();
  pushResult(code);
  return code;
}

interface Driver {
  readonly functions: WebAssembly.Table;
  /** See {@link driverCode}. */
  readonly run: (thumb: number, how: number) => number;
}

/** Makes the loop, with room for so many regions. */
export function newDriver(regions: number): Driver {
  const size = regions + 1;
  const bytes = encodeModule(
    arena.buffer.byteLength,
    [],
    [{ name: 'drive', parameters: 2, results: 1, code: driverCode(1) }],
    { size, signatures: [REGION] },
  );
  const functions = new WebAssembly.Table({ element: 'anyfunc', initial: size, maximum: size });
  const imports = { core: { memory: arena, table: functions } };
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), imports);
  return { functions, run: exports.drive as Driver['run'] };
}

/** Calls one function of a program on an instruction-level core without a chip. */
import { ArmCore, type ChipBus } from '@spin-tools/sim/arm';

/** A call: address, up to four arguments in registers, others on the stack. */
export interface KernelCall {
  /** Of the function, in ITCM. */
  readonly address: number;
  readonly arguments: readonly number[];
  readonly stack?: readonly number[];
  /** Words at addresses of DTCM. */
  readonly memory?: ReadonlyMap<number, Uint32Array>;
}

/** What came of a call. */
export interface KernelResult {
  /** Core cycles, those of the stub included. */
  readonly cycles: number;
  /** What the function returned, r0. */
  readonly value: number;
  /** Memory of the core afterwards. @throws RangeError beyond it */
  read(address: number, bytes: number): Uint8Array;
}

const DTCM = 0x400000;
/** Free in ITCM behind the program, below what the loader uses. */
const STUB = 0x7e00;
/** Where the stack is when a function is called; what it was given on the stack lies from here on. */
export const STACK = DTCM + 0xf800;
const LIMIT_NS = 100_000_000;

/** A call of a function that does nothing: the cycles of the stub. */
export const NOTHING_CALLED: KernelCall = { address: STUB + 32, arguments: [] };

const outside = (): never => {
  throw new RangeError('an inner loop left its core');
};
const NO_CHIP: ChipBus = {
  ...{ read: outside, write: outside, readBlock: outside, writeBlock: outside },
  send: () => true,
};

/**
 * Runs a function from the first instruction of a stub that calls it to the stub's end.
 *
 * @param code the program's code, from address 0 on
 * @throws RangeError when the function does not end within 0.1 s, or uses what is not on the core
 */
export function callKernel(
  code: Uint8Array,
  { address, arguments: values, stack = [], memory }: KernelCall,
): KernelResult {
  const core = new ArmCore(0, NO_CHIP, false);
  core.writeTcm(0, code);
  core.writeTcm(STUB, bytesOf(Uint32Array.from(stub(address, values))));
  core.writeTcm(STACK, bytesOf(Uint32Array.from(stack)));
  for (const [at, words] of memory ?? []) core.writeTcm(at, bytesOf(words));
  core.start(STUB);
  core.run(LIMIT_NS);
  if (!core.asleep) throw new RangeError(`the function at 0x${address.toString(16)} does not end`);
  return {
    cycles: core.statistics.cyclesAwake,
    value: core.registers[0] as number,
    read: (from, bytes) => core.readTcm(from, bytes),
  };
}

/** ldr of sp, r0-r3 and r12 from behind the code; blx r12; wait for an interrupt; bx lr. */
function stub(address: number, values: readonly number[]): number[] {
  const registers = [13, 0, 1, 2, 3, 12];
  const literals = [STACK, ...[0, 1, 2, 3].map((index) => values[index] ?? 0), address];
  const instructions = registers.length + 3;
  const loads = registers.map((register, index) => {
    const offset = 4 * (instructions + index) - 4 * index - 8;
    return (0xe59f0000 | (register << 12) | offset) >>> 0;
  });
  return [...loads, 0xe12fff3c, 0xee070f90, 0xe12fff1e, ...literals];
}

const bytesOf = (words: Uint32Array): Uint8Array => new Uint8Array(words.buffer);

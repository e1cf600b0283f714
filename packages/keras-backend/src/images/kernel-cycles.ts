/**
 * Core cycles of the inner loops of `dense`, by the tables of the ARM968: the committed code runs on an
 * instruction-level core without a chip. Operands are 16 bits wide (32 in exact) and lie in DTCM, the batch is 32.
 */
import { decodeAplx } from '@spin-tools/scp';
import { callKernel, type KernelCall, NOTHING_CALLED, STACK } from './kernel-call.js';

/** Addresses of functions and variables in the image, from its ELF file. */
export interface KernelSymbols {
  readonly fast_forward: number;
  readonly fast_back: number;
  readonly fast_update4: number;
  readonly fast_update2: number;
  readonly exact_forward: number;
  readonly fast_update_parameters: number;
}

/** What a loop takes for one of its operations. */
export interface KernelCycles {
  readonly kernel: keyof typeof KERNEL_BUDGETS;
  /** Core cycles a multiplication and addition, or a weight for the update; calls included. */
  readonly cycles: number;
}

/** Most cycles that each loop may take; the build fails beyond. */
export const KERNEL_BUDGETS = {
  /** 2 samples x 2 rows x 392 columns. */
  forward: 1.62,
  /** 4 rows x 392 columns x 32 samples. */
  'weight gradient': 1.7,
  /** The update of a weight and its operand, once a batch. */
  update: 21,
  /** Gradient and update together, a multiplication at batch 32. */
  'weight gradient with update': 2.5,
  /** The same of tiles of two rows. */
  'weight gradient with update, two rows': 3,
  /** 2 columns x 2 samples x 16 rows. */
  'input gradient': 2.4,
  /** 1 sample x 2 rows x 392 columns of 32 bits. */
  'forward, exact': 4.9,
} as const;

/** Most bytes of ITCM that each program may take: the loader's own end begins at 0x7f00. */
export const CODE_BUDGETS = { dense: 0x7c00, sequencer: 0x2000 } as const;

const DTCM = 0x400000;
const SUMS = STACK + 0x100;
/** Where the operands lie: behind the program's variables. */
const INPUTS = DTCM + 0x1000;
const DELTAS = DTCM + 0x7800;
const MASTER = DTCM + 0x8000;
const MASTER_NEXT = DTCM + 0x9c00;
const OPERAND = DTCM + 0xb800;
const OPERAND_NEXT = DTCM + 0xc800;
const COLUMNS = 392;
const SAMPLES = 32;

/** Measures all loops of an image. */
export function measureKernels(image: Uint8Array, symbols: KernelSymbols): KernelCycles[] {
  const [code] = decodeAplx(image);
  if (code?.operation !== 'place') throw new RangeError('the image does not begin with its code');
  const { data } = code;
  const nothing = callKernel(data, NOTHING_CALLED).cycles;
  const cycles = (call: KernelCall): number => callKernel(data, call).cycles - nothing;
  const update = (address: number, delta: number): number =>
    cycles({ address, arguments: [], memory: updateMemory(symbols, delta) });
  const forward = cycles({
    address: symbols.fast_forward,
    arguments: [INPUTS, INPUTS + 2 * COLUMNS, MASTER, COLUMNS / 2],
    stack: [SUMS],
  });
  const back = cycles({
    address: symbols.fast_back,
    arguments: [OPERAND, DELTAS, 4, 4 * COLUMNS],
    stack: [8 * SAMPLES, SUMS],
  });
  const exact = cycles({
    address: symbols.exact_forward,
    arguments: [INPUTS, MASTER, COLUMNS / 2, SUMS],
  });
  const weights = 4 * COLUMNS;
  const gradient = update(symbols.fast_update4, 0);
  const whole = update(symbols.fast_update4, 0x0003_0002);
  const two = update(symbols.fast_update2, 0x0003_0002);
  return [
    { kernel: 'forward', cycles: forward / (4 * COLUMNS) },
    { kernel: 'weight gradient', cycles: gradient / (weights * SAMPLES) },
    { kernel: 'update', cycles: (whole - gradient) / weights },
    { kernel: 'weight gradient with update', cycles: whole / (weights * SAMPLES) },
    { kernel: 'weight gradient with update, two rows', cycles: two / (2 * COLUMNS * SAMPLES) },
    { kernel: 'input gradient', cycles: back / 64 },
    { kernel: 'forward, exact', cycles: exact / (2 * COLUMNS) },
  ];
}

/** `fast_update_parameters`, kernels/dense/fast.h, and one delta that all rows and samples have. */
function updateMemory(symbols: KernelSymbols, delta: number): Map<number, Uint32Array> {
  const parameters = Uint32Array.of(
    ...[INPUTS, DELTAS, 2 * COLUMNS, SAMPLES, COLUMNS / 2],
    ...[MASTER, OPERAND, MASTER_NEXT, OPERAND_NEXT],
    // mantissa, shift - 32, 2^(shift - 33), 27 - weightFraction
    ...[0x5000_0000, 10, 1 << 9, 13],
  );
  return new Map([
    [symbols.fast_update_parameters, parameters],
    [INPUTS, new Uint32Array((COLUMNS * SAMPLES) / 2).fill(0x0005_0007)],
    [DELTAS, new Uint32Array(2 * SAMPLES).fill(delta)],
  ]);
}

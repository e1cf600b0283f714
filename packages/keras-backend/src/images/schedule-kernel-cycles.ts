/** Core cycles of the inner loops of schedules, measured like those of `dense`: see kernel-cycles.ts. */
import { decodeAplx } from '@spin-tools/scp';
import { callKernel, NOTHING_CALLED } from './kernel-call.js';

/** Addresses of functions in the image of `layers`, from its ELF file. */
export interface ScheduleKernelSymbols {
  readonly product16: number;
  readonly product32: number;
  readonly outer16: number;
  readonly outer32: number;
}

/** Most cycles that each loop may take for a multiplication, calls included; the build fails beyond. */
export const SCHEDULE_KERNEL_BUDGETS = {
  /** 8 places x 16 outputs of 16 channels. */
  '3 x 3 convolution, 16 channels': 1.65,
  /** 8 places x 32 outputs of 32 channels. */
  '3 x 3 convolution, 32 channels': 1.62,
  /** 8 places x 32 outputs of 32 channels. */
  '1 x 1 convolution, 32 channels': 1.8,
  /** 4 samples x 10 outputs of 784. */
  'dense, 784 inputs': 1.6,
  /** 144 products x 16 outputs x 32 places. */
  'weight gradient, 32 places': 2,
  /** 144 products x 16 outputs x 16 places. */
  'weight gradient, 16 places': 2.3,
  /** The same with the largest operands and deltas: sums of two products fill 32 bits. */
  'weight gradient, largest operands': 7.5,
  /** 4 places x 8 outputs of 64. */
  'forward, exact': 13.5,
  /** 16 products x 8 outputs x 32 places. */
  'weight gradient, exact': 11.5,
} as const;

/** What a loop takes for a multiplication. */
export interface ScheduleKernelCycles {
  readonly kernel: keyof typeof SCHEDULE_KERNEL_BUDGETS;
  readonly cycles: number;
}

const DTCM = 0x400000;
/** Descriptors of the work, behind the program's variables. */
const WORK = DTCM + 0x1400;
const OPERANDS = DTCM + 0x1500;
const WEIGHTS = DTCM + 0x6000;
const SUMS = DTCM + 0xb000;

/** Fields of `Product` in kernels/layers/products.h, of rows without gaps. */
export interface ProductWork {
  readonly positions: number;
  readonly outputs: number;
  readonly depth: number;
  /** 1: adds to the sums. */
  readonly add?: 0 | 1;
}

/** Fields of `Outer` in kernels/layers/products.h, of rows without gaps. */
export interface OuterWork {
  readonly positions: number;
  readonly outputs: number;
  /** A multiple of 4. */
  readonly depth: number;
}

/** Memory of calls of the loops, at the places that this module has for it. */
export const scheduleKernelMemory = {
  operands: OPERANDS,
  weights: WEIGHTS,
  sums: SUMS,
  work: WORK,
};

/** `Product` as words. */
export const productWords = ({ positions, outputs, depth, add = 0 }: ProductWork): Uint32Array =>
  Uint32Array.of(OPERANDS, depth, positions, WEIGHTS, depth, outputs, depth, add);

/** `Outer` as words: deltas lie in front of the operands of a position. */
export function outerWords({ positions, outputs, depth }: OuterWork, sums = SUMS): Uint32Array {
  const operands = Math.ceil(outputs / 4) * 4;
  return Uint32Array.of(OPERANDS, operands + depth, operands, depth, outputs, positions, sums);
}

/** Measures all loops of an image. */
export function measureScheduleKernels(
  image: Uint8Array,
  symbols: ScheduleKernelSymbols,
): ScheduleKernelCycles[] {
  const [code] = decodeAplx(image);
  if (code?.operation !== 'place') throw new RangeError('the image does not begin with its code');
  const { data } = code;
  const nothing = callKernel(data, NOTHING_CALLED).cycles;
  const cycles = (
    kernel: keyof typeof SCHEDULE_KERNEL_BUDGETS,
    address: number,
    work: OuterWork,
    words: Uint32Array,
    fill = 0,
  ): ScheduleKernelCycles => {
    const memory = new Map([
      [WORK, words],
      [OPERANDS, new Uint32Array((WEIGHTS - OPERANDS) / 4).fill(fill)],
    ]);
    const taken = callKernel(data, { address, arguments: [WORK, SUMS], memory }).cycles - nothing;
    return { kernel, cycles: taken / (work.positions * work.outputs * work.depth) };
  };
  const product = (
    kernel: keyof typeof SCHEDULE_KERNEL_BUDGETS,
    address: number,
    work: ProductWork,
  ): ScheduleKernelCycles => cycles(kernel, address, work, productWords(work));
  const { product16, product32, outer16, outer32 } = symbols;
  const places = (positions: number): OuterWork => ({ positions, outputs: 16, depth: 144 });
  const wide = { positions: 32, outputs: 8, depth: 16 };
  const gradient = (
    kernel: keyof typeof SCHEDULE_KERNEL_BUDGETS,
    work: OuterWork,
    fill: number,
  ): ScheduleKernelCycles => cycles(kernel, outer16, work, outerWords(work, WEIGHTS), fill);
  return [
    product('3 x 3 convolution, 16 channels', product16, { positions: 8, outputs: 16, depth: 144 }),
    product('3 x 3 convolution, 32 channels', product16, { positions: 8, outputs: 32, depth: 288 }),
    product('1 x 1 convolution, 32 channels', product16, { positions: 8, outputs: 32, depth: 32 }),
    product('dense, 784 inputs', product16, { positions: 4, outputs: 10, depth: 784 }),
    gradient('weight gradient, 32 places', places(32), 0x0100_0100),
    gradient('weight gradient, 16 places', places(16), 0x0100_0100),
    gradient('weight gradient, largest operands', places(16), 0x7fff_7fff),
    product('forward, exact', product32, { positions: 4, outputs: 8, depth: 64 }),
    cycles('weight gradient, exact', outer32, wide, outerWords(wide, WEIGHTS)),
  ];
}

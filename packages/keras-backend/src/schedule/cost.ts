/** Core cycles of operations, as measured on the instruction-level machine; docs/on-core-layers.md has the table. */
import { ElementType, OPERATIONS, type Operation, type Tensor } from './operations.js';

/** What one operation costs. */
export interface OperationCost {
  /** Products of operands for one sample. */
  readonly multiplications: number;
  /** Core cycles for one sample, over all workers. */
  readonly cycles: number;
  /** Core cycles once a batch, over all workers. */
  readonly stepCycles: number;
  /** Whether it runs in training only. */
  readonly trains: boolean;
}

/** Cycles of a product of operands, and of what is done for each value or number besides. */
const CYCLES = {
  product: { fast: 3, exact: 8 },
  gradientProduct: { fast: 5, exact: 10 },
  depthwiseProduct: 14,
  value: 40,
  lossValue: 1500,
  update: 900,
  refresh: 120,
} as const;

const none = { multiplications: 0, cycles: 0, stepCycles: 0 };
const sizeOf = ({ rows, columns, channels }: Tensor): number => rows * columns * channels;

/** The cost of an operation. */
export function costOf(operation: Operation): OperationCost {
  const trains = (operation.phase ?? OPERATIONS[operation.kind].phase) > 1;
  return { ...none, ...partsOf(operation), trains };
}

function partsOf(operation: Operation): Partial<OperationCost> {
  switch (operation.kind) {
    case 'matrix': {
      const { input, output, window } = operation;
      // On the way back through strides, only some places of the window hold a delta.
      const spread = window.spreadRows * window.spreadColumns;
      const places = window.kernelRows * window.kernelColumns;
      const products = (sizeOf(output) * places * input.channels) / spread;
      return {
        multiplications: products,
        cycles: products * spread * CYCLES.product[speedOf(input)] + sizeOf(output) * CYCLES.value,
      };
    }
    case 'gradient': {
      const { input, delta, window } = operation;
      const products = sizeOf(delta) * window.kernelRows * window.kernelColumns * input.channels;
      return {
        multiplications: products,
        cycles: products * CYCLES.gradientProduct[speedOf(input)],
      };
    }
    case 'depthwise':
    case 'depthwiseGradient':
    case 'depthwiseBack': {
      const { window } = operation;
      const values = sizeOf(operation.kind === 'depthwise' ? operation.output : operation.delta);
      const products = values * window.kernelRows * window.kernelColumns;
      return { multiplications: products, cycles: products * CYCLES.depthwiseProduct };
    }
    case 'update':
      return { stepCycles: operation.count * CYCLES.update };
    case 'refresh':
      return { stepCycles: operation.rows * operation.stride * CYCLES.refresh };
    case 'lose':
      return { cycles: sizeOf(operation.source) * CYCLES.lossValue };
    default: {
      const tensor = tensorOf(operation);
      return tensor ? { cycles: sizeOf(tensor) * CYCLES.value } : {};
    }
  }
}

/** The largest tensor that an operation works on value by value. */
function tensorOf(operation: Operation): Tensor | undefined {
  const fields = Object.values(operation as unknown as Readonly<Record<string, unknown>>);
  const tensors = fields.filter(
    (field): field is Tensor =>
      typeof field === 'object' && field !== null && 'sampleStride' in field,
  );
  return tensors.sort((a, b) => sizeOf(b) - sizeOf(a))[0];
}

const speedOf = ({ type }: Tensor): 'fast' | 'exact' =>
  type === ElementType.Int16 ? 'fast' : 'exact';

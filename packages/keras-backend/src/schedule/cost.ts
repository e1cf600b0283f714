/**
 * What operations cost on a machine: core cycles of the worker that has most to do, from one barrier to the next.
 *
 * An operation's work is counted in units (items, values, products, ...), and each unit of a kind of operations takes
 * the cycles of {@link CYCLES}, see cost-cycles.ts for where they are from.
 */
import { OVERLAYS } from '../images/overlays.js';
import type { ScheduleTarget } from './compile.js';
import { CYCLES } from './cost-cycles.js';
import { blocking } from './operations/blocking.js';
import {
  ActivationFunction,
  ELEMENT_BYTES,
  ElementType,
  NORM_BLOCK,
  OPERATIONS,
  type Operation,
  type OperationKind,
  type Tensor,
} from './operations.js';

/** Seconds of a core cycle at the 200 MHz that the monitor sets. */
export const CYCLE_SECONDS = 5e-9;
/** SDRAM of a chip that is free for a replica or a stage, bytes: 128 MiB less what the monitor and data sets take. */
export const CHIP_BYTES = 100 * 2 ** 20;

/** What one operation costs. */
export interface OperationCost {
  /** Products of operands for one sample. */
  readonly multiplications: number;
  /** Core cycles of a batch, of the worker that has most to do, with those in which it waits at the barrier. */
  readonly cycles: number;
  /** Whether it runs in training only. */
  readonly trains: boolean;
}

/** Who does an operation, and how many samples of a batch. */
export interface CostLimits {
  readonly target: ScheduleTarget;
  /** Samples of a replica in a batch. */
  readonly samples: number;
  /** Trained numbers of each owner. */
  readonly per: number;
}

/** Units of work that an operation is counted in. */
export interface Work {
  /** Pieces that the worker does one after the other. */
  readonly items?: number;
  /** Values, weights or numbers that it goes through. */
  readonly values?: number;
  /** Products of operands, or places of windows. */
  readonly products?: number;
  /** Values that it lays out as rows of products, or pixels that it pads. */
  readonly gathered?: number;
  /** Rows of windows from which it lays them out. */
  readonly runs?: number;
  /** Rows of products that it fetches one by one. */
  readonly fetches?: number;
  /** Weights that it reads, or gradients that it writes. */
  readonly weights?: number;
}

/** Cycles in which a core takes the packet by which another worker has come to the barrier: measured, 130 ns. */
export const ARRIVAL_CYCLES = 26;
/** Core cycles for a byte when all workers of a chip read SDRAM by DMA: reference 0.6 GB/s for 16 workers, measured alike. */
const OVERLAY_CYCLES_PER_BYTE = 0.75;

/** Numbers and channels that `refresh` does at a time, as in kernels/layers/refresh.c. */
const REFRESH_PART = 256;
const TRANSPOSED_CHANNELS = 32;
/** Numbers that `combine` does at a time, as in kernels/layers/exchange.c. */
const COMBINE_PART = 128;

const sizeOf = ({ rows, columns, channels }: Tensor): number => rows * columns * channels;
const isExact = ({ type }: Tensor): boolean => type !== ElementType.Int16;

/** The cost of an operation. */
export function costOf(operation: Operation, limits: CostLimits): OperationCost {
  const { operationKey, work } = workOf(operation, limits);
  const units = CYCLES[operationKey] ?? CYCLES[operation.kind] ?? CYCLES.other;
  const own = Object.entries(work).reduce(
    (sum, [unit, count]) => sum + count * (units?.[unit as keyof Work] ?? 0),
    units?.operation ?? 0,
  );
  const { workers } = limits.target;
  return {
    multiplications: multiplicationsOf(operation),
    cycles: own + (operation.overlaps ? 0 : ARRIVAL_CYCLES * workers),
    trains: (operation.phase ?? OPERATIONS[operation.kind].phase) > 1,
  };
}

/** Cycles in which workers wait for the code of an operation, when the one before had that of `before`. */
export function overlayCycles(kind: OperationKind, before: number | undefined): number {
  const place = OVERLAYS.get(kind);
  if (place === undefined || place.offset === before) return 0;
  return place.bytes * OVERLAY_CYCLES_PER_BYTE;
}

function multiplicationsOf(operation: Operation): number {
  switch (operation.kind) {
    case 'matrix': {
      const { input, output, window } = operation;
      // On the way back through strides, only some places of the window hold a delta.
      const spread = window.spreadRows * window.spreadColumns;
      return (sizeOf(output) * window.kernelRows * window.kernelColumns * input.channels) / spread;
    }
    case 'gradient': {
      const { input, delta, window } = operation;
      return sizeOf(delta) * window.kernelRows * window.kernelColumns * input.channels;
    }
    case 'depthwise':
      return sizeOf(operation.output) * placesOf(operation);
    case 'depthwiseBack':
      return sizeOf(operation.error) * placesOf(operation);
    case 'depthwiseGradient':
      return sizeOf(operation.delta) * placesOf(operation);
    default:
      return 0;
  }
}

const placesOf = ({ window }: { readonly window: { kernelRows: number; kernelColumns: number } }) =>
  window.kernelRows * window.kernelColumns;

/** The work of the worker that has most to do, and under which name its units are measured. */
export function workOf(
  operation: Operation,
  limits: CostLimits,
): { readonly operationKey: string; readonly work: Work } {
  const { kind } = operation;
  const { samples, target, per } = limits;
  const { workers } = target;
  const blocks = blocking(operation, { ...target, samples });
  const most = (items: number) => Math.ceil(items / workers);
  /** Items of a tensor cut into blocks, and how much of it the worker with most of them has. */
  const walk = (tensor: Tensor) => {
    const items = samples * blockCount(tensor, blocks);
    return { items: most(items), values: (samples * sizeOf(tensor) * most(items)) / items };
  };
  switch (operation.kind) {
    case 'matrix': {
      const { input, output, window } = operation;
      const { samplesPerBlock, rowsPerBlock, columnsPerBlock, outputsPerBlock } = blocks as Record<
        'samplesPerBlock' | 'rowsPerBlock' | 'columnsPerBlock' | 'outputsPerBlock',
        number
      >;
      const outputBlocks = Math.ceil(output.channels / outputsPerBlock);
      const items =
        Math.ceil(samples / samplesPerBlock) *
        Math.ceil(output.rows / rowsPerBlock) *
        Math.ceil(output.columns / columnsPerBlock) *
        outputBlocks;
      const share = most(items) / items;
      const depth = window.kernelRows * window.kernelColumns * input.channels;
      const values = samples * sizeOf(output) * share;
      const positions = (values * outputBlocks) / output.channels;
      const isPoint = window.kernelRows * window.kernelColumns === 1;
      return {
        operationKey: isExact(input) ? 'matrix, exact' : 'matrix',
        work: {
          items: most(items),
          values,
          products: values * Math.ceil(depth / 8) * 8,
          gathered: positions * depth,
          ...(isPoint ? { fetches: positions } : { runs: positions * window.kernelRows }),
          weights: Math.ceil(outputBlocks * share) * outputsPerBlock * depth,
        },
      };
    }
    case 'gradient': {
      const { input, delta, window, slices } = operation;
      const { outputsPerBlock, depthPerBlock } = blocks as Record<
        'outputsPerBlock' | 'depthPerBlock',
        number
      >;
      const depth = window.kernelRows * window.kernelColumns * input.channels;
      const outputBlocks = Math.ceil(delta.channels / outputsPerBlock);
      const depthBlocks = Math.ceil(depth / depthPerBlock);
      const items = slices * outputBlocks * depthBlocks;
      const positions = samples * delta.rows * delta.columns;
      const walked = (positions * most(items)) / slices;
      return {
        operationKey: isExact(input) ? 'gradient, exact' : 'gradient',
        work: {
          items: walked / delta.columns,
          values: walked * Math.min(outputsPerBlock, delta.channels),
          products: (positions * depth * delta.channels * most(items)) / items,
          gathered: walked * Math.min(depthPerBlock, depth),
          runs: walked * window.kernelRows,
          weights: (depth * delta.channels * slices * most(items)) / items,
        },
      };
    }
    case 'depthwise': {
      const own = walk(operation.output);
      return { operationKey: kind, work: { ...own, products: own.values * placesOf(operation) } };
    }
    case 'depthwiseBack': {
      const own = walk(operation.error);
      return { operationKey: kind, work: { ...own, products: own.values * placesOf(operation) } };
    }
    case 'depthwiseGradient': {
      const { input, delta, slices } = operation;
      const { channelsPerBlock } = blocks as Record<'channelsPerBlock', number>;
      const items = slices * Math.ceil(input.channels / channelsPerBlock);
      const values = (samples * sizeOf(delta) * most(items)) / items;
      return {
        operationKey: kind,
        work: {
          items: (most(items) * samples * delta.rows) / slices,
          values,
          products: values * placesOf(operation),
        },
      };
    }
    case 'pool': {
      const own = walk(operation.target);
      return {
        operationKey: `pool ${operation.function}`,
        work: { ...own, products: own.values * placesOf(operation) },
      };
    }
    case 'poolBack': {
      const own = walk(operation.target);
      const { strideRows, strideColumns } = operation.window;
      const each = placesOf(operation) / (strideRows * strideColumns);
      return {
        operationKey: `poolBack ${operation.function}`,
        work: { ...own, products: own.values * each },
      };
    }
    case 'activate': {
      const isNarrow = narrows(operation, operation.source);
      return {
        operationKey: `activate ${operation.function}${isNarrow ? ', narrow' : ''}`,
        work: walk(operation.target),
      };
    }
    case 'activateBack': {
      const isNarrow = operation.accumulate === 0 && narrows(operation, operation.error);
      return {
        operationKey: `activateBack ${operation.function}${isNarrow ? ', narrow' : ''}`,
        work: walk(operation.target),
      };
    }
    case 'merge':
      return { operationKey: `merge ${operation.function}`, work: walk(operation.target) };
    case 'mergeBack':
      return { operationKey: `mergeBack ${operation.function}`, work: walk(operation.error) };
    case 'normalise':
    case 'normaliseBack':
    case 'drop':
      return { operationKey: kind, work: walk(operation.target) };
    case 'statistics':
      return { operationKey: kind, work: slicesOf(operation.source, operation.slices, limits) };
    case 'statisticsBack':
      return { operationKey: kind, work: slicesOf(operation.error, operation.slices, limits) };
    case 'moments':
    case 'momentsBack':
      return { operationKey: kind, work: { values: most(operation.channels) } };
    case 'take': {
      const { rows, columns, channels, type } = operation.target;
      const items = most(samples * rows);
      // Pixels in memory are padded where those of the data set are not.
      const padded = type === ElementType.Int16 && channels % 2 === 1 ? items * columns : 0;
      return {
        operationKey: kind,
        work: { items, values: items * columns * channels, gathered: padded },
      };
    }
    case 'put':
      return { operationKey: kind, work: {} };
    case 'lose': {
      const rows = samples * operation.source.rows * operation.source.columns;
      return {
        operationKey: `lose ${operation.loss}`,
        work: { items: most(rows), values: most(rows) * operation.source.channels },
      };
    }
    case 'map':
      return { operationKey: kind, work: evenly(samples * sizeOf(operation.target), workers) };
    case 'mapBack':
      return { operationKey: kind, work: evenly(samples * sizeOf(operation.target), workers) };
    case 'update':
      return {
        operationKey: `update ${operation.optimiser}`,
        work: { values: Math.min(per, operation.count) },
      };
    case 'norms':
    case 'penalty':
      return { operationKey: kind, work: { values: Math.min(per, operation.count) } };
    case 'refresh': {
      const { rows, stride, transposed, transposedStride, places, channels } = operation;
      const copied = most(rows * Math.ceil(stride / REFRESH_PART));
      const own = transposed === 0 ? 0 : most(channels);
      const together = Math.floor(target.arenaBytes / (transposedStride * bytesOf(operation)));
      const turns = Math.ceil(own / Math.max(1, Math.min(TRANSPOSED_CHANNELS, together)));
      return {
        operationKey: kind,
        work: {
          items: copied + turns * rows * places,
          values: copied * Math.min(stride, REFRESH_PART) + own * rows * places,
        },
      };
    }
    case 'combine': {
      const items = most(Math.ceil(operation.count / COMBINE_PART)) * operation.slices;
      return {
        operationKey: kind,
        work: { items, values: items * Math.min(operation.count, COMBINE_PART) },
      };
    }
    case 'refreshBias':
      return { operationKey: kind, work: { values: most(operation.count) } };
    case 'addUp':
      return { operationKey: kind, work: { values: operation.count / NORM_BLOCK } };
    default:
      return { operationKey: kind, work: {} };
  }
}

/** Whether rows are rounded and clamped by a loop of their own, see is_narrow in kernels/layers/activate.c. */
function narrows(
  {
    function: name,
    slope,
    threshold,
    target,
  }: { function: number; slope: number; threshold: number; target: Tensor },
  source: Tensor,
): boolean {
  const isPlain =
    name === ActivationFunction.Linear ||
    (name === ActivationFunction.Relu && slope === 0 && threshold === 0);
  return isPlain && isExact(source) && !isExact(target);
}

const bytesOf = ({ type }: { readonly type: number }): number => ELEMENT_BYTES[type] as number;

const evenly = (values: number, workers: number): Work => ({ values: values / workers });

function blockCount(tensor: Tensor, blocks: Readonly<Record<string, number>>): number {
  const { rowsPerBlock = 1, columnsPerBlock = tensor.columns, channelsPerBlock } = blocks;
  return (
    Math.ceil(tensor.rows / rowsPerBlock) *
    Math.ceil(tensor.columns / columnsPerBlock) *
    Math.ceil(tensor.channels / (channelsPerBlock ?? tensor.channels))
  );
}

/** Sums over slices of the rows of all samples: an item is a row. */
function slicesOf(tensor: Tensor, slices: number, { samples, target }: CostLimits): Work {
  const share = Math.ceil(slices / target.workers) / slices;
  return { items: samples * tensor.rows * share, values: samples * sizeOf(tensor) * share };
}

/**
 * How long the busiest core of each layer takes for a sample, to choose between tile shapes.
 *
 * An estimate, not a promise: cycles of the inner loops are those that were counted over executed
 * traces (16-bit loop with two samples and two outputs: 1.7 to 2.4, 32-bit: 4.6 to 6).
 */
import type { NetworkPlan } from '../engine.js';
import { MINIMUM_SEND_GAP } from '../layouts/index.js';
import { blockCounts, headRangeOf, type TileShape } from './tile-graph.js';

/** Core cycles for each multiplication. */
const MULTIPLY_CYCLES = { fast: 2.4, exact: 6 } as const;
/** Core cycles to update a weight once a batch. */
const UPDATE_CYCLES = 25;

/** Core cycles of a unit's activation, derivative and share of the loss in a head; measured with softmax over 10 units. */
const HEAD_UNIT_CYCLES = 500;

/** Core cycles that a receiver needs for a packet: about 35 instructions of kernels/dense/receive.S, and the interrupt. */
export const RECEIVE_CYCLES = 60;

/** What one layer's busiest core does for a sample. */
interface LayerTraffic {
  /** Rows and columns of a tile, at most. */
  readonly rows: number;
  readonly columns: number;
  readonly rowBlocks: number;
  /** Units of a head, and tiles that send it partial sums. */
  readonly units: number;
  readonly remoteTiles: number;
  /** Packets that a tile without a head and a core with one send. */
  readonly sentByTile: number;
  readonly sentByHead: number;
}

/** Estimated core cycles a sample of the busiest core of each layer, while training. */
export function layerCycles(plan: NetworkPlan, shapes: readonly TileShape[]): number[] {
  const traffic = plan.layers.map((_, index) => layerTraffic(plan, shapes, index));
  const receivers = traffic.map((_, index) => receiverCycles(traffic, index));
  return traffic.map((own, index) => {
    const sent = Math.max(own.sentByTile, own.sentByHead) * MINIMUM_SEND_GAP;
    const ways = receivers.slice(Math.max(0, index - 1), index + 2);
    return Math.max(workCycles(plan, traffic, index), sent, ...ways);
  });
}

/** Values in a packet of activations or deltas, and packets of a sum. */
const packing = ({ mode }: NetworkPlan) =>
  mode === 'fast' ? { values: 2, sums: 1 } : { values: 1, sums: 2 };

function layerTraffic(
  plan: NetworkPlan,
  shapes: readonly TileShape[],
  index: number,
): LayerTraffic {
  const { values, sums } = packing(plan);
  const layer = plan.layers[index] as NetworkPlan['layers'][number];
  const shape = shapes[index] as TileShape;
  const { rowBlocks, columnBlocks } = blockCounts(layer, shape);
  const headRange = headRangeOf(layer, shape);
  const units = Math.min(headRange, layer.units);
  const rows = Math.min(shape.rows, layer.units);
  const columns = Math.min(shape.columns, layer.inputs);
  const remoteTiles = Math.min(rowBlocks, headRange / shape.rows) * columnBlocks - 1;
  const backs = index > 0 ? columns * sums : 0;
  const activations = index < plan.layers.length - 1 ? units / values : 0;
  const deltas = remoteTiles > 0 ? units / values : 0;
  return {
    ...{ rows, columns, rowBlocks, units, remoteTiles },
    sentByTile: remoteTiles > 0 ? rows * sums + backs : 0,
    sentByHead: activations + deltas + backs,
  };
}

/** Cycles in which a core with tile and head could take all packets of all who send to it; machine/pacing.ts. */
function receiverCycles(traffic: readonly LayerTraffic[], index: number): number {
  const own = traffic[index] as LayerTraffic;
  const below = traffic[index - 1];
  const above = traffic[index + 1];
  const feeding = below ? Math.ceil(own.columns / below.units) * below.sentByHead : 0;
  const adding = own.remoteTiles * own.sentByTile;
  const answering = above ? above.rowBlocks * Math.max(above.sentByTile, above.sentByHead) : 0;
  return (feeding + adding + answering) * RECEIVE_CYCLES;
}

function workCycles(plan: NetworkPlan, traffic: readonly LayerTraffic[], index: number): number {
  const { values, sums } = packing(plan);
  const own = traffic[index] as LayerTraffic;
  const multiplications = own.rows * own.columns;
  const passes = index === 0 ? 2 : 3;
  const activations = index > 0 ? own.columns / values : 0;
  const partials = own.remoteTiles * own.rows * sums;
  const backs = own.units * (traffic[index + 1]?.rowBlocks ?? 0) * sums;
  return (
    multiplications * passes * MULTIPLY_CYCLES[plan.mode] +
    (multiplications * UPDATE_CYCLES) / plan.batchSize +
    own.units * HEAD_UNIT_CYCLES +
    (activations + partials + backs) * RECEIVE_CYCLES
  );
}

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

/** Core cycles that a receiver needs for a packet: about 35 instructions of kernels/dense/receive.S, and the interrupt. */
export const RECEIVE_CYCLES = 60;

/** Packets of a sample, and what a layer's cores do with them. */
interface LayerTraffic {
  /** Units of a head, rows and columns of a tile, at most. */
  readonly units: number;
  readonly rows: number;
  readonly columns: number;
  readonly columnBlocks: number;
  /** Packets that a core with tile and head receives. */
  readonly received: number;
}

/** Estimated core cycles a sample of the busiest core of each layer, while training. */
export function layerCycles(plan: NetworkPlan, shapes: readonly TileShape[]): number[] {
  const traffic = layerTraffic(plan, shapes);
  return traffic.map((own, index) =>
    Math.max(
      workCycles(plan, index, own),
      sendCycles(plan, own, traffic[index - 1], traffic[index + 1]),
    ),
  );
}

/** Values in a packet of activations or deltas, and packets of a sum. */
const packing = ({ mode }: NetworkPlan) =>
  mode === 'fast' ? { values: 2, sums: 1 } : { values: 1, sums: 2 };

function layerTraffic(plan: NetworkPlan, shapes: readonly TileShape[]): LayerTraffic[] {
  const { values, sums } = packing(plan);
  return plan.layers.map((layer, index) => {
    const shape = shapes[index] as TileShape;
    const above = plan.layers[index + 1];
    const rowBlocksAbove = above ? blockCounts(above, shapes[index + 1] as TileShape).rowBlocks : 0;
    const units = Math.min(headRangeOf(layer, shape), layer.units);
    const rows = Math.min(shape.rows, layer.units);
    const columns = Math.min(shape.columns, layer.inputs);
    const { columnBlocks } = blockCounts(layer, shape);
    const partials = (units * columnBlocks - rows) * sums;
    const backs = units * rowBlocksAbove * sums;
    const activations = index > 0 ? columns / values : 0;
    return { units, rows, columns, columnBlocks, received: partials + backs + activations };
  });
}

function workCycles(plan: NetworkPlan, index: number, own: LayerTraffic): number {
  const multiplications = own.rows * own.columns;
  const passes = index === 0 ? 2 : 3;
  return (
    multiplications * passes * MULTIPLY_CYCLES[plan.mode] +
    (multiplications * UPDATE_CYCLES) / plan.batchSize +
    own.received * RECEIVE_CYCLES
  );
}

/** A sender gets the share of its receiver's time that its packets make up of all that come in; send-gaps.ts. */
function sendCycles(
  plan: NetworkPlan,
  own: LayerTraffic,
  below: LayerTraffic | undefined,
  above: LayerTraffic | undefined,
): number {
  const { values, sums } = packing(plan);
  const gap = (receiver: LayerTraffic, packets: number) =>
    (RECEIVE_CYCLES * receiver.received) / packets;
  const backGap = below ? gap(below, Math.min(below.units, own.columns) * sums) : 0;
  const backs = below ? own.columns * sums : 0;
  const partials = own.columnBlocks > 1 ? own.rows * sums : 0;
  const partialGap = partials > 0 ? gap(own, partials) : 0;
  const activations = above ? own.units / values : 0;
  const activationGap = above ? gap(above, activations) : 0;
  const deltas = own.columnBlocks > 1 ? own.units / values : 0;
  return Math.max(
    (partials + backs) * Math.max(MINIMUM_SEND_GAP, partialGap, backGap),
    (activations + deltas + backs) * Math.max(MINIMUM_SEND_GAP, activationGap, backGap),
  );
}

/**
 * How long the busiest core of each layer takes for a sample, to choose between tile shapes.
 *
 * An estimate, not a promise: cycles of the inner loops are those that were counted over executed
 * traces (16-bit loop with two samples and two outputs: 1.7 to 2.4, 32-bit: 4.6 to 5.4), packets
 * cost what Temple's slides give for a packet handled in software.
 */
import type { NetworkPlan } from '../engine.js';
import { MINIMUM_SEND_GAP } from '../layouts/index.js';
import { blockCounts, headRangeOf, type TileShape } from './tile-graph.js';

/** Core cycles for each multiplication. */
const MULTIPLY_CYCLES = { fast: 2.4, exact: 6 } as const;
/** Core cycles to update a weight once a batch. */
const UPDATE_CYCLES = 25;

/**
 * Core cycles that a receiver needs for a packet: 0.5 us. Source: Temple, "SpiNNaker Chip
 * Resources": 200 to 1000 ns for a packet in software.
 */
export const RECEIVE_CYCLES = 100;

/** Estimated core cycles a sample of the busiest core of each layer, while training. */
export function layerCycles(plan: NetworkPlan, shapes: readonly TileShape[]): number[] {
  const valuesInPacket = plan.mode === 'fast' ? 2 : 1;
  const packetsInSum = plan.mode === 'fast' ? 1 : 2;
  return plan.layers.map((layer, index) => {
    const shape = shapes[index] as TileShape;
    const rows = Math.min(shape.rows, layer.units);
    const columns = Math.min(shape.columns, layer.inputs);
    const { rowBlocks, columnBlocks } = blockCounts(layer, shape);
    const below = shapes[index - 1];
    const aboveLayer = plan.layers[index + 1];
    const aboveShape = shapes[index + 1];
    const above = aboveLayer && aboveShape && blockCounts(aboveLayer, aboveShape);
    const units = Math.min(headRangeOf(layer, shape), layer.units);

    const passes = index === 0 ? 2 : 3;
    const multiplications = rows * columns;
    const work =
      multiplications * passes * MULTIPLY_CYCLES[plan.mode] +
      (multiplications * UPDATE_CYCLES) / plan.batchSize;
    const partials = units * (columnBlocks - 1) * packetsInSum;
    const backs = above ? units * above.rowBlocks * packetsInSum : 0;
    const activations = below ? columns / valuesInPacket : 0;
    const received = (partials + backs + activations) * RECEIVE_CYCLES;

    const gap = (senders: number) => Math.max(MINIMUM_SEND_GAP, senders * RECEIVE_CYCLES);
    const sendersAbove = aboveShape ? Math.ceil(aboveShape.columns / units) : 0;
    const sent =
      (units / valuesInPacket) * (aboveShape ? gap(sendersAbove) : 0) +
      (below ? columns * packetsInSum * gap(rowBlocks) : 0);
    return Math.max(work + received, sent);
  });
}

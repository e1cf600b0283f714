/**
 * How long a network takes for a sample, to choose between tile shapes.
 *
 * An estimate, not a promise. Its cycles were measured on the virtual machine: docs/on-core-programs.md, section 5.
 */
import type { LayerPlan, NetworkPlan } from '../engine.js';
import { MINIMUM_SEND_GAP } from '../layouts/index.js';
import { fitOf } from './fit.js';
import { blockCounts, headRangeOf, type TileShape } from './tile-graph.js';

/** Core cycles for each multiplication: forward, back, and of the gradient. */
const FORWARD_CYCLES = { fast: 1.6, exact: 4.6 } as const;
const BACK_CYCLES = { fast: 2.6, exact: 7 } as const;
const GRADIENT_CYCLES = { fast: 1.7, exact: 8 } as const;
/** The loop over two rows has fewer products for each operand that it loads. */
const TWO_ROW_GRADIENT_CYCLES = { fast: 2.1, exact: 8 } as const;
/** Core cycles to update a weight once a batch. */
const UPDATE_CYCLES = { fast: 20, exact: 60 } as const;

/** Core cycles of a head for a sample, and for each of its units: activation, loss and derivative. */
const HEAD_CYCLES = 500;
const HEAD_UNIT_CYCLES = 100;
const SOFTMAX_UNIT_CYCLES = 350;
/** Core cycles to look for work, and of the interrupts of DMA, for a sample. */
const STEP_CYCLES = 800;
/** Core cycles to queue a packet and of the interrupt that sends it. */
export const SEND_CYCLES = 50;
/** Core cycles that a receiver needs for a packet, its interrupt included. */
export const RECEIVE_CYCLES = 60;
/** Core cycles of a batch in which no core works: control packets, done packets, and the sequencer between them. */
const BARRIER_CYCLES = 16_000;

/** What one layer's busiest cores do for a sample. */
interface LayerTraffic {
  /** Rows and columns of a tile, at most. */
  readonly rows: number;
  readonly columns: number;
  readonly rowBlocks: number;
  /** Units of a head, and tiles that send it partial sums. */
  readonly units: number;
  readonly remoteTiles: number;
  /** Whether a head has a core to itself. */
  readonly headApart: boolean;
  /** Packets of partial sums and back sums that a tile sends, and of activations and deltas that a head does. */
  readonly partials: number;
  readonly backs: number;
  readonly values: number;
}

/**
 * Estimated core cycles a sample while training. Layers work on different samples at a time, so the slowest
 * counts, then the longest update, which all wait for; the others are not free, and decide between equals.
 */
export function sampleCycles(plan: NetworkPlan, shapes: readonly TileShape[]): number {
  const traffic = plan.layers.map((_, index) => layerTraffic(plan, shapes, index));
  const stages = traffic.map((_, index) => stageCycles(plan, traffic, index));
  const updates = traffic.map(({ rows, columns }) => rows * columns * updateCycles(plan, rows));
  const cores = plan.layers.reduce((sum, layer, index) => {
    const { rowBlocks, columnBlocks } = blockCounts(layer, shapes[index] as TileShape);
    return sum + rowBlocks * columnBlocks;
  }, 0);
  const barrier = (BARRIER_CYCLES + cores * RECEIVE_CYCLES) / plan.batchSize;
  return norm(stages) + norm(updates) + barrier;
}

/** Close to the largest value. */
const norm = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value ** 8, 0) ** (1 / 8);

const updateCycles = ({ mode, batchSize }: NetworkPlan, rows: number): number =>
  (rows > 2 ? GRADIENT_CYCLES : TWO_ROW_GRADIENT_CYCLES)[mode] + UPDATE_CYCLES[mode] / batchSize;

/** Values in a packet of activations or deltas, and packets of a sum. */
const packing = ({ mode }: NetworkPlan) =>
  mode === 'fast' ? { values: 2, sums: 1 } : { values: 1, sums: 2 };

function layerTraffic(
  plan: NetworkPlan,
  shapes: readonly TileShape[],
  index: number,
): LayerTraffic {
  const { values, sums } = packing(plan);
  const layer = plan.layers[index] as LayerPlan;
  const shape = shapes[index] as TileShape;
  const { rowBlocks, columnBlocks } = blockCounts(layer, shape);
  const headRange = headRangeOf(layer, shape);
  const headApart = fitOf(plan, index, shape)?.headApart ?? false;
  const units = Math.min(headRange, layer.units);
  const rows = Math.min(shape.rows, layer.units);
  const columns = Math.min(shape.columns, layer.inputs);
  const tiles = Math.min(rowBlocks, headRange / shape.rows) * columnBlocks;
  const remoteTiles = tiles - (headApart ? 0 : 1);
  const activations = index < plan.layers.length - 1 ? units / values : 0;
  const deltas = remoteTiles > 0 ? units / values : 0;
  return {
    ...{ rows, columns, rowBlocks, units, remoteTiles, headApart },
    partials: remoteTiles > 0 ? rows * sums : 0,
    backs: index > 0 ? columns * sums : 0,
    values: activations + deltas,
  };
}

/** Cycles a sample of the busiest core of a layer, or of the slowest way from it. */
function stageCycles(plan: NetworkPlan, traffic: readonly LayerTraffic[], index: number): number {
  const own = traffic[index] as LayerTraffic;
  const below = traffic[index - 1];
  const above = traffic[index + 1];
  const toHead = headReceives(own, above);
  const toTile = tileReceives(own, below);
  const tile = tileCycles(plan, own, index, toTile);
  const head = headCycles(plan, own, index, toHead);
  const work = own.headApart ? Math.max(tile, head) : tile + head;
  const sending =
    sendingCycles(own.partials, toHead) +
    (below ? sendingCycles(own.backs, headReceives(below, own)) : 0);
  const values = Math.max(own.values, above ? tileReceives(above, own) : 0, toTile);
  return Math.max(work, sending, sendingCycles(own.values, values));
}

/** Packets of a sample that come to a head, and those that come to a tile. */
const headReceives = (own: LayerTraffic, above: LayerTraffic | undefined): number =>
  own.remoteTiles * own.partials + (above ? above.rowBlocks * above.backs : 0);
const tileReceives = (own: LayerTraffic, below: LayerTraffic | undefined): number =>
  (below ? Math.ceil(own.columns / below.units) * below.values : 0) +
  (own.remoteTiles > 0 ? own.values : 0);

/** Packets leave as fast as their receiver takes all that come to it: machine/pacing.ts. */
const sendingCycles = (packets: number, received: number): number =>
  packets === 0 ? 0 : Math.max(packets * MINIMUM_SEND_GAP, received * RECEIVE_CYCLES);

function tileCycles(
  { mode }: NetworkPlan,
  own: LayerTraffic,
  index: number,
  received: number,
): number {
  const each = FORWARD_CYCLES[mode] + (index > 0 ? BACK_CYCLES[mode] : 0);
  return (
    own.rows * own.columns * each +
    received * RECEIVE_CYCLES +
    (own.partials + own.backs) * SEND_CYCLES +
    STEP_CYCLES
  );
}

function headCycles(
  { layers }: NetworkPlan,
  own: LayerTraffic,
  index: number,
  received: number,
): number {
  const isSoftmax = layers[index]?.activation === 'softmax';
  return (
    HEAD_CYCLES +
    own.units * (isSoftmax ? SOFTMAX_UNIT_CYCLES : HEAD_UNIT_CYCLES) +
    received * RECEIVE_CYCLES +
    own.values * SEND_CYCLES
  );
}

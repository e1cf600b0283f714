/**
 * Chooses the tile shapes of a network: first the fewest cores that hold it, then more cores for
 * the layer that gains most by them, as long as that is worth it.
 */
import type { LayerPlan, NetworkPlan } from '../engine.js';
import { MAXIMUM_DENSE_CORES } from '../layouts/index.js';
import { sampleCycles } from './cost.js';
import { InvalidTilingError, NetworkTooLargeError } from './errors.js';
import { fitOf, tileTooLarge } from './fit.js';
import {
  bitsFor,
  blockCounts,
  headRangeOf,
  type TileGraph,
  type TileShape,
  tileGraph,
} from './tile-graph.js';

/** What the user may say about tiles: one shape for all layers, or one (or none) for each. */
export type Tiling = TileShape | readonly (TileShape | undefined)[];

/** What {@link chooseTiles} works with. */
export interface TileOptions {
  /** Application cores of the machine. */
  readonly cores: number;
  readonly tiling?: Tiling;
}

/** Column blocks that are tried one by one; above that each try has an eighth more. */
const FINE_COLUMN_BLOCKS = 16;

/**
 * Twice the cores must save at least this part of the time of a sample: half would be all that they can. Cores beyond
 * that take energy, packets and time of a virtual machine for little.
 */
const LEAST_GAIN_OF_DOUBLING = 0.2;

/**
 * Cuts a network into tiles that fit the memory of cores.
 * @throws TileTooLargeError when a layer fits in no shape, or not in the one asked for
 * @throws InvalidTilingError when a shape asked for breaks a rule
 * @throws NetworkTooLargeError when there are too few cores
 */
export function chooseTiles(plan: NetworkPlan, options: TileOptions): TileGraph {
  const wanted = plan.layers.map((_, index) => askedFor(options.tiling, index));
  let shapes = smallestShapes(plan, wanted);
  const budget = Math.min(options.cores - 1, MAXIMUM_DENSE_CORES);
  if (coresOf(plan, shapes) > budget) throw tooLarge(plan, shapes, options.cores);
  for (;;) {
    const better = bestStep(plan, shapes, wanted, budget);
    if (better === undefined) break;
    shapes = better;
  }
  const apart = shapes.map((shape, index) => fitOf(plan, index, shape)?.headApart ?? false);
  return tileGraph(plan, shapes, apart);
}

const askedFor = (tiling: Tiling | undefined, index: number): TileShape | undefined =>
  tiling !== undefined && 'rows' in tiling ? tiling : tiling?.[index];

/** Inputs come in multiples of this: of the head range below, or of a packet's two values. */
const columnUnit = (plan: NetworkPlan, shapes: readonly TileShape[], index: number): number => {
  const below = plan.layers[index - 1];
  return below ? headRangeOf(below, shapes[index - 1] as TileShape) : 2;
};

const roundUp = (value: number, multiple: number): number => Math.ceil(value / multiple) * multiple;

/** All shapes of a layer that differ, whether they fit or not. */
function candidates(layer: LayerPlan, unit: number): TileShape[] {
  const widths = new Set<number>();
  for (let blocks = 1; ; ) {
    const columns = roundUp(Math.ceil(layer.inputs / blocks), unit);
    widths.add(columns);
    if (columns === unit) break;
    blocks += blocks < FINE_COLUMN_BLOCKS ? 1 : Math.ceil(blocks / 8);
  }
  const heights = Array.from({ length: Math.max(1, bitsFor(layer.units)) }, (_, bit) => 2 << bit);
  return heights.flatMap((rows) => [...widths].map((columns) => ({ rows, columns })));
}

const coresOfLayer = (plan: NetworkPlan, index: number, shape: TileShape): number => {
  const layer = plan.layers[index] as LayerPlan;
  const { rowBlocks, columnBlocks } = blockCounts(layer, shape);
  const heads = Math.ceil(layer.units / headRangeOf(layer, shape));
  return rowBlocks * columnBlocks + (fitOf(plan, index, shape)?.headApart ? heads : 0);
};

const coresOf = (plan: NetworkPlan, shapes: readonly TileShape[]): number =>
  shapes.reduce((total, shape, index) => total + coresOfLayer(plan, index, shape), 0);

/** From the bottom up, for each layer the shape with the fewest cores, then column blocks. */
function smallestShapes(
  plan: NetworkPlan,
  wanted: readonly (TileShape | undefined)[],
): TileShape[] {
  const shapes: TileShape[] = [];
  plan.layers.forEach((layer, index) => {
    const unit = columnUnit(plan, shapes, index);
    const asked = wanted[index];
    if (asked) {
      checkShape(layer, asked, unit);
      if (!fitOf(plan, index, asked)) throw tileTooLarge(plan, index, asked);
      shapes.push(asked);
      return;
    }
    const fitting = candidates(layer, unit).filter((shape) => fitOf(plan, index, shape));
    const order = (a: TileShape, b: TileShape) =>
      coresOfLayer(plan, index, a) - coresOfLayer(plan, index, b) || b.columns - a.columns;
    const best = fitting.sort(order)[0];
    if (best === undefined) throw tileTooLarge(plan, index, { rows: 2, columns: unit });
    shapes.push(best);
  });
  return shapes;
}

function checkShape(layer: LayerPlan, { rows, columns }: TileShape, unit: number): void {
  if (!(Number.isInteger(bitsFor(rows)) && 2 ** bitsFor(rows) === rows && rows >= 2)) {
    throw new InvalidTilingError(layer.name, `rows must be a power of two from 2, not ${rows}`);
  }
  const oneBlock = columns >= layer.inputs;
  if (!(Number.isInteger(columns) && columns >= 2 && (oneBlock || columns % unit === 0))) {
    throw new InvalidTilingError(
      layer.name,
      `columns must be a multiple of ${unit} (units that are summed up together below), not ${columns}`,
    );
  }
}

/** The change of one layer's shape that saves most time for each core added, if it saves enough. */
function bestStep(
  plan: NetworkPlan,
  shapes: readonly TileShape[],
  wanted: readonly (TileShape | undefined)[],
  budget: number,
): TileShape[] | undefined {
  const cores = coresOf(plan, shapes);
  const time = sampleCycles(plan, shapes);
  let best: TileShape[] | undefined;
  let bestGain = LEAST_GAIN_OF_DOUBLING;
  shapes.forEach((_, index) => {
    if (wanted[index]) return;
    const layer = plan.layers[index] as LayerPlan;
    for (const shape of candidates(layer, columnUnit(plan, shapes, index))) {
      const changed = withShape(plan, shapes, wanted, index, shape);
      if (changed === undefined) continue;
      const total = coresOf(plan, changed);
      if (total > budget) continue;
      const saved = 1 - sampleCycles(plan, changed) / time;
      const gain = saved / Math.max(Math.log2(total / cores), 1 / cores);
      if (saved > 0 && gain > bestGain) {
        best = changed;
        bestGain = gain;
      }
    }
  });
  return best;
}

/** The shapes with one changed, and the layer above cut at its new boundaries; undefined when that does not fit. */
function withShape(
  plan: NetworkPlan,
  shapes: readonly TileShape[],
  wanted: readonly (TileShape | undefined)[],
  index: number,
  shape: TileShape,
): TileShape[] | undefined {
  const changed = [...shapes];
  changed[index] = shape;
  if (!fitOf(plan, index, shape)) return undefined;
  const above = changed[index + 1];
  if (above === undefined) return changed;
  const unit = columnUnit(plan, changed, index + 1);
  const aligned = { rows: above.rows, columns: roundUp(above.columns, unit) };
  if (wanted[index + 1] && aligned.columns !== above.columns) return undefined;
  changed[index + 1] = aligned;
  return fitOf(plan, index + 1, aligned) ? changed : undefined;
}

function tooLarge(
  plan: NetworkPlan,
  shapes: readonly TileShape[],
  cores: number,
): NetworkTooLargeError {
  const most = MAXIMUM_DENSE_CORES + 1;
  return new NetworkTooLargeError({
    layers: plan.layers.map(({ name }, index) => ({
      name,
      cores: coresOfLayer(plan, index, shapes[index] as TileShape),
    })),
    coresNeeded: coresOf(plan, shapes) + 1,
    coresAvailable: Math.min(cores, most),
    batchSize: plan.batchSize,
    limit: cores <= most ? 'the machine has' : 'one network can use at most',
  });
}

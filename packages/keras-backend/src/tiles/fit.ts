/** Whether a layer in tiles of some shape fits the memory of cores. */
import type { LayerPlan, NetworkPlan } from '../engine.js';
import { DTCM_ARENA_BYTES, dtcmBytes } from '../layouts/index.js';
import { TileTooLargeError } from './errors.js';
import { blockCounts, headRangeOf, memoryOf, type TileShape } from './tile-graph.js';

/** How a shape fits. */
export interface Fit {
  /** The heads need cores of their own. */
  readonly headApart: boolean;
  /** Bytes of the fullest core. */
  readonly bytes: number;
}

/** Bytes of DTCM of the three kinds of core that a layer may have, each at its largest. */
function coreBytes(plan: NetworkPlan, index: number, shape: TileShape) {
  const layer = plan.layers[index] as LayerPlan;
  const tile = {
    rowBlock: 0,
    columnBlock: 0,
    row0: 0,
    rows: Math.min(shape.rows, layer.units),
    column0: 0,
    columns: Math.min(shape.columns, layer.inputs),
  };
  const head = { unit0: 0, units: Math.min(headRangeOf(layer, shape), layer.units) };
  const bytes = (roles: { tile?: typeof tile; head?: typeof head }) =>
    dtcmBytes(memoryOf(plan, { index: 0, layer: index, ...roles }));
  return { both: bytes({ tile, head }), tile: bytes({ tile }), head: bytes({ head }) };
}

/** The search for shapes asks for the same ones again and again. */
const known = new WeakMap<LayerPlan, Map<string, Fit | undefined>>();

/** How layer `index` fits in tiles of a shape, or undefined when it does not. */
export function fitOf(plan: NetworkPlan, index: number, shape: TileShape): Fit | undefined {
  const layer = plan.layers[index] as LayerPlan;
  const fits = known.get(layer) ?? new Map<string, Fit | undefined>();
  known.set(layer, fits);
  const { mode, batchSize, layers } = plan;
  const key = `${mode},${batchSize},${layers.length - index},${index},${shape.rows},${shape.columns}`;
  if (!fits.has(key)) fits.set(key, computeFit(plan, index, shape));
  return fits.get(key);
}

function computeFit(plan: NetworkPlan, index: number, shape: TileShape): Fit | undefined {
  const { both, tile, head } = coreBytes(plan, index, shape);
  const layer = plan.layers[index] as LayerPlan;
  const { rowBlocks, columnBlocks } = blockCounts(layer, shape);
  const isSoftmax = layer.activation === 'softmax';
  const apart = Math.max(tile, head);
  if (isSoftmax && rowBlocks * columnBlocks > 1 && apart <= DTCM_ARENA_BYTES) {
    return { headApart: true, bytes: apart };
  }
  if (both <= DTCM_ARENA_BYTES) return { headApart: false, bytes: both };
  return isSoftmax && apart <= DTCM_ARENA_BYTES ? { headApart: true, bytes: apart } : undefined;
}

/** Says what of a layer in tiles of a shape does not fit. */
export function tileTooLarge(
  plan: NetworkPlan,
  index: number,
  shape: TileShape,
): TileTooLargeError {
  const { name, units, inputs, activation } = plan.layers[index] as LayerPlan;
  const { both, head } = coreBytes(plan, index, shape);
  const headAlone = activation === 'softmax' && head > DTCM_ARENA_BYTES;
  const rows = Math.min(shape.rows, units);
  const columns = Math.min(shape.columns, inputs);
  return new TileTooLargeError({
    layer: name,
    what: headAlone ? `softmax over ${units} units` : `a tile of ${rows} x ${columns} weights`,
    bytes: headAlone ? head : both,
    capacity: DTCM_ARENA_BYTES,
    batchSize: plan.batchSize,
  });
}

/**
 * A network cut into tiles and heads: which core does what, before any core has a place.
 * docs/on-core-programs.md, section 2.
 */
import type { LayerPlan, NetworkPlan } from '../engine.js';
import type { CoreMemory } from '../layouts/index.js';

/** Sizes of the blocks of one layer; the last block of either kind may be smaller. */
export interface TileShape {
  /** Units of a row block: a power of two, at least 2. */
  readonly rows: number;
  /** Inputs of a column block: even; a multiple of the head range of the layer below. */
  readonly columns: number;
}

/** One block of a layer's weights. */
export interface Tile {
  readonly rowBlock: number;
  readonly columnBlock: number;
  /** First unit and number of units. */
  readonly row0: number;
  readonly rows: number;
  /** First input and number of inputs. */
  readonly column0: number;
  readonly columns: number;
}

/** The units that one core sums up. */
export interface Head {
  readonly unit0: number;
  readonly units: number;
}

/** What one core does: a tile, a head, or both. */
export interface DenseCore {
  /** Index among all dense cores. */
  readonly index: number;
  /** Index of its layer. */
  readonly layer: number;
  readonly tile?: Tile;
  readonly head?: Head;
}

/** One layer in tiles. */
export interface LayerTiles {
  readonly name: string;
  readonly shape: TileShape;
  readonly rowBlocks: number;
  readonly columnBlocks: number;
  /** Units that a head covers: a power of two, at least `shape.rows`. */
  readonly headRange: number;
  /** Its cores, by index: those of row block 0 by column block, then of row block 1, ... */
  readonly cores: readonly number[];
}

/** A network in tiles. */
export interface TileGraph {
  readonly layers: readonly LayerTiles[];
  readonly cores: readonly DenseCore[];
}

/** The least power of two that is not below `value`, as an exponent. */
export const bitsFor = (value: number): number => Math.ceil(Math.log2(value));

/** Block counts of a layer cut into a shape. */
export const blockCounts = (
  { units, inputs }: Pick<LayerPlan, 'units' | 'inputs'>,
  { rows, columns }: TileShape,
): { rowBlocks: number; columnBlocks: number } => ({
  rowBlocks: Math.ceil(units / rows),
  columnBlocks: Math.ceil(inputs / columns),
});

/** Units of each head: softmax needs the whole layer in one, others a row block. */
export const headRangeOf = (layer: LayerPlan, shape: TileShape): number =>
  layer.activation === 'softmax' ? Math.max(2 ** bitsFor(layer.units), shape.rows) : shape.rows;

/** What the buffers of a core hold. */
export const memoryOf = (plan: NetworkPlan, { layer, tile, head }: DenseCore): CoreMemory => ({
  mode: plan.mode,
  batch: plan.batchSize,
  ...(tile && {
    tile: {
      rows: tile.rows,
      columns: tile.columns,
      firstLayer: layer === 0,
      localHead: head !== undefined,
    },
  }),
  ...(head && { head: { units: head.units, outputLayer: layer === plan.layers.length - 1 } }),
});

/**
 * Cuts every layer into tiles of its shape.
 * @param headApart whether a layer's heads have cores of their own, by layer
 */
export function tileGraph(
  plan: NetworkPlan,
  shapes: readonly TileShape[],
  headApart: readonly boolean[],
): TileGraph {
  const cores: DenseCore[] = [];
  const layers = plan.layers.map((layer, index) => {
    const shape = shapes[index] as TileShape;
    const first = cores.length;
    cores.push(...layerCores(layer, index, shape, headApart[index] as boolean, first));
    return {
      name: layer.name,
      shape,
      ...blockCounts(layer, shape),
      headRange: headRangeOf(layer, shape),
      cores: Array.from({ length: cores.length - first }, (_, core) => first + core),
    };
  });
  return { layers, cores };
}

function layerCores(
  layer: LayerPlan,
  index: number,
  shape: TileShape,
  headApart: boolean,
  first: number,
): DenseCore[] {
  const headRange = headRangeOf(layer, shape);
  const cores: DenseCore[] = [];
  const add = (core: Omit<DenseCore, 'index' | 'layer'>) =>
    cores.push({ index: first + cores.length, layer: index, ...core });
  const headAt = (unit0: number): Head => ({
    unit0,
    units: Math.min(headRange, layer.units - unit0),
  });
  const { rowBlocks, columnBlocks } = blockCounts(layer, shape);
  for (let rowBlock = 0; rowBlock < rowBlocks; rowBlock++) {
    const row0 = rowBlock * shape.rows;
    const startsHead = row0 % headRange === 0;
    if (startsHead && headApart) add({ head: headAt(row0) });
    for (let columnBlock = 0; columnBlock < columnBlocks; columnBlock++) {
      const column0 = columnBlock * shape.columns;
      const tile = {
        rowBlock,
        columnBlock,
        row0,
        rows: Math.min(shape.rows, layer.units - row0),
        column0,
        columns: Math.min(shape.columns, layer.inputs - column0),
      };
      const hasHead = startsHead && columnBlock === 0 && !headApart;
      add(hasHead ? { tile, head: headAt(row0) } : { tile });
    }
  }
  return cores;
}

/** The graph that is mapped: tiles, heads and the sequencer as vertices, packets between them as nets. */
import {
  type Graph,
  type GraphBuilder,
  graphBuilder,
  type NetDescription,
  type VertexId,
} from '@spin-tools/nn-mapper';
import type { NetworkPlan } from '../engine.js';
import {
  CLASS_ALIGN_BITS,
  type ClassKeys,
  CONTROL_BITS,
  classBits,
  className,
  DONE_BITS,
  keyFields,
  type LayerClass,
  sumKeys,
  valueKeys,
} from './packet-classes.js';
import type { DenseCore, Head, LayerTiles, TileGraph } from './tile-graph.js';

/** Name of the key partition from the sequencer to all dense cores. */
export const CONTROL = 'control';
/** Name of the key partition from all dense cores to the sequencer. */
export const DONE = 'done';

/** A network as the mapper takes it. The vertex of a dense core is the core's index. */
export interface NetworkGraph {
  readonly graph: Graph;
  readonly sequencer: VertexId;
}

/** What {@link networkGraph} is told. */
export interface NetworkGraphOptions {
  /** SDRAM that each dense core needs for itself, bytes, by index. */
  readonly sdramBytes: readonly number[];
  /** SDRAM of the sequencer, bytes. */
  readonly sequencerSdramBytes: number;
  /** Whether tiles share a chip with the head that adds up their partial sums, so that none has to leave it. */
  readonly reducesOnChip: boolean;
}

/** Most cores that are asked to share a chip: what every chip of a board has for applications. */
const CHIP_CORES = 16;

/** Heads with the tiles that send them partial sums, where one chip can hold them. */
function sums(tiles: TileGraph): number[][] {
  return tiles.layers.flatMap(({ cores }) => {
    const own = cores.map((core) => tiles.cores[core] as DenseCore);
    return own
      .flatMap(({ head }) => (head ? [head] : []))
      .map((head) =>
        own.filter((core) => core.head === head || tilesUnder([core], head).length > 0),
      )
      .map((group) => group.map(({ index }) => index))
      .filter(({ length }) => length > 1 && length <= CHIP_CORES);
  });
}

/** Control packets of a batch: fields that changed, and `go`. */
const CONTROL_PACKETS = 8;

/** The graph of a network in tiles. Traffic counts packets a sample while training. */
export function networkGraph(
  plan: NetworkPlan,
  tiles: TileGraph,
  options: NetworkGraphOptions,
): NetworkGraph {
  const builder = graphBuilder();
  for (const core of tiles.cores) {
    builder.addVertex({
      name: vertexName(tiles, core),
      sdramBytes: options.sdramBytes[core.index] ?? 0,
    });
  }
  const sequencer = builder.addVertex({
    name: 'sequencer',
    sdramBytes: options.sequencerSdramBytes,
    near: Math.floor(tiles.cores.length / 2),
  });
  if (options.reducesOnChip) for (const group of sums(tiles)) builder.sameChip(group);
  addPartitions(builder, plan, tiles);
  for (const net of layerNets(plan, tiles)) builder.addNet(net);
  addControlNets(builder, plan, tiles, sequencer);
  return { graph: builder.build(), sequencer };
}

/** `hidden tile 3,0`: name of a dense core in messages and reports. */
export function vertexName(tiles: TileGraph, { layer, tile, head }: DenseCore): string {
  const name = tiles.layers[layer]?.name;
  if (tile === undefined) return `${name} head ${head?.unit0}`;
  return `${name} tile ${tile.rowBlock},${tile.columnBlock}`;
}

function addPartitions(builder: GraphBuilder, plan: NetworkPlan, tiles: TileGraph): void {
  const fields = keyFields(plan);
  const add = (name: string, bits: number) =>
    builder.addKeyPartition({ name, bits, alignBits: Math.max(bits, CLASS_ALIGN_BITS) });
  // The contract uses key 0 for "no such class", so the first block stays free.
  builder.addKeyPartition({ name: 'unused', bits: CLASS_ALIGN_BITS, fixedKey: 0 });
  add(CONTROL, CONTROL_BITS);
  add(DONE, DONE_BITS);
  tiles.layers.forEach((_, layer) => {
    for (const kind of ['activation', 'partial', 'delta', 'back'] as const) {
      if (kind === 'back' && layer === 0) continue;
      add(className(kind, layer), classBits(fields, tiles, kind, layer));
    }
  });
}

/** Nets of activations, partial sums, deltas and back sums. */
function* layerNets(plan: NetworkPlan, tiles: TileGraph): Generator<NetDescription> {
  const fields = keyFields(plan);
  const layers = tiles.layers.map(({ cores }) =>
    cores.map((core) => tiles.cores[core] as DenseCore),
  );
  const heads = layers.map((cores) => cores.filter(({ head }) => head));
  for (const core of tiles.cores) {
    const { layer, head, tile } = core;
    const own = tiles.layers[layer] as LayerTiles;
    const net = netFrom(tiles, core);
    if (head) {
      const keys = valueKeys(fields, layer, head.unit0, own.headRange);
      const packets = Math.ceil(head.units / 2 ** fields.pairBits);
      const others = (layers[layer] as DenseCore[]).filter(({ index }) => index !== core.index);
      yield* net('activation', readersOf(layers[layer + 1] ?? [], head), keys, packets);
      yield* net('delta', tilesUnder(others, head), keys, packets);
    }
    if (tile && !head) {
      const keys = sumKeys(fields, tile.columnBlock, layer, tile.row0, own.shape.rows);
      const sinks = headsOver(heads[layer] as DenseCore[], tile.row0, tile.rows);
      yield* net('partial', sinks, keys, tile.rows * 2 ** fields.wordBits);
    }
    if (tile && layer > 0) {
      const range = (tiles.layers[layer - 1] as LayerTiles).headRange;
      for (const sink of headsOver(heads[layer - 1] as DenseCore[], tile.column0, tile.columns)) {
        const { unit0, units } = sink.head as Head;
        const keys = sumKeys(fields, tile.rowBlock, layer - 1, unit0, range);
        yield* net('back', [sink], keys, units * 2 ** fields.wordBits, ` to unit ${unit0}`);
      }
    }
  }
}

/** Makes the nets of one core; none without sinks. */
const netFrom = (tiles: TileGraph, core: DenseCore) =>
  function* (
    kind: LayerClass,
    sinks: readonly DenseCore[],
    keys: ClassKeys,
    traffic: number,
    suffix = '',
  ): Generator<NetDescription> {
    if (sinks.length === 0) return;
    const partition = className(kind, core.layer);
    yield {
      name: `${partition} of ${vertexName(tiles, core)}${suffix}`,
      source: core.index,
      sinks: sinks.map(({ index }) => index),
      traffic,
      keys: { partition, ...keys },
    };
  };

function addControlNets(
  builder: GraphBuilder,
  plan: NetworkPlan,
  tiles: TileGraph,
  sequencer: VertexId,
): void {
  builder.addNet({
    name: 'control',
    source: sequencer,
    sinks: tiles.cores.map(({ index }) => index),
    traffic: CONTROL_PACKETS / plan.batchSize,
    keys: { partition: CONTROL, bits: CONTROL_BITS },
  });
  for (const core of tiles.cores) {
    builder.addNet({
      name: `done of ${vertexName(tiles, core)}`,
      source: core.index,
      sinks: [sequencer],
      traffic: 1 / plan.batchSize,
      keys: { partition: DONE, offset: core.index },
    });
  }
}

const overlaps = (start: number, length: number, otherStart: number, otherLength: number) =>
  start < otherStart + otherLength && otherStart < start + length;

/** Tiles whose inputs include units of a head. */
const readersOf = (cores: readonly DenseCore[], head: Head): DenseCore[] =>
  cores.filter(({ tile }) => tile && overlaps(tile.column0, tile.columns, head.unit0, head.units));

/** Tiles of a head's units. */
const tilesUnder = (cores: readonly DenseCore[], head: Head): DenseCore[] =>
  cores.filter(({ tile }) => tile && overlaps(tile.row0, tile.rows, head.unit0, head.units));

/** Cores with the heads of some units. */
const headsOver = (cores: readonly DenseCore[], unit0: number, units: number): DenseCore[] =>
  cores.filter(({ head }) => head && overlaps(head.unit0, head.units, unit0, units));

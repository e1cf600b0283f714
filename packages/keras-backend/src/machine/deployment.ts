/** From a network to everything that a machine has to be told, without talking to it. */
import type { Machine } from '@spin-tools/machine-model';
import { type Mapping, map, type VertexPlace } from '@spin-tools/nn-mapper';
import type { NetworkPlan } from '../engine.js';
import {
  chooseTiles,
  type DenseCore,
  type NetworkGraph,
  networkGraph,
  type TileGraph,
  type Tiling,
} from '../tiles/index.js';
import { doneDelays, sendDelays, sendGaps } from './pacing.js';
import { denseRegions, type RegionMap, sequencerRegions } from './region-map.js';

/** A network on a machine. */
export interface Deployment {
  readonly plan: NetworkPlan;
  readonly tiles: TileGraph;
  readonly network: NetworkGraph;
  readonly mapping: Mapping;
  /** Time that mapping took on this computer. */
  readonly mappingSeconds: number;
  /** Core cycles between two packets, and before the first of a burst, by vertex. */
  readonly sendGaps: readonly number[];
  readonly sendDelays: readonly number[];
  /** Core cycles before a done packet, by dense core. */
  readonly doneDelays: readonly number[];
  /** Place of each vertex: dense cores by index, then the sequencer. */
  readonly places: readonly VertexPlace[];
  /** Regions of each vertex. */
  readonly regions: readonly RegionMap[];
}

/** Cuts a network into tiles and maps them. Throws what `chooseTiles` and `map` throw. */
export function deploy(
  plan: NetworkPlan,
  machine: Machine,
  options: { readonly tiling?: Tiling } = {},
): Deployment {
  const cores = machine.chips.reduce((total, chip) => total + Math.max(0, chip.cores - 1), 0);
  const tiles = chooseTiles(plan, { cores, ...(options.tiling && { tiling: options.tiling }) });
  const denseMaps = tiles.cores.map(denseRegions);
  const sequencerMap = sequencerRegions();
  const network = networkGraph(plan, tiles, {
    sdramBytes: denseMaps.map(({ size }) => size),
    sequencerSdramBytes: sequencerMap.size,
  });
  const start = performance.now();
  const mapping = map(network.graph, machine);
  const mappingSeconds = (performance.now() - start) / 1000;
  const gaps = sendGaps(network, mapping, machine);
  const vertices = [...tiles.cores.keys(), network.sequencer];
  return {
    plan,
    tiles,
    network,
    mapping,
    mappingSeconds,
    sendGaps: gaps,
    sendDelays: sendDelays(gaps, mapping.stages.placement.chipOf),
    doneDelays: doneDelays(network, mapping, machine),
    places: vertices.map((vertex) => mapping.placement(vertex)),
    regions: [...denseMaps, sequencerMap],
  };
}

/** Place of a dense core. */
export const placeOf = (
  { places }: Pick<Deployment, 'places'>,
  { index }: DenseCore,
): VertexPlace => places[index] as VertexPlace;

/** Vertices by chip, in the order of their indices. */
export function verticesByChip({ places }: Pick<Deployment, 'places'>): ChipVertices[] {
  const chips = new Map<string, { x: number; y: number; vertices: number[] }>();
  places.forEach(({ x, y }, vertex) => {
    const known = chips.get(`${x},${y}`);
    if (known) known.vertices.push(vertex);
    else chips.set(`${x},${y}`, { x, y, vertices: [vertex] });
  });
  return [...chips.values()];
}

/** The vertices of one chip. */
export interface ChipVertices {
  readonly x: number;
  readonly y: number;
  readonly vertices: readonly number[];
}

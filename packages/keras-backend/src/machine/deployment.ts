/** From a network to everything that a machine has to be told, without talking to it. */
import type { Machine } from '@spin-tools/machine-model';
import {
  ImpossiblePlacementError,
  MachineTooSmallError,
  type MapOptions,
  type Mapping,
  map,
  type VertexPlace,
} from '@spin-tools/nn-mapper';
import type { NetworkPlan } from '../engine.js';
import {
  CLASS_ALIGN_BITS,
  chooseTiles,
  classBits,
  type DenseCore,
  keyFields,
  type NetworkGraph,
  type NetworkGraphOptions,
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
  /** The former after back sums. */
  readonly backGaps: readonly number[];
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
  const tiles = tilesFor(plan, machine, options);
  const denseMaps = tiles.cores.map(denseRegions);
  const sequencerMap = sequencerRegions();
  const sdram = {
    sdramBytes: denseMaps.map(({ size }) => size),
    sequencerSdramBytes: sequencerMap.size,
  };
  const start = performance.now();
  const { network, mapping } = mapNetwork(plan, machine, tiles, sdram);
  const mappingSeconds = (performance.now() - start) / 1000;
  const { gaps, backGaps } = sendGaps(network, mapping, machine, backsAreOneBlock(plan, tiles));
  const vertices = [...tiles.cores.keys(), network.sequencer];
  return {
    plan,
    tiles,
    network,
    mapping,
    mappingSeconds,
    sendGaps: gaps,
    backGaps,
    sendDelays: sendDelays(gaps, mapping.stages.placement.chipOf),
    doneDelays: doneDelays(network, mapping, machine),
    places: vertices.map((vertex) => mapping.placement(vertex)),
    regions: [...denseMaps, sequencerMap],
  };
}

/** Cuts a network for all application cores of a machine. Throws what `chooseTiles` throws. */
export function tilesFor(
  plan: NetworkPlan,
  machine: Machine,
  { tiling }: { readonly tiling?: Tiling } = {},
): TileGraph {
  const cores = machine.chips.reduce((total, chip) => total + Math.max(0, chip.cores - 1), 0);
  return chooseTiles(plan, { cores, ...(tiling && { tiling }) });
}

/** Most cores that are placed by annealing, which halves the load of the busiest link; it takes a second then. */
const MOST_ANNEALED = 1000;

/** Maps a network with partial sums inside chips, or, where chips cannot be filled so, anyhow. */
function mapNetwork(
  plan: NetworkPlan,
  machine: Machine,
  tiles: TileGraph,
  sdram: Omit<NetworkGraphOptions, 'reducesOnChip'>,
): { network: NetworkGraph; mapping: Mapping } {
  const placer = tiles.cores.length <= MOST_ANNEALED ? 'annealing' : 'hilbert';
  const options: MapOptions = { placer };
  try {
    const network = networkGraph(plan, tiles, { ...sdram, reducesOnChip: true });
    return { network, mapping: map(network.graph, machine, options) };
  } catch (error) {
    if (!(error instanceof MachineTooSmallError || error instanceof ImpossiblePlacementError)) {
      throw error;
    }
    const network = networkGraph(plan, tiles, { ...sdram, reducesOnChip: false });
    return { network, mapping: map(network.graph, machine, options) };
  }
}

/** A core tells back sums by the top byte of their keys, which only works where that is one byte for each layer. */
const backsAreOneBlock = (plan: NetworkPlan, tiles: TileGraph): boolean =>
  tiles.layers.every(
    (_, layer) =>
      layer === 0 || classBits(keyFields(plan), tiles, 'back', layer) <= CLASS_ALIGN_BITS,
  );

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

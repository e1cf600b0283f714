/** What dense cores counted during a run. */
import { DenseRegion, decodeLayout, denseStatistics, type LayoutValues } from '../layouts/index.js';
import type { NetworkMemory } from './core-regions.js';
import type { Deployment } from './deployment.js';
import { regionAddress } from './load.js';

/** The statistics of one dense core. */
export type DenseStatistics = LayoutValues<(typeof denseStatistics)['fields']>;

/** Reads the statistics of all dense cores, by index. */
export const readStatistics = (memory: NetworkMemory): Promise<DenseStatistics[]> =>
  Promise.all(memory.deployment.tiles.cores.map(({ index }) => readStatisticsOf(memory, index)));

/** Reads the statistics of one dense core, as it wrote them last. */
export async function readStatisticsOf(
  { host: { controller }, deployment, tables }: NetworkMemory,
  index: number,
): Promise<DenseStatistics> {
  const { x, y } = deployment.places[index] as Deployment['places'][number];
  const address = regionAddress(deployment, tables, index, DenseRegion.Statistics);
  const bytes = await controller.read({ x, y }, address, denseStatistics.size);
  return decodeLayout(denseStatistics, bytes);
}

/** Totals over the cores of a network. */
export interface NetworkStatistics {
  /** With fraction 24. */
  readonly lossSum: number;
  readonly correct: number;
  readonly saturations: number;
  readonly busyCycles: number;
}

/** Adds up the statistics of all cores. */
export function totalsOf(statistics: readonly DenseStatistics[]): NetworkStatistics {
  const sum = (value: (core: DenseStatistics) => number): number =>
    statistics.reduce((total, core) => total + value(core), 0);
  return {
    lossSum: Number(statistics.reduce((total, { lossSum }) => total + lossSum, 0n)),
    correct: sum(({ correct }) => correct),
    saturations: sum(saturationsOf),
    busyCycles: sum(({ busyCycles }) => Number(busyCycles)),
  };
}

/** Saturations of each layer, in the order of the plan. */
export function layerSaturations(
  { tiles, plan }: Deployment,
  statistics: readonly DenseStatistics[],
): number[] {
  const sums = plan.layers.map(() => 0);
  for (const { index, layer } of tiles.cores) {
    sums[layer] = (sums[layer] ?? 0) + saturationsOf(statistics[index] as DenseStatistics);
  }
  return sums;
}

/** Values that a core clamped. */
export const saturationsOf = (core: DenseStatistics): number =>
  core.saturatedZ +
  core.saturatedActivation +
  core.saturatedError +
  core.saturatedDelta +
  core.saturatedWeight +
  core.saturatedOperand +
  core.saturatedBias;

/** Regions of the cores of a network: what is written into them and read out of them. */
import type { LayerPlan, LayerWeights } from '../engine.js';
import { DenseRegion } from '../layouts/index.js';
import { configure, encodeConfiguration } from './configuration.js';
import { type LoadedData, slotOf } from './data-sets.js';
import type { Deployment } from './deployment.js';
import type { Host } from './host.js';
import { regionAddress, type TableAddresses } from './load.js';
import {
  bytesOf,
  headBias,
  placeTileWeights,
  tileWeights,
  wordsOf,
  zeroWeights,
} from './weights.js';

/** A deployment in the memory of a machine. */
export interface NetworkMemory {
  readonly host: Host;
  readonly deployment: Deployment;
  readonly tables: TableAddresses;
}

/** Writes the weights of all layers into the regions of tiles and heads. */
export async function writeWeights(
  memory: NetworkMemory,
  weights: readonly LayerWeights[],
): Promise<void> {
  const { plan, tiles } = memory.deployment;
  await Promise.all(
    tiles.cores.flatMap(({ index, layer, tile, head }) => {
      const own = weights[layer] as LayerWeights;
      const { inputs } = plan.layers[layer] as LayerPlan;
      const write = (region: number, words: Int32Array) =>
        writeRegion(memory, index, region, bytesOf(words));
      return [
        ...(tile ? [write(DenseRegion.Weights, tileWeights(own, inputs, tile))] : []),
        ...(head ? [write(DenseRegion.Bias, headBias(own, head))] : []),
      ];
    }),
  );
}

/** Reads the weights of all layers from the regions of tiles and heads. */
export async function readWeights(memory: NetworkMemory): Promise<LayerWeights[]> {
  const { plan, tiles } = memory.deployment;
  const weights = zeroWeights(plan);
  await Promise.all(
    tiles.cores.map(async ({ index, layer, tile, head }) => {
      const own = weights[layer] as LayerWeights;
      const { inputs } = plan.layers[layer] as LayerPlan;
      if (tile) {
        const count = tile.rows * tile.columns;
        const words = await readWords(memory, index, DenseRegion.Weights, count);
        placeTileWeights(own, inputs, tile, words);
      }
      if (head) {
        const words = await readWords(memory, index, DenseRegion.Bias, head.units);
        own.bias.set(words, head.unit0);
      }
    }),
  );
  return weights;
}

/** Tells every core where the data of both slots lies. */
export async function writeConfigurations(
  memory: NetworkMemory,
  data: readonly [LoadedData | undefined, LoadedData | undefined],
): Promise<void> {
  const { deployment } = memory;
  await Promise.all(
    deployment.tiles.cores.map((core) => {
      const slots = [slotOf(deployment, data[0], core), slotOf(deployment, data[1], core)] as const;
      const bytes = encodeConfiguration(configure(deployment, core, slots));
      return writeRegion(memory, core.index, DenseRegion.Configuration, bytes);
    }),
  );
}

function placeOfRegion({ deployment, tables }: NetworkMemory, vertex: number, region: number) {
  const { x, y } = deployment.places[vertex] as Deployment['places'][number];
  return { chip: { x, y }, address: regionAddress(deployment, tables, vertex, region) };
}

function writeRegion(
  memory: NetworkMemory,
  vertex: number,
  region: number,
  bytes: Uint8Array,
): Promise<void> {
  const { chip, address } = placeOfRegion(memory, vertex, region);
  return memory.host.controller.write(chip, address, bytes);
}

async function readWords(
  memory: NetworkMemory,
  vertex: number,
  region: number,
  count: number,
): Promise<Int32Array> {
  const { chip, address } = placeOfRegion(memory, vertex, region);
  return wordsOf(await memory.host.controller.read(chip, address, 4 * count));
}

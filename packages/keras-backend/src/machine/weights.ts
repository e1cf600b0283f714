/** A layer's weights cut into the blocks of its tiles, and put together again. */
import type { LayerWeights, NetworkPlan } from '../engine.js';
import type { Head, Tile } from '../tiles/index.js';

/** The weights of a tile, `[rows][columns]`. */
export function tileWeights({ kernel }: LayerWeights, inputs: number, tile: Tile): Int32Array {
  const block = new Int32Array(tile.rows * tile.columns);
  for (let row = 0; row < tile.rows; row++) {
    const from = (tile.row0 + row) * inputs + tile.column0;
    block.set(kernel.subarray(from, from + tile.columns), row * tile.columns);
  }
  return block;
}

/** Puts a tile's weights back in their places. */
export function placeTileWeights(
  { kernel }: LayerWeights,
  inputs: number,
  tile: Tile,
  block: Int32Array,
): void {
  for (let row = 0; row < tile.rows; row++) {
    const values = block.subarray(row * tile.columns, (row + 1) * tile.columns);
    kernel.set(values, (tile.row0 + row) * inputs + tile.column0);
  }
}

/** The biases of a head. */
export const headBias = ({ bias }: LayerWeights, { unit0, units }: Head): Int32Array =>
  bias.slice(unit0, unit0 + units);

/** Weights of zero for a network. */
export const zeroWeights = ({ layers }: NetworkPlan): LayerWeights[] =>
  layers.map(({ inputs, units }) => ({
    kernel: new Int32Array(inputs * units),
    bias: new Int32Array(units),
  }));

/**
 * Checks that weights have the shapes of a network.
 * @throws RangeError naming the layer
 */
export function checkWeights({ layers }: NetworkPlan, weights: readonly LayerWeights[]): void {
  if (weights.length !== layers.length) {
    throw new RangeError(`${layers.length} layers need as many weights, not ${weights.length}`);
  }
  layers.forEach(({ name, inputs, units }, index) => {
    const { kernel, bias } = weights[index] as LayerWeights;
    if (kernel.length !== inputs * units || bias.length !== units) {
      throw new RangeError(
        `layer "${name}" has ${inputs * units} weights and ${units} biases, ` +
          `not ${kernel.length} and ${bias.length}`,
      );
    }
  });
}

/** The bytes of words, in the order of the machine. */
export const bytesOf = (words: Int32Array): Uint8Array =>
  new Uint8Array(words.buffer, words.byteOffset, words.byteLength);

/** Words of bytes in the order of the machine. */
export const wordsOf = (bytes: Uint8Array): Int32Array =>
  new Int32Array(bytes.slice().buffer, 0, bytes.length / 4);

/** Keys of each class of packets of a network: docs/on-core-programs.md, section 3. */
import type { NetworkPlan } from '../engine.js';
import { bitsFor, type TileGraph } from './tile-graph.js';

/** Each class has blocks of 2^24 keys to itself, so that the top byte of a key tells it. */
export const CLASS_ALIGN_BITS = 24;

/** Classes that every layer has for itself. */
export type LayerClass = 'activation' | 'partial' | 'delta' | 'back';

/** Control fields: the low 4 bits of the key. */
export const CONTROL_BITS = 4;
/** Index of the core that is done: the low 16 bits of the key. */
export const DONE_BITS = 16;

/** Name of a class's key partition; layers count from 1, as in the contract. */
export const className = (kind: LayerClass, layer: number): string => `${kind}(${layer + 1})`;

/** A range of keys inside a class. */
export interface ClassKeys {
  readonly offset: number;
  readonly bits: number;
}

/** Widths of the fields of the keys of a network. */
export interface KeyFields {
  /** Samples in a batch. */
  readonly sampleBits: number;
  /** Units of each layer. */
  readonly unitBits: readonly number[];
  /** Low bits that tell the packets of one sum apart. */
  readonly wordBits: number;
  /** Low bits of a unit that share a packet. */
  readonly pairBits: number;
}

/** Widths of the fields of the keys of a network. */
export const keyFields = (plan: NetworkPlan): KeyFields => ({
  sampleBits: bitsFor(plan.batchSize),
  unitBits: plan.layers.map(({ units }) => bitsFor(units)),
  wordBits: plan.mode === 'fast' ? 0 : 1,
  pairBits: plan.mode === 'fast' ? 1 : 0,
});

/** Bits of all keys of a class of a layer. */
export function classBits(
  fields: KeyFields,
  tiles: TileGraph,
  kind: LayerClass,
  layer: number,
): number {
  const { rowBlocks = 1, columnBlocks = 1 } = tiles.layers[layer] ?? {};
  const units = fields.unitBits[kind === 'back' ? layer - 1 : layer] ?? 0;
  switch (kind) {
    case 'activation':
    case 'delta':
      return Math.max(0, units - fields.pairBits) + fields.sampleBits;
    case 'partial':
      return bitsFor(columnBlocks) + units + fields.sampleBits + fields.wordBits;
    case 'back':
      return bitsFor(rowBlocks) + units + fields.sampleBits + fields.wordBits;
  }
}

/** Keys of activations or deltas of an aligned range of units of a layer. */
export function valueKeys(
  fields: KeyFields,
  layer: number,
  unit0: number,
  range: number,
): ClassKeys {
  const rangeBits = Math.min(bitsFor(range), fields.unitBits[layer] as number);
  return {
    offset: (unit0 >>> fields.pairBits) * 2 ** fields.sampleBits,
    bits: Math.max(0, rangeBits - fields.pairBits) + fields.sampleBits,
  };
}

/**
 * Keys of sums for an aligned range of units of a layer.
 * @param block column block of a partial sum, row block of a back sum
 * @param layer that the units belong to
 */
export function sumKeys(
  fields: KeyFields,
  block: number,
  layer: number,
  unit0: number,
  range: number,
): ClassKeys {
  const unitBits = fields.unitBits[layer] as number;
  const lowBits = fields.sampleBits + fields.wordBits;
  return {
    offset: (block * 2 ** unitBits + unit0) * 2 ** lowBits,
    bits: Math.min(bitsFor(range), unitBits) + lowBits,
  };
}

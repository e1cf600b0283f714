/**
 * Number formats by the names of tensors, as users ask for them and see them: `conv2d_1/kernel`, and of each layer
 * `sum` (what comes out of a product, wide), `output`, `delta` (the gradient by a sum, as multiplied) and `error` (the
 * gradient by an output, wide).
 */
import type { NumberMode } from '../engine.js';
import { OptionError } from '../errors.js';
import type { GraphNode, PlacedLayer } from '../graph/graph.js';
import { hasWeightMatrix, isKeeping, LARGEST_Z_FRACTION, type NodeFormats } from './formats.js';
import type { LoweredGraph } from './lower.js';

/** Format of one tensor. */
export interface TensorFormat {
  /** Bits right of the binary point: a value `v` is stored as the integer nearest to `v * 2^fractionBits`. */
  readonly fractionBits: number;
}

/** Formats by the names of tensors. */
export type TensorFormats = Readonly<Record<string, TensorFormat>>;

type Field = keyof NodeFormats;

/** Fewest and most fraction bits: sums go through exponentials, which take 1 to 26. */
const LIMITS = { sum: [1, LARGEST_Z_FRACTION], others: [-16, 30] } as const;

/** The tensors of a call whose format is its own. */
function tensorsOf(graph: LoweredGraph, index: number): readonly (readonly [string, Field])[] {
  const owner = graph.owners[index] as string;
  const { layer: place } = graph.nodes[index] as GraphNode;
  const { layer } = graph.layers[place] as PlacedLayer;
  if (hasWeightMatrix(layer)) {
    return [
      [`${owner}/kernel`, 'weight'],
      [`${owner}/sum`, 'value'],
      [`${owner}/delta`, 'error'],
    ];
  }
  if (isKeeping(layer)) return [];
  if (layer.className === 'InputLayer') return [[`${owner}/output`, 'value']];
  return [
    [`${owner}/output`, 'value'],
    [`${owner}/error`, 'error'],
  ];
}

/** The formats of a graph by name; of a layer in several places the least. */
export function namedFormats(graph: LoweredGraph, formats: readonly NodeFormats[]): TensorFormats {
  const named: Record<string, { fractionBits: number }> = {};
  for (const [index, own] of formats.entries()) {
    for (const [name, field] of tensorsOf(graph, index)) {
      const fractionBits = Math.min(own[field], named[name]?.fractionBits ?? own[field]);
      named[name] = { fractionBits };
    }
  }
  return named;
}

/**
 * Checks what a user asks for.
 *
 * @throws OptionError naming the first tensor that there is not, with those that there are, or that cannot have a format
 */
export function checkFormats(graph: LoweredGraph, wanted: TensorFormats): void {
  const known = new Set(
    graph.nodes.flatMap((_, index) => tensorsOf(graph, index).map(([name]) => name)),
  );
  for (const [name, format] of Object.entries(wanted)) {
    if (!known.has(name)) {
      throw new OptionError(
        'formats',
        name,
        `is no tensor of the model: name ${[...known].join(', ')}`,
      );
    }
    const [least, most] = name.endsWith('/sum') ? LIMITS.sum : LIMITS.others;
    const { fractionBits } = format ?? {};
    if (!(Number.isInteger(fractionBits) && fractionBits >= least && fractionBits <= most)) {
      const expected = `give a whole number from ${least} to ${most}`;
      throw new OptionError(`formats['${name}'].fractionBits`, fractionBits, expected);
    }
  }
}

/** The formats of a graph with some that a user wants; sums and what hands values on follow them. */
export function withFormats(
  graph: LoweredGraph,
  formats: readonly NodeFormats[],
  mode: NumberMode,
  wanted: TensorFormats,
): NodeFormats[] {
  const result: NodeFormats[] = [];
  for (const [index, own] of formats.entries()) {
    const { layer: place, inputs } = graph.nodes[index] as GraphNode;
    const { layer } = graph.layers[place] as PlacedLayer;
    const input = result[inputs[0] ?? index]?.value ?? 0;
    const next = { ...own };
    for (const [name, field] of tensorsOf(graph, index)) {
      next[field] = wanted[name]?.fractionBits ?? own[field];
    }
    if (isKeeping(layer)) next.value = input;
    if (mode === 'fast' && hasWeightMatrix(layer) && !(`${graph.owners[index]}/sum` in wanted)) {
      next.value = Math.min(input + next.weight, LARGEST_Z_FRACTION);
    }
    result.push(next);
  }
  return result;
}

/** Formats with room for other inputs: those of inputs that are larger now have fewer fraction bits. */
export function withRoomFor(
  graph: LoweredGraph,
  formats: readonly NodeFormats[],
  inputFractions: readonly number[],
): NodeFormats[] {
  return formats.map((own, node) => {
    const most = inputFractions[graph.inputs.indexOf(node)] ?? own.value;
    return most < own.value ? { ...own, value: most } : own;
  });
}

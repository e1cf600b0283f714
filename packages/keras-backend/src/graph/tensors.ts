/** Tensors as stand-ins: what a functional model is wired with. */
import { ModelDefinitionError, UnsupportedError } from '../errors.js';
import type { Fields } from '../layers/fields.js';
import { isLayerName, KINDS, LAYER_NAMES } from '../layers/kinds/index.js';
import type { LayerKind, Refuse } from '../layers/kinds/kind.js';
import { type InputOptions, type Layer, layers, type Shape, snakeCase } from '../layers/layers.js';

/** The output of one call of a layer: what {@link apply} returns and takes. */
export interface SymbolicTensor {
  readonly layer: Layer;
  readonly inputs: readonly SymbolicTensor[];
  /** Of one sample, without the batch. */
  readonly shape: Shape;
}

/**
 * The input of a functional model.
 *
 * @throws ModelDefinitionError for a shape that is none
 */
export function input(options: InputOptions): SymbolicTensor {
  const layer = layers.input(options);
  return { layer, inputs: [], shape: layer.shape };
}

/**
 * Calls a layer. Calling the same layer again shares its weights.
 *
 * @throws ModelDefinitionError when the layer cannot take the inputs
 */
export function apply(
  layer: Layer,
  inputs: SymbolicTensor | readonly SymbolicTensor[],
): SymbolicTensor {
  const list: readonly SymbolicTensor[] = 'layer' in inputs ? [inputs] : inputs;
  if (layer.className === 'InputLayer') {
    throw new ModelDefinitionError(ownerOf(layer), 'takes no inputs: use input({ shape })');
  }
  const shape = outputShape(
    layer,
    list.map((each) => each.shape),
  );
  return { layer, inputs: list, shape };
}

/** What a layer is called in messages when it has no name. */
export function ownerOf(layer: Layer): string {
  return layer.name ?? `${snakeCase(String(layer.className)).replaceAll('_', ' ')} layer`;
}

/** What a layer states of itself. @throws UnsupportedError when there is no such kind */
export function kindOf(layer: Layer): LayerKind<string, Fields> {
  if (!isLayerName(layer.className)) {
    throw new UnsupportedError('layer', String(layer.className), LAYER_NAMES);
  }
  return KINDS[layer.className] as unknown as LayerKind<string, Fields>;
}

/**
 * Shape of the output of a layer.
 *
 * @throws ModelDefinitionError when it cannot take inputs of these shapes
 * @throws UnsupportedError when it is of no kind that is known
 */
export function outputShape(layer: Layer, inputs: readonly Shape[], name = ownerOf(layer)): Shape {
  const kind = kindOf(layer);
  const refuse: Refuse = (reason) => {
    throw new ModelDefinitionError(name, reason);
  };
  if (kind.inputs === 'one' && inputs.length !== 1) {
    refuse(`takes one input, not ${inputs.length}`);
  }
  if (kind.inputs === 'many' && inputs.length < 2) {
    refuse(`takes at least 2 inputs, not ${inputs.length}`);
  }
  return kind.shape(layer as never, inputs, refuse);
}

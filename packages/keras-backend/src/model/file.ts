/**
 * Models as JSON: topology with Keras's names, weights bit for bit, and how the model was compiled.
 *
 * `weights` holds, in Keras's order, for each tensor its name, its shape and base64 of
 * little-endian int32 in s4.27: kernels as `(inputs, units)`, row by row.
 */
import { type LayerWeights, MASTER_FRACTION, type NumberMode } from '../engine.js';
import { ModelFileError } from '../errors.js';
import type { Initialiser } from '../initialisers/initialisers.js';
import { denseStack } from '../layers/dense-stack.js';
import { type Layer, layers as makers, type Shape } from '../layers/layers.js';
import type { Optimiser } from '../optimisers/optimisers.js';
import { Sequential } from './sequential.js';
import { transposed } from './transposed.js';

const FORMAT = 'spin-tools-model';
const VERSION = 1;

/** A weight tensor in a file. */
export interface StoredTensor {
  readonly name: string;
  readonly shape: readonly number[];
  /** Fraction bits of the integers: 27. */
  readonly fraction: number;
  readonly base64: string;
}

/** A model as JSON. */
export interface ModelFile {
  readonly format: typeof FORMAT;
  readonly version: typeof VERSION;
  readonly className: 'Sequential';
  readonly name: string;
  readonly seed: number;
  readonly layers: readonly Layer[];
  readonly compile?: StoredCompilation;
  readonly weights: readonly StoredTensor[];
}

/** What `compile` was told, without the engine. */
export interface StoredCompilation {
  readonly optimizer: Optimiser | string;
  readonly loss: string;
  readonly metrics: readonly string[];
  readonly mode: NumberMode;
}

/** A model as plain data, for `JSON.stringify`. */
export function modelToJson(model: Sequential): ModelFile {
  const { compileOptions } = model;
  const weights = model.getFixedWeights();
  const { dense } = denseStack(model.layers);
  return {
    format: FORMAT,
    version: VERSION,
    className: 'Sequential',
    name: model.name,
    seed: model.seed,
    layers: model.layers,
    ...(compileOptions && {
      compile: {
        optimizer: compileOptions.optimizer,
        loss: compileOptions.loss,
        metrics: compileOptions.metrics ?? [],
        mode: compileOptions.mode ?? 'fast',
      },
    }),
    weights: dense.flatMap(({ name, layer, inputs }, index) => {
      const { kernel, bias } = weights[index] as LayerWeights;
      const { units, useBias } = layer;
      return [
        stored(
          `${name}/kernel`,
          [inputs, units],
          transposed(kernel, units, inputs, new Int32Array(kernel.length)),
        ),
        ...(useBias ? [stored(`${name}/bias`, [units], bias)] : []),
      ];
    }),
  };
}

/**
 * The model of a file, compiled as it was, for the engine that `compile` chooses by default.
 * Compile again to choose another; the weights stay.
 *
 * @param json what {@link modelToJson} made, as text or parsed
 * @throws {@link ModelFileError} when a field is not what it should be
 */
export async function modelFromJson(json: unknown): Promise<Sequential> {
  const file = parse(json);
  const layers = asArray(file.layers, 'layers').map(layerOf);
  const model = new Sequential({
    layers,
    seed: asCount(file.seed, 'seed'),
    name: asText(file.name, 'name'),
  });
  await model.setFixedWeights(weightsOf(model, asArray(file.weights, 'weights')));
  if (file.compile !== undefined) {
    const { optimizer, loss, metrics, mode } = asObject(file.compile, 'compile');
    model.compile({
      optimizer: optimizer as Optimiser,
      loss: asText(loss, 'compile.loss'),
      metrics: asArray(metrics, 'compile.metrics') as string[],
      mode: mode as NumberMode,
    });
  }
  return model;
}

function stored(name: string, shape: Shape, values: Int32Array): StoredTensor {
  const bytes = new Uint8Array(values.length * 4);
  const view = new DataView(bytes.buffer);
  for (const [i, value] of values.entries()) view.setInt32(4 * i, value, true);
  return { name, shape, fraction: MASTER_FRACTION, base64: toBase64(bytes) };
}

/** A call takes only so many arguments. */
const CHUNK = 8192;

function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (let from = 0; from < bytes.length; from += CHUNK) {
    text += String.fromCharCode(...bytes.subarray(from, from + CHUNK));
  }
  return btoa(text);
}

function weightsOf(model: Sequential, tensors: readonly unknown[]): LayerWeights[] {
  const { dense } = denseStack(model.layers);
  let next = 0;
  const take = (name: string, size: number) => {
    const field = `weights[${next}]`;
    const tensor = asObject(tensors[next], field);
    next += 1;
    if (tensor.name !== name) throw new ModelFileError(`${field}.name`, `should be ${name}`);
    if (tensor.fraction !== MASTER_FRACTION) {
      throw new ModelFileError(`${field}.fraction`, `should be ${MASTER_FRACTION}`);
    }
    return integers(asText(tensor.base64, `${field}.base64`), size, `${field}.base64`);
  };
  const weights = dense.map(({ name, layer: { units, useBias }, inputs }) => ({
    kernel: transposed(
      take(`${name}/kernel`, units * inputs),
      inputs,
      units,
      new Int32Array(units * inputs),
    ),
    bias: useBias ? take(`${name}/bias`, units) : new Int32Array(units),
  }));
  if (next !== tensors.length) {
    throw new ModelFileError(
      'weights',
      `has ${tensors.length} tensors, but the layers need ${next}`,
    );
  }
  return weights;
}

function integers(base64: string, size: number, field: string): Int32Array {
  let text: string;
  try {
    text = atob(base64);
  } catch (cause) {
    throw new ModelFileError(field, 'is not base64', { cause });
  }
  if (text.length !== 4 * size) {
    throw new ModelFileError(field, `holds ${text.length} bytes, but the shape needs ${4 * size}`);
  }
  const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  return Int32Array.from({ length: size }, (_, i) => view.getInt32(4 * i, true));
}

function parse(json: unknown): Record<string, unknown> {
  let value = json;
  if (typeof json === 'string') {
    try {
      value = JSON.parse(json);
    } catch (cause) {
      throw new ModelFileError('file', 'is not JSON', { cause });
    }
  }
  const file = asObject(value, 'file');
  if (file.format !== FORMAT) throw new ModelFileError('format', `should be ${FORMAT}`);
  if (file.version !== VERSION) {
    throw new ModelFileError('version', `is ${file.version}: only ${VERSION} can be read`);
  }
  return file;
}

function layerOf(value: unknown, index: number): Layer {
  const layer = asObject(value, `layers[${index}]`);
  const name = layer.name === undefined ? {} : { name: asText(layer.name, 'name') };
  const given = layer.inputShape as Shape | undefined;
  const inputShape = given === undefined ? {} : { inputShape: given };
  switch (layer.className) {
    case 'InputLayer':
      return makers.input({ ...name, shape: layer.shape as Shape });
    case 'Flatten':
      return makers.flatten({ ...name, ...inputShape });
    case 'Dense':
      return makers.dense({
        ...name,
        ...inputShape,
        units: layer.units as number,
        activation: layer.activation as 'linear',
        useBias: layer.useBias === true,
        kernelInitializer: layer.kernelInitializer as Initialiser,
        biasInitializer: layer.biasInitializer as Initialiser,
      });
    default:
      throw new ModelFileError(
        `layers[${index}].className`,
        `is ${layer.className}: use InputLayer, Flatten or Dense`,
      );
  }
}

function asObject(value: unknown, field: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw new ModelFileError(field, 'should be an object');
}

function asArray(value: unknown, field: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new ModelFileError(field, 'should be a list');
}

function asText(value: unknown, field: string): string {
  if (typeof value === 'string') return value;
  throw new ModelFileError(field, 'should be text');
}

function asCount(value: unknown, field: string): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0) return value;
  throw new ModelFileError(field, 'should be a whole number');
}

/** Layers as Keras and TensorFlow.js configure them. */
import { ModelFileError, UnsupportedError } from '../errors.js';
import type { PlacedLayer } from '../graph/graph.js';
import type { Fields } from '../layers/fields.js';
import { isLayerName, KINDS, type KindName, LAYER_NAMES } from '../layers/kinds/index.js';
import { type Layer, layerOf, layers, type Shape } from '../layers/layers.js';
import { asArray, asText, type JsonObject } from './checked.js';
import { type Dialect, readOption, toSnake, writeOption } from './keras-objects.js';

/** Options that change what a layer computes and that are not supported when they are set. */
const REFUSED = [
  'activity_regularizer',
  'noise_shape',
  'recurrent_regularizer',
  'recurrent_constraint',
  'dropout',
  'recurrent_dropout',
  'renorm',
  'virtual_batch_size',
  'quantization_config',
  'lora_rank',
  'stateful',
  'return_state',
  'zero_output_for_mask',
  'ragged',
  'sparse',
];

/** Options that only Keras 1 has. */
const KERAS_1 = ['nb_filter', 'output_dim', 'border_mode', 'nb_row'];

/** Other names of options, by class and our name. */
const OLD_NAMES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  LeakyReLU: { negativeSlope: 'alpha' },
};

/** Options whose single value Keras also writes as a list. */
const SINGLES = ['axis'];

/**
 * A layer from its class and configuration.
 *
 * @param field path of the configuration, for messages
 * @throws UnsupportedError for a class or option that is not supported
 * @throws ModelFileError ModelDefinitionError OptionError
 */
export function readLayer(
  className: string,
  config: JsonObject,
  field: string,
  dialect: Dialect,
): Layer {
  const name = config.name === undefined ? {} : { name: asText(config.name, `${field}.name`) };
  if (className === 'InputLayer') {
    const batchShape = config.batch_shape ?? config.batch_input_shape;
    refuseOptions(className, config, {});
    return layers.input({ ...name, shape: withoutBatch(batchShape, `${field}.batch_shape`) });
  }
  if (!isLayerName(className)) throw new UnsupportedError('layer', className, LAYER_NAMES);
  const old = KERAS_1.find((option) => config[option] !== undefined);
  if (old !== undefined) {
    throw new ModelFileError(`${field}.${old}`, 'is of Keras 1: save the model with Keras 2 or 3');
  }
  const fields = KINDS[className].fields as Fields;
  refuseOptions(className, config, fields);
  const options = Object.keys(fields).map((option) => {
    const key = keyOf(className, option, config);
    const value = config[key];
    const single = SINGLES.includes(option) && Array.isArray(value) && value.length === 1;
    const given = single ? value[0] : value;
    if (given === undefined || given === null) return [option, undefined];
    return [option, readOption(option, given, `${field}.${key}`, dialect)];
  });
  const batchShape = config.batch_input_shape;
  const inputShape =
    batchShape === undefined
      ? {}
      : { inputShape: withoutBatch(batchShape, `${field}.batch_input_shape`) };
  const trainable = config.trainable === false ? { trainable: false } : {};
  const defaults = className === 'GRU' && dialect === 'keras2' ? { resetAfter: false } : {};
  const given = Object.fromEntries(options.filter(([, value]) => value !== undefined));
  return layerOf(className, {
    ...name,
    ...inputShape,
    ...trainable,
    ...defaults,
    ...given,
  }) as Layer;
}

function keyOf(className: string, option: string, config: JsonObject): string {
  const key = toSnake(option);
  const old = OLD_NAMES[className]?.[option];
  return config[key] === undefined && old !== undefined ? old : key;
}

function refuseOptions(className: string, config: JsonObject, fields: Fields): void {
  const known = Object.keys(fields).map(toSnake);
  for (const option of REFUSED) {
    if (config[option] && !known.includes(option)) {
      throw new UnsupportedError(`option of ${className}`, option, ['none']);
    }
  }
}

/** Shape of a sample from that of a batch, whose first size is open. @throws ModelFileError */
function withoutBatch(value: unknown, field: string): Shape {
  const [, ...shape] = asArray(value, field);
  if (shape.some((size) => typeof size !== 'number')) {
    throw new ModelFileError(field, `is [${shape}]: sizes other than the batch's must be given`);
  }
  return shape as number[];
}

/** The configuration of a layer. @throws ModelFileError when the dialect cannot express it */
export function writeLayer({ layer, name }: PlacedLayer, dialect: Dialect): JsonObject {
  if (layer.className === 'InputLayer') {
    const batchShape = [null, ...layer.shape];
    const key = dialect === 'keras3' ? 'batch_shape' : 'batch_input_shape';
    return { [key]: batchShape, dtype: 'float32', sparse: false, name };
  }
  const options = Object.keys(KINDS[layer.className as KindName].fields as Fields);
  const values = layer as unknown as Readonly<Record<string, unknown>>;
  const config = options.map((option) => {
    const old = dialect === 'keras2' ? OLD_NAMES[layer.className]?.[option] : undefined;
    return [old ?? toSnake(option), writeOption(option, values[option], dialect)];
  });
  return { name, trainable: layer.trainable, dtype: 'float32', ...Object.fromEntries(config) };
}

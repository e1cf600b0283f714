/** The layers that a model can be built of, with Keras's names and defaults. */
import { ModelDefinitionError, UnsupportedError } from '../errors.js';
import {
  type Config,
  type Fields,
  type Options,
  shape as readShape,
  type Shape,
} from './fields.js';
import { KINDS, type KindName } from './kinds/index.js';
import { commonFields, type LayerKind, type LayerOf } from './kinds/kind.js';

export type { Shape } from './fields.js';

/** The shape of the samples that a model takes. */
export interface InputLayer {
  readonly className: 'InputLayer';
  readonly name: string | undefined;
  readonly shape: Shape;
}

/** Turns samples of any shape into vectors. */
export type FlattenLayer = LayerOf<(typeof KINDS)['Flatten']>;

/** activation(inputs * kernel + bias). */
export type DenseLayer = LayerOf<(typeof KINDS)['Dense']>;

/** Any layer but an input. */
export type ComputedLayer = { [Name in KindName]: LayerOf<(typeof KINDS)[Name]> }[KindName];

/** A layer as it is written down; a model gives it a name and weights. */
export type Layer = InputLayer | ComputedLayer;

/** Options of {@link layers}.input. */
export interface InputOptions {
  /** Shape of one sample, such as `[784]` or `[28, 28]`. */
  readonly shape: Shape;
  readonly name?: string;
}

/** What every layer can be told besides its own options. */
export interface CommonOptions {
  /** Keras's name of the class with a number behind it, unless told. */
  readonly name?: string | undefined;
  /** Shape of one sample, of the first layer of a sequential model, where no input layer states it. */
  readonly inputShape?: Shape | undefined;
  /** Whether training changes its weights; `true` unless told. */
  readonly trainable?: boolean | undefined;
}

type FieldsOf<Name extends KindName> =
  (typeof KINDS)[Name] extends LayerKind<string, infer F> ? F : never;

/** Options of the maker of a kind of layers. */
export type LayerOptions<Name extends KindName> = CommonOptions & Options<FieldsOf<Name>>;

/** Options of {@link layers}.dense. */
export type DenseOptions = LayerOptions<'Dense'>;

/** Options of {@link layers}.flatten. */
export type FlattenOptions = LayerOptions<'Flatten'>;

type Maker<Name extends KindName> =
  Record<never, never> extends LayerOptions<Name>
    ? (options?: LayerOptions<Name>) => LayerOf<(typeof KINDS)[Name]>
    : (options: LayerOptions<Name>) => LayerOf<(typeof KINDS)[Name]>;

/** Keras's name of a class as names of layers begin: `conv2d`, `max_pooling2d`. */
export function snakeCase(className: string): string {
  return className
    .replace(/\W+/g, '')
    .replace(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();
}

/**
 * A layer of a kind from its options, however they came here.
 *
 * @throws ModelDefinitionError UnsupportedError on options that are wrong or not known
 */
export function layerOf<Name extends KindName>(
  className: Name,
  given: Readonly<Record<string, unknown>> = {},
): LayerOf<(typeof KINDS)[Name]> {
  const { name, ...options } = given;
  const owner =
    typeof name === 'string' ? name : `${snakeCase(className).replaceAll('_', ' ')} layer`;
  if (name !== undefined && (typeof name !== 'string' || name === '')) {
    throw new ModelDefinitionError(owner, `has name ${JSON.stringify(name)}: give text`);
  }
  const fields: Fields = { ...commonFields, ...(KINDS[className].fields as Fields) };
  for (const option of Object.keys(options)) {
    if (!Object.hasOwn(fields, option) && options[option] !== undefined) {
      throw new UnsupportedError(`option of ${className}`, option, Object.keys(fields));
    }
  }
  const config = Object.entries(fields).map(([option, { required, fallback, read }]) => {
    const value = options[option];
    if (value !== undefined) return [option, read(value, owner, option)];
    if (required) read(undefined, owner, option);
    return [option, fallback];
  });
  return { className, name, ...Object.fromEntries(config) } as Config<never> as never;
}

function maker<Name extends KindName>(className: Name): Maker<Name> {
  return ((options?: LayerOptions<Name>) =>
    layerOf(className, options as Readonly<Record<string, unknown>>)) as Maker<Name>;
}

/**
 * Makers of layers. Each throws {@link ModelDefinitionError} or {@link UnsupportedError} on bad
 * options. The layers are plain data; the same one used twice in a model has its weights once.
 */
export const layers = {
  /** States the shape of samples. */
  input({ shape, name }: InputOptions): InputLayer {
    const owner = name ?? 'input layer';
    return { className: 'InputLayer', name, shape: readShape(shape, owner, 'shape') };
  },
  /** A densely connected layer. */
  dense: maker('Dense'),
  /** A convolution over the steps of a sequence. */
  conv1d: maker('Conv1D'),
  /** A convolution over an image. */
  conv2d: maker('Conv2D'),
  /** A convolution of each channel by itself. */
  depthwiseConv2d: maker('DepthwiseConv2D'),
  /** The largest value of each window of steps. */
  maxPooling1d: maker('MaxPooling1D'),
  /** The largest value of each window of an image. */
  maxPooling2d: maker('MaxPooling2D'),
  /** The mean of each window of steps. */
  averagePooling1d: maker('AveragePooling1D'),
  /** The mean of each window of an image. */
  averagePooling2d: maker('AveragePooling2D'),
  /** The mean of each channel over all steps. */
  globalAveragePooling1d: maker('GlobalAveragePooling1D'),
  /** The mean of each channel over an image. */
  globalAveragePooling2d: maker('GlobalAveragePooling2D'),
  /** The largest value of each channel over all steps. */
  globalMaxPooling1d: maker('GlobalMaxPooling1D'),
  /** The largest value of each channel over an image. */
  globalMaxPooling2d: maker('GlobalMaxPooling2D'),
  /** Makes vectors of samples. */
  flatten: maker('Flatten'),
  /** The same values in another shape. */
  reshape: maker('Reshape'),
  /** Axes in another order, counted from 1. */
  permute: maker('Permute'),
  /** Steps of zeros before and after a sequence. */
  zeroPadding1d: maker('ZeroPadding1D'),
  /** Rows and columns of zeros around an image. */
  zeroPadding2d: maker('ZeroPadding2D'),
  /** Every step several times. */
  upSampling1d: maker('UpSampling1D'),
  /** An image made larger. */
  upSampling2d: maker('UpSampling2D'),
  /** The sum of its inputs. */
  add: maker('Add'),
  /** The first input less the second. */
  subtract: maker('Subtract'),
  /** The product of its inputs. */
  multiply: maker('Multiply'),
  /** The mean of its inputs. */
  average: maker('Average'),
  /** The largest of its inputs, element by element. */
  maximum: maker('Maximum'),
  /** The smallest of its inputs, element by element. */
  minimum: maker('Minimum'),
  /** Its inputs one behind the other along an axis. */
  concatenate: maker('Concatenate'),
  /** Brings every channel to mean 0 and variance 1 over a batch, then scales and shifts it. */
  batchNormalization: maker('BatchNormalization'),
  /** Sets a share of the values to zero while training. */
  dropout: maker('Dropout'),
  /** An activation function by name. */
  activation: maker('Activation'),
  /** `max(x, 0)`, with a slope, a threshold and a greatest value of choice. */
  reLU: maker('ReLU'),
  /** Values below zero times a small slope. */
  leakyReLU: maker('LeakyReLU'),
  /** `exp(x) - 1` below zero, the value itself above. */
  elu: maker('ELU'),
  /** Shares that add up to 1. */
  softmax: maker('Softmax'),
  /** A recurrent layer: activation(inputs * kernel + state * recurrent kernel + bias). */
  simpleRNN: maker('SimpleRNN'),
  /** Long short-term memory. */
  lstm: maker('LSTM'),
  /** A gated recurrent unit. */
  gru: maker('GRU'),
};

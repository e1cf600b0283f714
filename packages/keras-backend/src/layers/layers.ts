/** The layers that a model can be built of, with Keras's names and defaults. */
import type { Activation } from '../engine.js';
import { ModelDefinitionError, UnsupportedError } from '../errors.js';
import { checkInitialiser, type Initialiser } from '../initialisers/initialisers.js';

/** Activations by the names of Keras. */
export const ACTIVATIONS: readonly Activation[] = ['linear', 'relu', 'sigmoid', 'tanh', 'softmax'];

/** Shape of one sample, without the batch. */
export type Shape = readonly number[];

/** The shape of the samples that a model takes. */
export interface InputLayer {
  readonly className: 'InputLayer';
  readonly name: string | undefined;
  readonly shape: Shape;
}

/** Turns samples of any shape into vectors. */
export interface FlattenLayer {
  readonly className: 'Flatten';
  readonly name: string | undefined;
  readonly inputShape: Shape | undefined;
}

/** activation(inputs * kernel + bias). */
export interface DenseLayer {
  readonly className: 'Dense';
  readonly name: string | undefined;
  readonly inputShape: Shape | undefined;
  readonly units: number;
  readonly activation: Activation;
  readonly useBias: boolean;
  readonly kernelInitializer: Initialiser;
  readonly biasInitializer: Initialiser;
}

/** A layer as it is written down; a model gives it a name and weights. */
export type Layer = InputLayer | FlattenLayer | DenseLayer;

/** Options of {@link layers}.input. */
export interface InputOptions {
  /** Shape of one sample, such as `[784]` or `[28, 28]`. */
  readonly shape: Shape;
  readonly name?: string;
}

/** Options of {@link layers}.flatten. */
export interface FlattenOptions {
  /** Of the first layer of a model, where no input layer states it. */
  readonly inputShape?: Shape;
  readonly name?: string;
}

/** Options of {@link layers}.dense. */
export interface DenseOptions {
  /** Number of outputs, at least 1. */
  readonly units: number;
  /** `linear` unless told. */
  readonly activation?: Activation;
  /** `true` unless told. */
  readonly useBias?: boolean;
  /** `glorotUniform` unless told. */
  readonly kernelInitializer?: Initialiser;
  /** `zeros` unless told. */
  readonly biasInitializer?: Initialiser;
  /** Of the first layer of a model, where no input layer states it. */
  readonly inputShape?: Shape;
  readonly name?: string;
}

function checkShape(shape: Shape, owner: string): Shape {
  const whole = Array.isArray(shape) && shape.every((size) => Number.isInteger(size) && size > 0);
  if (!whole || shape.length === 0) {
    const text = JSON.stringify(shape);
    throw new ModelDefinitionError(
      owner,
      `has shape ${text}: give whole numbers above 0, such as [784]`,
    );
  }
  return [...shape];
}

/** Makers of layers. Each throws {@link ModelDefinitionError} or {@link UnsupportedError} on bad options. */
export const layers = {
  /** States the shape of samples. */
  input({ shape, name }: InputOptions): InputLayer {
    return { className: 'InputLayer', name, shape: checkShape(shape, name ?? 'input layer') };
  },

  /** Makes vectors of samples. */
  flatten({ inputShape, name }: FlattenOptions = {}): FlattenLayer {
    const shape = inputShape && checkShape(inputShape, name ?? 'flatten layer');
    return { className: 'Flatten', name, inputShape: shape };
  },

  /** A densely connected layer. */
  dense(options: DenseOptions): DenseLayer {
    const owner = options.name ?? 'dense layer';
    const { units, activation = 'linear', inputShape } = options;
    if (!Number.isInteger(units) || units < 1) {
      throw new ModelDefinitionError(owner, `has units ${units}: give a whole number above 0`);
    }
    if (!ACTIVATIONS.includes(activation)) {
      throw new UnsupportedError('activation', String(activation), ACTIVATIONS);
    }
    return {
      className: 'Dense',
      name: options.name,
      inputShape: inputShape && checkShape(inputShape, owner),
      units,
      activation,
      useBias: options.useBias ?? true,
      kernelInitializer: checkInitialiser(options.kernelInitializer ?? 'glorotUniform'),
      biasInitializer: checkInitialiser(options.biasInitializer ?? 'zeros'),
    };
  },
};

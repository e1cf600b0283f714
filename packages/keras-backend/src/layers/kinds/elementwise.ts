/** Layers that treat each value by itself, and normalisation. */
import type { Initialiser } from '../../initialisers/initialisers.js';
import {
  constraint,
  flag,
  initialiser,
  integer,
  number,
  numberWithin,
  optional,
  orNothing,
  activation as readActivation,
  regulariser,
  required,
} from '../fields.js';
import { type LayerKind, plainKind } from './kind.js';
import { sampleAxis } from './merging.js';

const LARGEST = Number.MAX_VALUE;

/** An activation as a layer of its own. */
export const activation = plainKind(
  'Activation',
  { activation: required(readActivation) },
  (_, input) => input,
);

/** max(x, 0), with a limit, a slope below and a threshold where wanted. */
export const reLU = plainKind(
  'ReLU',
  {
    /** No limit unless told. */
    maxValue: optional(orNothing(numberWithin(0, LARGEST)), undefined),
    /** Slope below the threshold; 0 unless told. */
    negativeSlope: optional(numberWithin(0, LARGEST), 0),
    threshold: optional(numberWithin(0, LARGEST), 0),
  },
  (_, input) => input,
);

/** x above 0, and a slope below. */
export const leakyReLU = plainKind(
  'LeakyReLU',
  {
    /** 0.3 unless told. */
    negativeSlope: optional(numberWithin(0, LARGEST), 0.3),
  },
  (_, input) => input,
);

/** x above 0, and alpha * (exp(x) - 1) below. */
export const elu = plainKind(
  'ELU',
  {
    /** 1 unless told. */
    alpha: optional(number, 1),
  },
  (_, input) => input,
);

/** Exponentials that sum to 1 along an axis. */
export const softmax = plainKind(
  'Softmax',
  {
    /** -1, the last, unless told. */
    axis: optional(integer, -1),
  },
  ({ axis }, input, refuse) =>
    sampleAxis(axis, input.length) === undefined
      ? refuse(`has axis ${axis}, but samples have shape [${input}]`)
      : input,
);

/** While training, sets a share of the values to 0 and makes the others larger. */
export const dropout = plainKind(
  'Dropout',
  {
    /** Share of the values, 0 to 1. */
    rate: required(numberWithin(0, 1)),
    /** A seed of its own; by the model's otherwise. */
    seed: optional(orNothing(integer), undefined),
  },
  (_, input) => input,
);

const normalisationFields = {
  /** The axis whose positions have their own mean; -1, the last, unless told. */
  axis: optional(integer, -1),
  /** How much of the moving averages a batch leaves; 0.99 unless told. */
  momentum: optional(numberWithin(0, 1), 0.99),
  /** Added to variances; 0.001 unless told. */
  epsilon: optional(numberWithin(0, 1), 0.001),
  /** Whether it adds `beta`. */
  center: optional(flag, true),
  /** Whether it multiplies by `gamma`. */
  scale: optional(flag, true),
  betaInitializer: optional(initialiser, 'zeros' as Initialiser),
  gammaInitializer: optional(initialiser, 'ones' as Initialiser),
  movingMeanInitializer: optional(initialiser, 'zeros' as Initialiser),
  movingVarianceInitializer: optional(initialiser, 'ones' as Initialiser),
  betaRegularizer: optional(regulariser, undefined),
  gammaRegularizer: optional(regulariser, undefined),
  betaConstraint: optional(constraint, undefined),
  gammaConstraint: optional(constraint, undefined),
} as const;

/** Brings values to mean 0 and variance 1 over the batch, and over moving averages afterwards. */
export const batchNormalization: LayerKind<'BatchNormalization', typeof normalisationFields> = {
  className: 'BatchNormalization',
  fields: normalisationFields,
  inputs: 'one',
  shape: ({ axis }, [input = []], refuse) =>
    sampleAxis(axis, input.length) === undefined
      ? refuse(`has axis ${axis}, but samples have shape [${input}]`)
      : input,
  weights: (config, [input = []]) => {
    const size = input[sampleAxis(config.axis, input.length) ?? 0] as number;
    const weight = (name: string, initialiser: Initialiser, trainable: boolean) => ({
      name,
      shape: [size],
      initialiser,
      fanIn: size,
      fanOut: size,
      trainable,
    });
    const gamma = {
      ...weight('gamma', config.gammaInitializer, true),
      regulariser: config.gammaRegularizer,
      constraint: config.gammaConstraint,
    };
    const beta = {
      ...weight('beta', config.betaInitializer, true),
      regulariser: config.betaRegularizer,
      constraint: config.betaConstraint,
    };
    return [
      ...(config.scale ? [gamma] : []),
      ...(config.center ? [beta] : []),
      weight('moving_mean', config.movingMeanInitializer, false),
      weight('moving_variance', config.movingVarianceInitializer, false),
    ];
  },
};

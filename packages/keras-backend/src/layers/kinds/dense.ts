/** The densely connected layer. */
import type { Initialiser } from '../../initialisers/initialisers.js';
import type { Constraint } from '../../regularisers/constraints.js';
import type { Regulariser } from '../../regularisers/regularisers.js';
import {
  activation,
  constraint,
  count,
  flag,
  initialiser,
  optional,
  regulariser,
  required,
  type Shape,
} from '../fields.js';
import type { LayerKind, WeightDefinition } from './kind.js';

/** Options that layers with kernel, bias and activation share. */
export const kernelFields = {
  /** `linear` unless told. */
  activation: optional(activation, 'linear'),
  /** `true` unless told. */
  useBias: optional(flag, true),
  /** `glorotUniform` unless told. */
  kernelInitializer: optional(initialiser, 'glorotUniform' as Initialiser),
  /** `zeros` unless told. */
  biasInitializer: optional(initialiser, 'zeros' as Initialiser),
  kernelRegularizer: optional(regulariser, undefined),
  biasRegularizer: optional(regulariser, undefined),
  kernelConstraint: optional(constraint, undefined),
  biasConstraint: optional(constraint, undefined),
} as const;

const fields = {
  /** Number of outputs, at least 1. */
  units: required(count),
  ...kernelFields,
} as const;

/** `activation(inputs * kernel + bias)` over the last axis. */
export const dense: LayerKind<'Dense', typeof fields> = {
  className: 'Dense',
  fields,
  inputs: 'one',
  shape: ({ units }, [input = []]) => [...input.slice(0, -1), units],
  weights: (config, [input = []]) => {
    const inputs = input.at(-1) as number;
    const { units } = config;
    return kernelAndBias(config, [inputs, units], inputs, units, units);
  },
};

/** What {@link kernelAndBias} needs of a layer. */
export interface KernelConfig {
  readonly useBias: boolean;
  readonly kernelInitializer: Initialiser;
  readonly biasInitializer: Initialiser;
  readonly kernelRegularizer: Regulariser | undefined;
  readonly biasRegularizer: Regulariser | undefined;
  readonly kernelConstraint: Constraint | undefined;
  readonly biasConstraint: Constraint | undefined;
}

/** A kernel of a shape and, if it is used, a bias. */
export function kernelAndBias(
  config: KernelConfig,
  shape: Shape,
  fanIn: number,
  fanOut: number,
  biases: number,
): WeightDefinition[] {
  const kernel: WeightDefinition = {
    name: 'kernel',
    shape,
    initialiser: config.kernelInitializer,
    fanIn,
    fanOut,
    trainable: true,
    regulariser: config.kernelRegularizer,
    constraint: config.kernelConstraint,
  };
  if (!config.useBias) return [kernel];
  const bias: WeightDefinition = {
    name: 'bias',
    shape: [biases],
    initialiser: config.biasInitializer,
    fanIn: biases,
    fanOut: biases,
    trainable: true,
    regulariser: config.biasRegularizer,
    constraint: config.biasConstraint,
  };
  return [kernel, bias];
}

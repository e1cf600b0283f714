/** Layers that read a sequence step by step. */
import { UnsupportedError } from '../../errors.js';
import type { Initialiser } from '../../initialisers/initialisers.js';
import type { ActivationName } from '../activations.js';
import {
  activation,
  type Config,
  count,
  flag,
  initialiser,
  optional,
  required,
  type Shape,
} from '../fields.js';
import { kernelFields } from './dense.js';
import type { LayerKind, Refuse, WeightDefinition } from './kind.js';

const refused =
  (name: string) =>
  (given: unknown): false => {
    if (given) throw new UnsupportedError(`${name} of recurrent layers`, String(given), ['false']);
    return false;
  };

const onlyResetAfter = (given: unknown): true => {
  if (given !== true) throw new UnsupportedError('resetAfter of GRU', String(given), ['true']);
  return true;
};

const { activation: _linear, ...weightFields } = kernelFields;

const commonFields = {
  /** Number of outputs. */
  units: required(count),
  /** `tanh` unless told. */
  activation: optional(activation, 'tanh' as ActivationName),
  ...weightFields,
  /** `orthogonal` unless told. */
  recurrentInitializer: optional(initialiser, 'orthogonal' as Initialiser),
  /** The outputs of all steps instead of the last. */
  returnSequences: optional(flag, false),
  /** Reads the sequence from its end. */
  goBackwards: optional(flag, false),
  /** Only `false` is supported. */
  stateful: optional(refused('stateful'), false),
  /** Only `false` is supported. */
  returnState: optional(refused('returnState'), false),
} as const;

const gateFields = {
  ...commonFields,
  /** Of the gates; `sigmoid` unless told. */
  recurrentActivation: optional(activation, 'sigmoid' as ActivationName),
} as const;

const lstmFields = {
  ...gateFields,
  /** First bias of the forget gate is 1. */
  unitForgetBias: optional(flag, true),
} as const;

const gruFields = {
  ...gateFields,
  /** The reset gate acts on what came out of the recurrent kernel; only `true` is supported. */
  resetAfter: optional(onlyResetAfter, true),
} as const;

type RecurrentConfig = Config<typeof commonFields>;

function outputShape(
  config: RecurrentConfig,
  [input = []]: readonly Shape[],
  refuse: Refuse,
): Shape {
  const [steps] = input;
  if (input.length !== 2 || steps === undefined) {
    return refuse(`takes samples of shape [steps, channels], not [${input}]`);
  }
  return config.returnSequences ? [steps, config.units] : [config.units];
}

function cellWeights(
  config: RecurrentConfig,
  [input = []]: readonly Shape[],
  gates: number,
  biasShape: Shape,
  biasInitialiser: Initialiser = config.biasInitializer,
): WeightDefinition[] {
  const { units } = config;
  const inputs = input[1] as number;
  const weight = (
    name: string,
    shape: Shape,
    initialiser: Initialiser,
    fanIn: number,
  ): WeightDefinition => ({
    name,
    shape,
    initialiser,
    fanIn,
    fanOut: gates * units,
    trainable: true,
  });
  const kernel = weight('kernel', [inputs, gates * units], config.kernelInitializer, inputs);
  const recurrent = weight(
    'recurrent_kernel',
    [units, gates * units],
    config.recurrentInitializer,
    units,
  );
  const bias = weight('bias', biasShape, biasInitialiser, gates * units);
  return [
    { ...kernel, regulariser: config.kernelRegularizer, constraint: config.kernelConstraint },
    recurrent,
    ...(config.useBias
      ? [{ ...bias, regulariser: config.biasRegularizer, constraint: config.biasConstraint }]
      : []),
  ];
}

/** `h = activation(x * kernel + h * recurrent_kernel + bias)`. */
export const simpleRNN: LayerKind<'SimpleRNN', typeof commonFields> = {
  className: 'SimpleRNN',
  fields: commonFields,
  inputs: 'one',
  shape: outputShape,
  weights: (config, inputs) => cellWeights(config, inputs, 1, [config.units]),
};

/** Long short-term memory; gates in the order input, forget, candidate, output. */
export const lstm: LayerKind<'LSTM', typeof lstmFields> = {
  className: 'LSTM',
  fields: lstmFields,
  inputs: 'one',
  shape: outputShape,
  weights: (config, inputs) =>
    cellWeights(
      config,
      inputs,
      4,
      [4 * config.units],
      config.unitForgetBias ? { kind: 'forgetGate', inner: config.biasInitializer } : undefined,
    ),
};

/** Gated recurrent units; gates in the order update, reset, candidate. */
export const gru: LayerKind<'GRU', typeof gruFields> = {
  className: 'GRU',
  fields: gruFields,
  inputs: 'one',
  shape: outputShape,
  weights: (config, inputs) => cellWeights(config, inputs, 3, [2, 3 * config.units]),
};

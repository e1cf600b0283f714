/** Small networks that hold, between them, all that fixed point computes: for engines that must agree to the bit. */
import { apply, input, type SymbolicTensor } from '../graph/tensors.js';
import { ACTIVATIONS } from '../layers/activations.js';
import { type Layer, layers, type Shape } from '../layers/layers.js';
import type { LossConfig, LossName } from '../losses/configs.js';
import { type Model, model, sequential } from '../model/model.js';
import {
  adagrad,
  adam,
  adamw,
  type Optimiser,
  type OptimiserName,
  rmsprop,
  sgd,
} from '../optimisers/optimisers.js';
import type { Schedule } from '../optimisers/schedules.js';
import type { Constraint } from '../regularisers/constraints.js';

/** Something to train. */
export interface AgreementCase {
  readonly name: string;
  build(): Model;
  /** Mean squares unless told. */
  readonly loss?: LossName | LossConfig;
  /** SGD unless told. */
  readonly optimizer?: Optimiser;
  /** Targets from uniform numbers of 0 to below 1, those of a sample. */
  targets?(numbers: readonly number[]): number[];
}

const IMAGE: Shape = [4, 4, 2];
const STEPS: Shape = [6, 2];
/** Outputs of every network. */
export const OUTPUTS = 3;

/** Layers behind trained ones, so that errors have to come through them, and in front of trained ones. */
function between(shape: Shape, middle: readonly Layer[]): Model {
  const first =
    shape.length === 3
      ? layers.conv2d({ filters: 2, kernelSize: 1 })
      : layers.conv1d({ filters: 2, kernelSize: 1 });
  const around = [layers.flatten(), layers.dense({ units: OUTPUTS })];
  return sequential({ seed: 5, layers: [layers.input({ shape }), first, ...middle, ...around] });
}

const image = (name: string, ...middle: Layer[]): AgreementCase => ({
  name,
  build: () => between(IMAGE, middle),
});
const steps = (name: string, ...middle: Layer[]): AgreementCase => ({
  name,
  build: () => between(STEPS, middle),
});

/** Branches of an image, or of a sequence, brought together. */
function merged(name: string, layer: Layer, branches = 2, single = false): AgreementCase {
  return {
    name,
    build: () => {
      const given = input({ shape: IMAGE });
      const ends = Array.from({ length: branches }, (_, branch): SymbolicTensor => {
        const whole = apply(
          layers.conv2d({ filters: 2, kernelSize: branch + 1, padding: 'same' }),
          given,
        );
        return single && branch === 1
          ? apply(layers.globalAveragePooling2d({ keepdims: true }), whole)
          : whole;
      });
      const flat = apply(layers.flatten(), apply(layer, ends));
      const outputs = apply(layers.dense({ units: OUTPUTS }), flat);
      return model({ inputs: given, outputs, seed: 5 });
    },
  };
}

const LAYERS: readonly AgreementCase[] = [
  steps('Dense over steps, without bias', layers.dense({ units: 3, useBias: false })),
  steps('Conv1D', layers.conv1d({ filters: 3, kernelSize: 3 })),
  steps(
    'Conv1D, same, strides',
    layers.conv1d({ filters: 3, kernelSize: 3, padding: 'same', strides: 2 }),
  ),
  steps(
    'Conv1D, causal, dilated',
    layers.conv1d({ filters: 2, kernelSize: 2, padding: 'causal', dilationRate: 2 }),
  ),
  image('Conv2D', layers.conv2d({ filters: 3, kernelSize: 3 })),
  image(
    'Conv2D, same, strides, without bias',
    layers.conv2d({
      filters: 3,
      kernelSize: [3, 2],
      padding: 'same',
      strides: [2, 1],
      useBias: false,
    }),
  ),
  image('Conv2D, dilated', layers.conv2d({ filters: 2, kernelSize: 2, dilationRate: 2 })),
  image(
    'Conv2D, channels first',
    layers.conv2d({ filters: 2, kernelSize: 2, dataFormat: 'channels_first', padding: 'same' }),
  ),
  image('DepthwiseConv2D', layers.depthwiseConv2d({ kernelSize: 3, padding: 'same' })),
  image(
    'DepthwiseConv2D, multiplier, strides',
    layers.depthwiseConv2d({ kernelSize: 2, depthMultiplier: 2, strides: 2 }),
  ),
  steps('MaxPooling1D', layers.maxPooling1d({ poolSize: 2 })),
  steps(
    'AveragePooling1D, same',
    layers.averagePooling1d({ poolSize: 3, strides: 2, padding: 'same' }),
  ),
  image(
    'MaxPooling2D, overlapping',
    layers.maxPooling2d({ poolSize: 3, strides: 1, padding: 'same' }),
  ),
  image('AveragePooling2D', layers.averagePooling2d({ poolSize: 2 })),
  steps('GlobalAveragePooling1D', layers.globalAveragePooling1d()),
  image('GlobalAveragePooling2D', layers.globalAveragePooling2d()),
  steps('GlobalMaxPooling1D', layers.globalMaxPooling1d()),
  image('GlobalMaxPooling2D, axes kept', layers.globalMaxPooling2d({ keepdims: true })),
  image('Reshape', layers.reshape({ targetShape: [8, 4] })),
  image('Permute', layers.permute({ dims: [3, 1, 2] })),
  steps('ZeroPadding1D', layers.zeroPadding1d({ padding: [1, 2] })),
  image(
    'ZeroPadding2D',
    layers.zeroPadding2d({
      padding: [
        [1, 0],
        [0, 2],
      ],
    }),
  ),
  steps('UpSampling1D', layers.upSampling1d({ size: 2 })),
  image('UpSampling2D', layers.upSampling2d({ size: [2, 1] })),
  merged('Add', layers.add(), 3),
  merged('Subtract', layers.subtract()),
  merged('Multiply, one axis repeated', layers.multiply(), 2, true),
  merged('Average', layers.average()),
  merged('Maximum', layers.maximum()),
  merged('Minimum', layers.minimum()),
  merged('Concatenate', layers.concatenate()),
  merged('Concatenate rows', layers.concatenate({ axis: 1 }), 3),
  image('BatchNormalization', layers.batchNormalization()),
  image('BatchNormalization, no scale', layers.batchNormalization({ scale: false, momentum: 0.5 })),
  image('BatchNormalization, first axis', layers.batchNormalization({ axis: 1, center: false })),
  image('Dropout', layers.dropout({ rate: 0.3 })),
  image('ReLU', layers.reLU({ maxValue: 0.75, negativeSlope: 0.125, threshold: 0.1 })),
  image('LeakyReLU', layers.leakyReLU({ negativeSlope: 0.2 })),
  image('ELU', layers.elu({ alpha: 0.7 })),
  image('Softmax', layers.softmax()),
  image('Softmax, first axis', layers.softmax({ axis: 1 })),
];

const ACTIVATION_CASES = ACTIVATIONS.flatMap((activation): AgreementCase[] => [
  image(`Activation ${activation}`, layers.activation({ activation })),
  image(`Conv2D ${activation}`, layers.conv2d({ filters: 2, kernelSize: 2, activation })),
]);

const shares = (numbers: readonly number[]): number[] => {
  const sum = numbers.reduce((all, each) => all + each, 0);
  return numbers.map((each) => each / sum);
};
const largest = (numbers: readonly number[]): number[] => {
  const most = Math.max(...numbers);
  return numbers.map((each) => (each === most ? 1 : 0));
};
const zeroOrOne = (numbers: readonly number[]): number[] =>
  numbers.map((each) => (each < 0.5 ? 0 : 1));
const signs = (numbers: readonly number[]): number[] =>
  numbers.map((each) => (each < 0.5 ? -1 : 1));
const classes = (numbers: readonly number[]): number[] => [largest(numbers).indexOf(1)];

/** Of each loss: the activation in front of it, its targets, and parameters. */
const LOSSES: Readonly<
  Record<LossName, readonly [string, AgreementCase['targets'], ...Omit<LossConfig, 'kind'>[]]>
> = {
  mean_squared_error: ['tanh', undefined],
  mean_absolute_error: ['linear', undefined],
  mean_absolute_percentage_error: ['softplus', (numbers) => numbers.map((each) => each + 0.5)],
  mean_squared_logarithmic_error: ['softplus', undefined],
  huber: ['linear', undefined, { delta: 0.4 }],
  log_cosh: ['linear', undefined],
  cosine_similarity: ['linear', undefined],
  kl_divergence: ['softmax', shares],
  poisson: ['exponential', undefined],
  hinge: ['tanh', signs],
  squared_hinge: ['linear', signs],
  categorical_hinge: ['linear', largest],
  binary_crossentropy: ['sigmoid', zeroOrOne, { labelSmoothing: 0.1 }],
  categorical_crossentropy: ['softmax', largest, { labelSmoothing: 0.1 }],
  sparse_categorical_crossentropy: ['softmax', classes],
  binary_focal_crossentropy: ['sigmoid', zeroOrOne, { gamma: 3, applyClassBalancing: true }],
  categorical_focal_crossentropy: ['softmax', largest, { alpha: 0.5 }],
};

/** A small image classifier with an activation at its end. */
const ending = (activation: string): Model =>
  sequential({
    seed: 5,
    layers: [
      layers.input({ shape: IMAGE }),
      layers.conv2d({ filters: 2, kernelSize: 3, activation: 'relu' }),
      layers.flatten(),
      layers.dense({ units: OUTPUTS, activation: activation as 'linear' }),
    ],
  });

const LOSS_CASES = (Object.entries(LOSSES) as [LossName, (typeof LOSSES)[LossName]][]).flatMap(
  ([kind, [activation, targets, ...configs]]): AgreementCase[] => {
    const made = { build: () => ending(activation), ...(targets && { targets }) };
    const plain = { ...made, name: `${kind} behind ${activation}`, loss: kind };
    const crosses = kind.endsWith('crossentropy');
    return [
      plain,
      ...configs.map((config) => ({
        ...made,
        name: `${kind} with ${JSON.stringify(config)}`,
        loss: { kind, ...config },
      })),
      ...(crosses
        ? [
            {
              ...plain,
              name: `${kind} of logits`,
              build: () => ending('linear'),
              loss: { kind, fromLogits: true },
            },
          ]
        : []),
    ];
  },
);

/** Of each optimiser: with its own defaults, and with all that it can be told. */
const OPTIMISERS: Readonly<Record<OptimiserName, readonly Optimiser[]>> = {
  sgd: [
    sgd({ learningRate: 0.05 }),
    sgd({ learningRate: 0.05, momentum: 0.9, weightDecay: 0.01 }),
    sgd({ learningRate: 0.05, momentum: 0.9, nesterov: true }),
  ],
  rmsprop: [rmsprop(), rmsprop({ rho: 0.8, momentum: 0.5, centered: true, epsilon: 1e-5 })],
  adagrad: [adagrad(), adagrad({ initialAccumulatorValue: 0.3, epsilon: 1e-5 })],
  adam: [adam(), adam({ beta1: 0.8, beta2: 0.9, amsgrad: true, epsilon: 1e-5 })],
  adamw: [adamw(), adamw({ weightDecay: 0.02, amsgrad: true })],
};

const SCHEDULES: Readonly<Record<Schedule['kind'], Schedule>> = {
  exponentialDecay: {
    kind: 'exponentialDecay',
    initialLearningRate: 0.1,
    decaySteps: 4,
    decayRate: 0.5,
    staircase: true,
  },
  inverseTimeDecay: {
    kind: 'inverseTimeDecay',
    initialLearningRate: 0.1,
    decaySteps: 4,
    decayRate: 0.5,
  },
  polynomialDecay: {
    kind: 'polynomialDecay',
    initialLearningRate: 0.1,
    decaySteps: 6,
    power: 2,
    cycle: true,
  },
  cosineDecay: {
    kind: 'cosineDecay',
    initialLearningRate: 0.01,
    decaySteps: 10,
    warmupTarget: 0.1,
    warmupSteps: 5,
  },
  piecewiseConstantDecay: {
    kind: 'piecewiseConstantDecay',
    boundaries: [5, 10],
    values: [0.1, 0.05, 0.01],
  },
};

const CLIPPING: readonly Optimiser[] = [
  sgd({ clipValue: 0.02 }),
  sgd({ clipNorm: 0.1 }),
  adam({ globalClipNorm: 0.1 }),
];

const OPTIMISER_CASES = [
  ...Object.values(OPTIMISERS).flat(),
  ...CLIPPING,
  ...Object.values(SCHEDULES).map((learningRate) => sgd({ learningRate })),
].map(
  (optimizer): AgreementCase => ({
    name: `optimiser ${JSON.stringify(optimizer)}`,
    build: () => ending('linear'),
    optimizer,
  }),
);

const CONSTRAINTS: Readonly<Record<Constraint['kind'], Constraint>> = {
  maxNorm: { kind: 'maxNorm', maxValue: 0.5, axis: [0, 1, 2] },
  unitNorm: { kind: 'unitNorm' },
  minMaxNorm: { kind: 'minMaxNorm', minValue: 0.5, maxValue: 0.75, rate: 0.5 },
  nonNeg: { kind: 'nonNeg' },
};

const WEIGHT_CASES: readonly AgreementCase[] = [
  ...Object.values(CONSTRAINTS).map((kernelConstraint) =>
    image(
      `constraint ${kernelConstraint.kind}`,
      layers.conv2d({ filters: 3, kernelSize: 2, kernelConstraint }),
    ),
  ),
  image(
    'regularisers',
    layers.conv2d({
      filters: 3,
      kernelSize: 2,
      kernelRegularizer: { l1: 0.01, l2: 0.02 },
      biasRegularizer: { l2: 0.1 },
    }),
  ),
  image(
    'weights that are not trained',
    layers.conv2d({ filters: 3, kernelSize: 2, trainable: false }),
  ),
];

/** Stacks of Dense layers, whose weights stay in the cores. */
const STACKS: readonly AgreementCase[] = (
  [
    ['relu', 'softmax', 'categorical_crossentropy', largest],
    ['tanh', 'sigmoid', 'binary_crossentropy', zeroOrOne],
    ['sigmoid', 'linear', 'mean_squared_error', undefined],
  ] as const
).map(([hidden, last, loss, targets]) => ({
  name: `stack of ${hidden} and ${last}, ${loss}`,
  loss,
  ...(targets && { targets }),
  build: () =>
    sequential({
      seed: 5,
      layers: [
        layers.input({ shape: [10] }),
        layers.dense({ units: 8, activation: hidden }),
        layers.dense({ units: OUTPUTS, activation: last }),
      ],
    }),
}));

/** A network with most of it all. */
const MIXED: AgreementCase = {
  name: 'a convolutional network with most of it',
  build: () =>
    sequential({
      seed: 5,
      layers: [
        layers.input({ shape: IMAGE }),
        layers.conv2d({ filters: 3, kernelSize: 3, padding: 'same', useBias: false }),
        layers.batchNormalization(),
        layers.reLU(),
        layers.maxPooling2d({ poolSize: 2 }),
        layers.dropout({ rate: 0.25 }),
        layers.flatten(),
        layers.dense({ units: OUTPUTS, activation: 'softmax' }),
      ],
    }),
  loss: 'categorical_crossentropy',
  optimizer: adam({ learningRate: 0.01 }),
  targets: largest,
};

/** All of them; a few that between them have most of it come first. */
export const AGREEMENT_CASES: readonly AgreementCase[] = [
  MIXED,
  ...STACKS,
  ...LAYERS,
  ...ACTIVATION_CASES,
  ...LOSS_CASES,
  ...OPTIMISER_CASES,
  ...WEIGHT_CASES,
];

/** Convolutions over sequences and images. */
import { UnsupportedError } from '../../errors.js';
import type { Initialiser } from '../../initialisers/initialisers.js';
import {
  type Config,
  constraint,
  count,
  type DataFormat,
  dataFormat,
  initialiser,
  optional,
  type Pair,
  pair,
  regulariser,
  required,
  type Shape,
  single,
  word,
} from '../fields.js';
import { kernelAndBias, kernelFields } from './dense.js';
import { type LayerKind, type Refuse, sizeOf, type WeightDefinition } from './kind.js';
import {
  joined,
  type Padding,
  spatial,
  type WindowAxis,
  windowAxis,
  windowSizes,
} from './spatial.js';

type OneOrTwo = number | Pair | readonly number[];

const oneGroup = (given: unknown): 1 => {
  if (given !== 1) throw new UnsupportedError('groups', String(given), ['1']);
  return 1;
};

const ONE_BY_ONE: Pair = [1, 1];
const LAST: DataFormat = 'channels_last';

const commonFields = {
  dataFormat: optional(dataFormat, LAST),
  /** Only 1 is supported. */
  groups: optional(oneGroup, 1),
} as const;

const fields1d = {
  /** Number of outputs at each position. */
  filters: required(count),
  kernelSize: required<number, OneOrTwo>(single),
  strides: optional<number, OneOrTwo>(single, 1),
  /** `valid` unless told; `causal` looks back only. */
  padding: optional(word('valid', 'same', 'causal'), 'valid'),
  dilationRate: optional<number, OneOrTwo>(single, 1),
  ...commonFields,
  ...kernelFields,
} as const;

const fields2d = {
  /** Number of outputs at each position. */
  filters: required(count),
  kernelSize: required<Pair, OneOrTwo>(pair),
  strides: optional<Pair, OneOrTwo>(pair, ONE_BY_ONE),
  /** `valid` unless told. */
  padding: optional(word('valid', 'same'), 'valid'),
  dilationRate: optional<Pair, OneOrTwo>(pair, ONE_BY_ONE),
  ...commonFields,
  ...kernelFields,
} as const;

const { activation, useBias, biasInitializer, biasRegularizer, biasConstraint } = kernelFields;

const depthwiseFields = {
  kernelSize: required<Pair, OneOrTwo>(pair),
  strides: optional<Pair, OneOrTwo>(pair, ONE_BY_ONE),
  padding: optional(word('valid', 'same'), 'valid'),
  /** Outputs for each channel of the input; 1 unless told. */
  depthMultiplier: optional(count, 1),
  dataFormat: optional(dataFormat, LAST),
  dilationRate: optional<Pair, OneOrTwo>(pair, ONE_BY_ONE),
  depthwiseInitializer: optional(initialiser, 'glorotUniform' as Initialiser),
  depthwiseRegularizer: optional(regulariser, undefined),
  depthwiseConstraint: optional(constraint, undefined),
  activation,
  useBias,
  biasInitializer,
  biasRegularizer,
  biasConstraint,
} as const;

/** What all windows that slide over images have. */
export interface WindowConfig {
  readonly kernelSize: number | Pair;
  readonly strides: number | Pair;
  readonly dilationRate: number | Pair;
  readonly padding: Padding;
  readonly dataFormat: DataFormat;
}

/** The axes of a convolution over an input; a sequence has one row. */
export function convolutionAxes(
  { kernelSize, strides, dilationRate, padding, dataFormat }: WindowConfig,
  input: Shape,
  refuse: Refuse,
): { axes: WindowAxis[]; channels: number } {
  const kernels = [kernelSize].flat();
  const { sizes, channels } = spatial(input, kernels.length, dataFormat, refuse);
  const steps = [strides].flat();
  const dilations = [dilationRate].flat();
  if (Math.max(...steps) > 1 && Math.max(...dilations) > 1) {
    refuse('has strides and dilations above 1: use one of them');
  }
  const axes = sizes.map((size, axis) =>
    windowAxis(
      size,
      kernels[axis] as number,
      steps[axis] as number,
      dilations[axis] as number,
      padding,
    ),
  );
  return { axes, channels };
}

function channelsOf(input: Shape, format: DataFormat): number {
  return (format === 'channels_last' ? input.at(-1) : input[0]) as number;
}

type ConvolutionConfig = Config<typeof fields1d> | Config<typeof fields2d>;

function convolutionShape(
  config: ConvolutionConfig,
  [input = []]: readonly Shape[],
  refuse: Refuse,
): Shape {
  const { axes } = convolutionAxes(config, input, refuse);
  return joined(windowSizes(axes, refuse), config.filters, config.dataFormat);
}

function convolutionWeights(
  config: ConvolutionConfig,
  [input = []]: readonly Shape[],
): WeightDefinition[] {
  const channels = channelsOf(input, config.dataFormat);
  const window = [config.kernelSize].flat();
  const positions = sizeOf(window);
  const { filters } = config;
  const shape = [...window, channels, filters];
  return kernelAndBias(config, shape, positions * channels, positions * filters, filters);
}

/** A convolution over the steps of a sequence. */
export const conv1d: LayerKind<'Conv1D', typeof fields1d> = {
  className: 'Conv1D',
  fields: fields1d,
  inputs: 'one',
  shape: convolutionShape,
  weights: convolutionWeights,
};

/** A convolution over the rows and columns of an image. */
export const conv2d: LayerKind<'Conv2D', typeof fields2d> = {
  className: 'Conv2D',
  fields: fields2d,
  inputs: 'one',
  shape: convolutionShape,
  weights: convolutionWeights,
};

/** A convolution of each channel by itself. */
export const depthwiseConv2d: LayerKind<'DepthwiseConv2D', typeof depthwiseFields> = {
  className: 'DepthwiseConv2D',
  fields: depthwiseFields,
  inputs: 'one',
  shape: (config, [input = []], refuse) => {
    const { axes, channels } = convolutionAxes(config, input, refuse);
    if (config.strides[0] !== config.strides[1]) refuse('has two different strides: give one');
    const outputs = channels * config.depthMultiplier;
    return joined(windowSizes(axes, refuse), outputs, config.dataFormat);
  },
  weights: (config: Config<typeof depthwiseFields>, [input = []]) => {
    const { dataFormat, kernelSize, depthMultiplier } = config;
    const channels = channelsOf(input, dataFormat);
    const positions = sizeOf(kernelSize);
    const kernel = {
      ...config,
      kernelInitializer: config.depthwiseInitializer,
      kernelRegularizer: config.depthwiseRegularizer,
      kernelConstraint: config.depthwiseConstraint,
    };
    // Keras computes fans from the shape as if it were that of a convolution.
    const fans = [positions * channels, positions * depthMultiplier] as const;
    const shape = [...kernelSize, channels, depthMultiplier];
    return kernelAndBias(kernel, shape, ...fans, channels * depthMultiplier);
  },
};

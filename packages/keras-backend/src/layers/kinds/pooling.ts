/** Layers that make one value of many: pools, over windows or over everything. */
import {
  type Config,
  type DataFormat,
  dataFormat,
  flag,
  type OptionalField,
  optional,
  orNothing,
  type Pair,
  pair,
  type Shape,
  single,
  word,
} from '../fields.js';
import { plainKind, type Refuse } from './kind.js';
import { joined, spatial, type WindowAxis, windowAxis, windowSizes } from './spatial.js';

const LAST: DataFormat = 'channels_last';
const TWO_BY_TWO: Pair = [2, 2];
type OneOrTwo = number | Pair | readonly number[];

const fields1d = {
  /** 2 unless told. */
  poolSize: optional<number, OneOrTwo>(single, 2),
  /** `poolSize` unless told. */
  strides: optional<number | undefined, OneOrTwo>(orNothing(single), undefined),
  /** `valid` unless told. */
  padding: optional(word('valid', 'same'), 'valid'),
  dataFormat: optional(dataFormat, LAST),
} as const;

const fields2d = {
  /** 2 unless told. */
  poolSize: optional<Pair, OneOrTwo>(pair, TWO_BY_TWO),
  /** `poolSize` unless told. */
  strides: optional<Pair | undefined, OneOrTwo>(orNothing(pair), undefined),
  /** `valid` unless told. */
  padding: optional(word('valid', 'same'), 'valid'),
  dataFormat: optional(dataFormat, LAST),
} as const;

const globalFields = {
  dataFormat: optional(dataFormat, LAST),
  /** Keeps the axes that are pooled, with size 1. */
  keepdims: optional(flag, false),
} as const;

type PoolConfig = Config<typeof fields1d> | Config<typeof fields2d>;

/** The axes of a pool over an input. */
export function poolingAxes(
  { poolSize, strides, padding, dataFormat }: PoolConfig,
  input: Shape,
  refuse: Refuse,
): { axes: WindowAxis[]; channels: number } {
  const windows = [poolSize].flat();
  const steps = [strides ?? poolSize].flat();
  const { sizes, channels } = spatial(input, windows.length, dataFormat, refuse);
  const axes = sizes.map((size, axis) =>
    windowAxis(size, windows[axis] as number, steps[axis] as number, 1, padding),
  );
  return { axes, channels };
}

function poolShape(config: PoolConfig, input: Shape, refuse: Refuse): Shape {
  const { axes, channels } = poolingAxes(config, input, refuse);
  return joined(windowSizes(axes, refuse), channels, config.dataFormat);
}

const globalShape =
  (rank: number) =>
  ({ dataFormat, keepdims }: GlobalConfig, input: Shape, refuse: Refuse): Shape => {
    const { channels } = spatial(input, rank, dataFormat, refuse);
    return keepdims ? joined(new Array(rank).fill(1), channels, dataFormat) : [channels];
  };

type GlobalConfig = Config<{
  readonly dataFormat: OptionalField<DataFormat>;
  readonly keepdims: OptionalField<boolean>;
}>;

/** The largest value of each window of a sequence. */
export const maxPooling1d = plainKind('MaxPooling1D', fields1d, poolShape);
/** The largest value of each window of an image. */
export const maxPooling2d = plainKind('MaxPooling2D', fields2d, poolShape);
/** The mean of each window of a sequence; positions beyond the edge do not count. */
export const averagePooling1d = plainKind('AveragePooling1D', fields1d, poolShape);
/** The mean of each window of an image; positions beyond the edge do not count. */
export const averagePooling2d = plainKind('AveragePooling2D', fields2d, poolShape);
/** The mean over a sequence. */
export const globalAveragePooling1d = plainKind(
  'GlobalAveragePooling1D',
  globalFields,
  globalShape(1),
);
/** The mean over an image. */
export const globalAveragePooling2d = plainKind(
  'GlobalAveragePooling2D',
  globalFields,
  globalShape(2),
);
/** The largest value of a sequence. */
export const globalMaxPooling1d = plainKind('GlobalMaxPooling1D', globalFields, globalShape(1));
/** The largest value of an image. */
export const globalMaxPooling2d = plainKind('GlobalMaxPooling2D', globalFields, globalShape(2));

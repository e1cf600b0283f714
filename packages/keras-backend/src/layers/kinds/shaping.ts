/** Layers that move values without changing them. */

import { ModelDefinitionError } from '../../errors.js';
import {
  type DataFormat,
  dataFormat,
  integers,
  optional,
  type Pair,
  pair,
  required,
  type Shape,
  single,
  word,
} from '../fields.js';
import { plainKind, type Refuse, sizeOf } from './kind.js';
import { joined, spatial } from './spatial.js';

const LAST: DataFormat = 'channels_last';
const TWO_BY_TWO: Pair = [2, 2];
type OneOrTwo = number | Pair | readonly number[];

/** Makes vectors of samples, channels last. */
export const flatten = plainKind(
  'Flatten',
  { dataFormat: optional(dataFormat, LAST) },
  (_, input) => [sizeOf(input)],
);

/** Gives samples another shape. */
export const reshape = plainKind(
  'Reshape',
  {
    /** The new shape of a sample; one size may be -1, which is then worked out. */
    targetShape: required(integers),
  },
  ({ targetShape }, input, refuse) => {
    const open = targetShape.filter((size) => size === -1).length;
    const known = sizeOf(targetShape.filter((size) => size !== -1));
    const size = sizeOf(input);
    const fits = open === 0 ? known === size : open === 1 && known > 0 && size % known === 0;
    if (!fits) return refuse(`cannot make shape [${targetShape}] of samples of [${input}]`);
    return targetShape.map((each) => (each === -1 ? size / known : each));
  },
);

/** Changes the order of the axes of a sample. */
export const permute = plainKind(
  'Permute',
  {
    /** Which axis comes where, counted from 1. */
    dims: required(integers),
  },
  ({ dims }, input, refuse) => {
    const sorted = [...dims].sort((a, b) => a - b);
    if (dims.length !== input.length || sorted.some((axis, i) => axis !== i + 1)) {
      return refuse(`has dims [${dims}], but samples have axes 1 to ${input.length}`);
    }
    return dims.map((axis) => input[axis - 1] as number);
  },
);

/** Positions before and behind an axis. */
export type Edges = readonly [before: number, after: number];

function edges(given: unknown, owner: string, name: string): Edges {
  const both = Array.isArray(given) ? given : [given, given];
  if (both.length === 2 && both.every((each) => Number.isSafeInteger(each) && each >= 0)) {
    return [both[0], both[1]];
  }
  throw new ModelDefinitionError(
    owner,
    `has ${name} ${JSON.stringify(given)}: give whole numbers of at least 0`,
  );
}

function edgesOfImage(given: unknown, owner: string, name: string): readonly [Edges, Edges] {
  const [rows, columns] = Array.isArray(given) && given.length === 2 ? given : [given, given];
  return [edges(rows, owner, name), edges(columns, owner, name)];
}

const grown = (sizes: readonly number[], padding: readonly Edges[]): number[] =>
  sizes.map((size, axis) => size + (padding[axis]?.[0] ?? 0) + (padding[axis]?.[1] ?? 0));

/** Adds zeros before and behind a sequence. */
export const zeroPadding1d = plainKind(
  'ZeroPadding1D',
  {
    /** One number for both ends, or two; 1 unless told. */
    padding: optional<Edges, number | readonly number[]>(edges, [1, 1]),
    dataFormat: optional(dataFormat, LAST),
  },
  ({ padding, dataFormat }, input, refuse) => {
    const { sizes, channels } = spatial(input, 1, dataFormat, refuse);
    return joined(grown(sizes, [padding]), channels, dataFormat);
  },
);

/** Adds zeros around an image. */
export const zeroPadding2d = plainKind(
  'ZeroPadding2D',
  {
    /** One number, `[rows, columns]` or `[[top, bottom], [left, right]]`; 1 unless told. */
    padding: optional<
      readonly [Edges, Edges],
      number | readonly number[] | readonly (readonly number[])[]
    >(edgesOfImage, [
      [1, 1],
      [1, 1],
    ]),
    dataFormat: optional(dataFormat, LAST),
  },
  ({ padding, dataFormat }, input, refuse) => {
    const { sizes, channels } = spatial(input, 2, dataFormat, refuse);
    return joined(grown(sizes, padding), channels, dataFormat);
  },
);

function scaled(rank: number) {
  return (
    { size, dataFormat = LAST }: { size: number | Pair; dataFormat?: DataFormat },
    input: Shape,
    refuse: Refuse,
  ): Shape => {
    const { sizes, channels } = spatial(input, rank, dataFormat, refuse);
    const factors = [size].flat();
    return joined(
      sizes.map((each, axis) => each * (factors[axis] as number)),
      channels,
      dataFormat,
    );
  };
}

/** Repeats each step of a sequence. */
export const upSampling1d = plainKind(
  'UpSampling1D',
  {
    /** 2 unless told. */
    size: optional<number, OneOrTwo>(single, 2),
  },
  scaled(1),
);

/** Makes images larger. */
export const upSampling2d = plainKind(
  'UpSampling2D',
  {
    /** 2 unless told. */
    size: optional<Pair, OneOrTwo>(pair, TWO_BY_TWO),
    dataFormat: optional(dataFormat, LAST),
    /** `nearest` unless told. */
    interpolation: optional(word('nearest', 'bilinear'), 'nearest'),
  },
  scaled(2),
);

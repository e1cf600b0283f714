/** Sizes along the axes of images and sequences, as Keras computes them. */
import type { DataFormat, Shape } from '../fields.js';
import type { Refuse } from './kind.js';

/** How a window treats the edges of what it slides over. */
export type Padding = 'valid' | 'same' | 'causal';

/** Where a window lies along one axis. */
export interface WindowAxis {
  readonly input: number;
  readonly output: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  /** Positions before the first that are added. */
  readonly before: number;
}

/** An axis that a window slides over. The output may be below 1 where the window does not fit. */
export function windowAxis(
  input: number,
  kernel: number,
  stride: number,
  dilation: number,
  padding: Padding,
): WindowAxis {
  const reach = (kernel - 1) * dilation + 1;
  const common = { input, kernel, stride, dilation };
  if (padding === 'valid') {
    return { ...common, output: Math.floor((input - reach) / stride) + 1, before: 0 };
  }
  if (padding === 'causal') {
    return { ...common, output: Math.floor((input - 1) / stride) + 1, before: reach - 1 };
  }
  const output = Math.ceil(input / stride);
  const missing = Math.max(0, (output - 1) * stride + reach - input);
  return { ...common, output, before: Math.floor(missing / 2) };
}

/** A shape taken apart: sizes to slide over, and channels. */
export interface Spatial {
  readonly sizes: readonly number[];
  readonly channels: number;
}

/** Takes the shape of images (`rank` 2) or sequences (`rank` 1) apart. */
export function spatial(input: Shape, rank: number, format: DataFormat, refuse: Refuse): Spatial {
  if (input.length !== rank + 1) {
    const needed = rank === 1 ? '[steps, channels]' : '[rows, columns, channels]';
    return refuse(`takes samples of shape ${needed}, not [${input}]`);
  }
  return format === 'channels_last'
    ? { sizes: input.slice(0, rank), channels: input[rank] as number }
    : { sizes: input.slice(1), channels: input[0] as number };
}

/** Puts a shape together again. */
export function joined(sizes: readonly number[], channels: number, format: DataFormat): Shape {
  return format === 'channels_last' ? [...sizes, channels] : [channels, ...sizes];
}

/** Output sizes of a window, all of them above 0. */
export function windowSizes(axes: readonly WindowAxis[], refuse: Refuse): number[] {
  for (const { input, kernel, dilation, output } of axes) {
    if (output < 1) {
      const reach = (kernel - 1) * dilation + 1;
      refuse(`has a window over ${reach} values, but its input has ${input}: use padding "same"`);
    }
  }
  return axes.map(({ output }) => output);
}

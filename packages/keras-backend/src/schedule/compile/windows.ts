/** The windows of layers, as operations have them. */
import { convolutionAxes } from '../../layers/kinds/convolution.js';
import { poolingAxes } from '../../layers/kinds/pooling.js';
import type { WindowAxis } from '../../layers/kinds/spatial.js';
import type { ComputedLayer, Shape } from '../../layers/layers.js';
import { POINT_WINDOW, type Window } from '../operations.js';
import type { ImageShape } from './tensors.js';

type Of<Name extends ComputedLayer['className']> = Extract<ComputedLayer, { className: Name }>;

/** Layers that slide windows with weights. */
export type ConvolutionLayer = Of<'Conv1D' | 'Conv2D' | 'DepthwiseConv2D'>;
/** Layers that slide windows without. */
export type PoolingLayer = Of<
  'MaxPooling1D' | 'MaxPooling2D' | 'AveragePooling1D' | 'AveragePooling2D'
>;

/** The window of a convolution over inputs of a shape. */
export function convolutionWindow(layer: ConvolutionLayer, input: Shape): Window {
  return windowOf(convolutionAxes(layer, input, neverRefuses).axes);
}

/** The window of a pool over inputs of a shape. */
export function poolingWindow(layer: PoolingLayer, input: Shape): Window {
  return windowOf(poolingAxes(layer as never, input, neverRefuses).axes);
}

/** A window that sees everything. */
export function globalWindow([rows, columns]: ImageShape): Window {
  return { ...POINT_WINDOW, kernelRows: rows, kernelColumns: columns };
}

function windowOf(axes: readonly WindowAxis[]): Window {
  const columns = axes.at(-1) as WindowAxis;
  const rows = axes.length > 1 ? axes[0] : undefined;
  return {
    kernelRows: rows?.kernel ?? 1,
    kernelColumns: columns.kernel,
    strideRows: rows?.stride ?? 1,
    strideColumns: columns.stride,
    dilationRows: rows?.dilation ?? 1,
    dilationColumns: columns.dilation,
    top: rows?.before ?? 0,
    left: columns.before,
    spreadRows: 1,
    spreadColumns: 1,
  };
}

/** Shapes were checked when the layer was placed. */
function neverRefuses(reason: string): never {
  throw new RangeError(reason);
}

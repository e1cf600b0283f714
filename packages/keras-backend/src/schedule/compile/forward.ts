/** From a call of a layer to the operations that compute its values. */
import { sampleAxis } from '../../layers/kinds/merging.js';
import type { ComputedLayer, Shape } from '../../layers/layers.js';
import {
  ELEMENT_BYTES,
  type FieldValues,
  MergeFunction,
  MULTIPLIER_FRACTION,
  type mapFields,
  PARAMETER_FRACTION,
  POINT_WINDOW,
  PoolFunction,
  type Tensor,
  type Window,
} from '../operations.js';
import { activationOf } from './activations.js';
import type { Call, Compilation, KernelOperands } from './context.js';
import { normalise } from './normalisation.js';
import { convolutionWindow, globalWindow, poolingWindow } from './windows.js';

/** Computes the values of a call, whose inputs are computed. @param stream index of the data of inputs */
export function forward(compilation: Compilation, call: Call, stream: number): void {
  const { tensors, emit } = compilation;
  const { index, node, layer, owner } = call;
  if (tensors.isView(index)) return;
  const target = tensors.value(index);
  const sources = node.inputs.map((input) => tensors.value(input));
  const [source = target] = sources;
  switch (layer.className) {
    case 'InputLayer':
      emit(owner, { kind: 'take', stream, streamStride: streamStride(target), target });
      break;
    case 'Dense':
    case 'Conv1D':
    case 'Conv2D':
      emit(owner, {
        kind: 'matrix',
        input: source,
        output: target,
        window: windowOf(compilation, call),
        ...forwardKernel(compilation, call),
        accumulate: 0,
      });
      break;
    case 'DepthwiseConv2D':
      emit(owner, {
        kind: 'depthwise',
        input: source,
        output: target,
        window: windowOf(compilation, call),
        ...forwardKernel(compilation, call),
        multiplier: layer.depthMultiplier,
      });
      break;
    case 'BatchNormalization':
      normalise(compilation, call, layer, source, target);
      break;
    case 'Dropout':
      emit(owner, { kind: 'drop', source, target, ...dropFields(layer, index), accumulate: 0 });
      break;
    case 'Concatenate':
      for (const [i, region] of regionsOf(layer, node.shape.length, target, sources).entries()) {
        emit(owner, { kind: 'map', source: sources[i] as Tensor, target: region, ...AS_IT_IS });
      }
      break;
    default:
      plain(compilation, call, layer, sources, target);
  }
}

/** Layers with one operation that is told the same forwards and back. */
function plain(
  { emit }: Compilation,
  { owner, node }: Call,
  layer: ComputedLayer,
  sources: readonly Tensor[],
  target: Tensor,
): void {
  const [source, second] = sources as [Tensor, Tensor];
  const activation = activationOf(layer, source.fraction);
  const merge = mergeOf(layer);
  const pool = poolOf(layer, source);
  const map = mapOf(layer, node.shape.length);
  if (activation) emit(owner, { kind: 'activate', source, target, ...activation });
  else if (merge) emit(owner, { kind: 'merge', first: source, second, target, ...merge });
  else if (pool) emit(owner, { kind: 'pool', source, target, ...pool });
  else if (map) emit(owner, { kind: 'map', source, target, ...map });
  else throw new RangeError(`${layer.className} has no operation`);
}

/** The window of a layer with a kernel. */
export function windowOf({ tensors }: Compilation, { layer, node }: Call): Window {
  if (layer.className === 'InputLayer' || layer.className === 'Dense') return POINT_WINDOW;
  const input = node.inputs[0] as number;
  const [rows, columns, channels] = tensors.shape(input);
  const shape: Shape =
    layer.className === 'Conv1D' ? [columns, channels] : [rows, columns, channels];
  return convolutionWindow(layer as never, shape);
}

function forwardKernel({ kernels }: Compilation, { node }: Call) {
  const { weights, weightStride, weightFraction, bias } = kernels.get(node.layer) as KernelOperands;
  return { weights, weightStride, weightFraction, bias };
}

/** Bytes of a sample in a data set. */
export function streamStride({ rows, columns, channels, type }: Tensor): number {
  const bytes = rows * columns * channels * (type === 0 ? 2 : 4);
  return Math.ceil(bytes / 4) * 4;
}

/** What `drop` is told, forwards and back. */
export function dropFields(
  { rate, seed }: Extract<ComputedLayer, { className: 'Dropout' }>,
  salt: number,
) {
  return {
    limit: Math.min(2 ** 32 - 1, Math.round(rate * 2 ** 32)),
    multiplier: rate < 1 ? Math.round(2 ** PARAMETER_FRACTION / (1 - rate)) : 0,
    salt,
    ownSeed: seed === undefined ? 0 : 1,
    layerSeed: (seed ?? 0) >>> 0,
  };
}

/** What `merge` is told of a layer; undefined of others. */
export function mergeOf(layer: ComputedLayer) {
  const one = 2 ** MULTIPLIER_FRACTION;
  switch (layer.className) {
    case 'Add':
      return { function: MergeFunction.Add, multiplier: one };
    case 'Average':
      return { function: MergeFunction.Add, multiplier: one / 2 };
    case 'Subtract':
      return { function: MergeFunction.Subtract, multiplier: one };
    case 'Multiply':
      return { function: MergeFunction.Multiply, multiplier: one };
    case 'Maximum':
      return { function: MergeFunction.Maximum, multiplier: one };
    case 'Minimum':
      return { function: MergeFunction.Minimum, multiplier: one };
    default:
      return undefined;
  }
}

/** What `pool` is told of a layer; undefined of others. */
export function poolOf(layer: ComputedLayer, { rows, columns, channels }: Tensor) {
  const all = globalWindow([rows, columns, channels]);
  switch (layer.className) {
    case 'MaxPooling1D':
    case 'AveragePooling1D':
      return {
        window: poolingWindow(layer, [columns, channels]),
        function: layer.className === 'MaxPooling1D' ? PoolFunction.Largest : PoolFunction.Mean,
      };
    case 'MaxPooling2D':
    case 'AveragePooling2D':
      return {
        window: poolingWindow(layer, [rows, columns, channels]),
        function: layer.className === 'MaxPooling2D' ? PoolFunction.Largest : PoolFunction.Mean,
      };
    case 'GlobalAveragePooling1D':
    case 'GlobalAveragePooling2D':
      return { window: all, function: PoolFunction.Mean };
    case 'GlobalMaxPooling1D':
    case 'GlobalMaxPooling2D':
      return { window: all, function: PoolFunction.Largest };
    default:
      return undefined;
  }
}

type MapFields = FieldValues<typeof mapFields>;

/** Moves nothing. */
export const AS_IT_IS: MapFields = {
  linear: 0,
  rowsAxis: 0,
  columnsAxis: 1,
  channelsAxis: 2,
  rowsOffset: 0,
  columnsOffset: 0,
  channelsOffset: 0,
  rowsRepeat: 1,
  columnsRepeat: 1,
  channelsRepeat: 1,
};

/** What `map` is told of a layer that moves values; undefined of others. @param rank axes of a sample */
export function mapOf(layer: ComputedLayer, rank: number): MapFields | undefined {
  switch (layer.className) {
    case 'Flatten':
    case 'Reshape':
      return { ...AS_IT_IS, linear: 1 };
    case 'Permute': {
      const first = 3 - rank;
      const [rowsAxis = 0, columnsAxis = 1, channelsAxis = 2] = [
        ...[0, 1, 2].slice(0, first),
        ...layer.dims.map((axis) => axis - 1 + first),
      ];
      return { ...AS_IT_IS, rowsAxis, columnsAxis, channelsAxis };
    }
    case 'ZeroPadding1D':
      return { ...AS_IT_IS, columnsOffset: layer.padding[0] };
    case 'ZeroPadding2D':
      return {
        ...AS_IT_IS,
        rowsOffset: layer.padding[0][0],
        columnsOffset: layer.padding[1][0],
      };
    case 'UpSampling1D':
      return { ...AS_IT_IS, columnsRepeat: layer.size };
    case 'UpSampling2D':
      return { ...AS_IT_IS, rowsRepeat: layer.size[0], columnsRepeat: layer.size[1] };
    default:
      return undefined;
  }
}

/** The parts of a tensor that the inputs of a concatenation fill. @param rank axes of a sample */
export function regionsOf(
  { axis }: Extract<ComputedLayer, { className: 'Concatenate' }>,
  rank: number,
  whole: Tensor,
  parts: readonly Pick<Tensor, 'rows' | 'columns' | 'channels'>[],
): Tensor[] {
  const along = 3 - rank + (sampleAxis(axis, rank) as number);
  const step = [whole.rowStride, whole.pixelStride, 1][along] as number;
  let before = 0;
  return parts.map(({ rows, columns, channels }) => {
    const address = whole.address + before * step * (ELEMENT_BYTES[whole.type] as number);
    before += [rows, columns, channels][along] as number;
    return { ...whole, address, rows, columns, channels };
  });
}

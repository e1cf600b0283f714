/** Every kind of layers, by Keras's name of its class. */
import { conv1d, conv2d, depthwiseConv2d } from './convolution.js';
import { dense } from './dense.js';
import {
  activation,
  batchNormalization,
  dropout,
  elu,
  leakyReLU,
  reLU,
  softmax,
} from './elementwise.js';
import { add, average, concatenate, maximum, minimum, multiply, subtract } from './merging.js';
import {
  averagePooling1d,
  averagePooling2d,
  globalAveragePooling1d,
  globalAveragePooling2d,
  globalMaxPooling1d,
  globalMaxPooling2d,
  maxPooling1d,
  maxPooling2d,
} from './pooling.js';
import { gru, lstm, simpleRNN } from './recurrent.js';
import {
  flatten,
  permute,
  reshape,
  upSampling1d,
  upSampling2d,
  zeroPadding1d,
  zeroPadding2d,
} from './shaping.js';

/** All kinds but `InputLayer`, which has no inputs. */
export const KINDS = {
  Dense: dense,
  Conv1D: conv1d,
  Conv2D: conv2d,
  DepthwiseConv2D: depthwiseConv2d,
  MaxPooling1D: maxPooling1d,
  MaxPooling2D: maxPooling2d,
  AveragePooling1D: averagePooling1d,
  AveragePooling2D: averagePooling2d,
  GlobalAveragePooling1D: globalAveragePooling1d,
  GlobalAveragePooling2D: globalAveragePooling2d,
  GlobalMaxPooling1D: globalMaxPooling1d,
  GlobalMaxPooling2D: globalMaxPooling2d,
  Flatten: flatten,
  Reshape: reshape,
  Permute: permute,
  ZeroPadding1D: zeroPadding1d,
  ZeroPadding2D: zeroPadding2d,
  UpSampling1D: upSampling1d,
  UpSampling2D: upSampling2d,
  Add: add,
  Subtract: subtract,
  Multiply: multiply,
  Average: average,
  Maximum: maximum,
  Minimum: minimum,
  Concatenate: concatenate,
  BatchNormalization: batchNormalization,
  Dropout: dropout,
  Activation: activation,
  ReLU: reLU,
  LeakyReLU: leakyReLU,
  ELU: elu,
  Softmax: softmax,
  SimpleRNN: simpleRNN,
  LSTM: lstm,
  GRU: gru,
} as const;

/** Names of the classes of {@link KINDS}. */
export type KindName = keyof typeof KINDS;

/** Names of all layers, for messages. */
export const LAYER_NAMES: readonly string[] = ['InputLayer', ...Object.keys(KINDS)];

/** Whether a name is one of {@link KINDS}. */
export function isLayerName(name: string): name is KindName {
  return Object.hasOwn(KINDS, name);
}

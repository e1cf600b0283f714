/** Which function computes which kind of layers. */
import type { KINDS, KindName } from '../layers/kinds/index.js';
import type { LayerOf } from '../layers/kinds/kind.js';
import type { Compute } from './compute.js';
import { convolution, depthwiseConvolution } from './convolution.js';
import { dense } from './dense.js';
import { activation, dropout, elu, leakyReLU, reLU, softmaxLayer } from './elementwise.js';
import { concatenate, elementwise } from './merging.js';
import { batchNormalization } from './normalisation.js';
import { averagePooling, globalAverage, globalMaximum, maxPooling } from './pooling.js';
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

/** By Keras's name of the class. */
export const COMPUTATIONS: {
  readonly [Name in KindName]: Compute<LayerOf<(typeof KINDS)[Name]>>;
} = {
  Dense: dense,
  Conv1D: convolution,
  Conv2D: convolution,
  DepthwiseConv2D: depthwiseConvolution,
  MaxPooling1D: maxPooling,
  MaxPooling2D: maxPooling,
  AveragePooling1D: averagePooling,
  AveragePooling2D: averagePooling,
  GlobalAveragePooling1D: globalAverage,
  GlobalAveragePooling2D: globalAverage,
  GlobalMaxPooling1D: globalMaximum,
  GlobalMaxPooling2D: globalMaximum,
  Flatten: flatten,
  Reshape: reshape,
  Permute: permute,
  ZeroPadding1D: zeroPadding1d,
  ZeroPadding2D: zeroPadding2d,
  UpSampling1D: upSampling1d,
  UpSampling2D: upSampling2d,
  Add: elementwise,
  Subtract: elementwise,
  Multiply: elementwise,
  Average: elementwise,
  Maximum: elementwise,
  Minimum: elementwise,
  Concatenate: concatenate,
  BatchNormalization: batchNormalization,
  Dropout: dropout,
  Activation: activation,
  ReLU: reLU,
  LeakyReLU: leakyReLU,
  ELU: elu,
  Softmax: softmaxLayer,
  SimpleRNN: simpleRNN,
  LSTM: lstm,
  GRU: gru,
};

/** Residual networks for tests and planning (He et al. 2015), with batch normalisation. */
import { apply, input, type SymbolicTensor } from '../graph/tensors.js';
import { layers, type Shape } from '../layers/layers.js';
import { type Model, model } from '../model/model.js';

/** What a small residual network looks like. */
export interface SmallResidualNetwork {
  readonly shape: Shape;
  readonly classes: number;
  /** Blocks in each of the three stages: 3 is ResNet-20. */
  readonly blocks: number;
  /** Channels of the first stage; 16 in the paper. */
  readonly width: number;
  readonly seed?: number;
  /** Of the first convolution; 1 unless told. */
  readonly firstStride?: number;
  /** Of the moving averages of batch normalisation; 0.9 unless told. */
  readonly momentum?: number;
}

interface ConvolutionShape {
  readonly filters: number;
  readonly size: number;
  readonly stride: number;
  readonly momentum?: number;
}

function normalised(
  from: SymbolicTensor,
  { filters, size, stride, momentum = 0.9 }: ConvolutionShape,
) {
  const options = {
    filters,
    kernelSize: size,
    strides: stride,
    padding: 'same',
    useBias: false,
  } as const;
  const convolved = apply(layers.conv2d({ ...options, kernelInitializer: 'heNormal' }), from);
  return apply(layers.batchNormalization({ momentum }), convolved);
}

const rectified = (from: SymbolicTensor) => apply(layers.reLU(), from);

function pooledClasses(from: SymbolicTensor, classes: number): SymbolicTensor {
  const means = apply(layers.globalAveragePooling2d(), from);
  return apply(layers.dense({ units: classes, activation: 'softmax' }), means);
}

/** The network of section 4.2: three stages of 3 x 3 convolutions, with identity or 1 x 1 shortcuts. */
export function smallResidualNetwork({
  shape,
  classes,
  blocks,
  width,
  seed = 0,
  firstStride = 1,
  momentum = 0.9,
}: SmallResidualNetwork): Model {
  const start = input({ shape });
  let x = rectified(normalised(start, { filters: width, size: 3, stride: firstStride, momentum }));
  for (const [stage, filters] of [width, 2 * width, 4 * width].entries()) {
    for (let block = 0; block < blocks; block++) {
      const stride = stage > 0 && block === 0 ? 2 : 1;
      const inner = rectified(normalised(x, { filters, size: 3, stride, momentum }));
      const sum = normalised(inner, { filters, size: 3, stride: 1, momentum });
      const shortcut = stride === 1 ? x : normalised(x, { filters, size: 1, stride, momentum });
      x = rectified(apply(layers.add(), [sum, shortcut]));
    }
  }
  return model({ inputs: start, outputs: pooledClasses(x, classes), seed, name: 'small_residual' });
}

/** ResNet-50 of section 4.1, with Keras's strides, for images of 224 x 224. */
export function resNet50(): Model {
  const start = input({ shape: [224, 224, 3] });
  const first = rectified(normalised(start, { filters: 64, size: 7, stride: 2 }));
  let x = apply(layers.maxPooling2d({ poolSize: 3, strides: 2, padding: 'same' }), first);
  for (const [stage, blocks] of [3, 4, 6, 3].entries()) {
    const filters = 64 * 2 ** stage;
    for (let block = 0; block < blocks; block++) {
      const stride = stage > 0 && block === 0 ? 2 : 1;
      const narrow = rectified(normalised(x, { filters, size: 1, stride }));
      const inner = rectified(normalised(narrow, { filters, size: 3, stride: 1 }));
      const sum = normalised(inner, { filters: 4 * filters, size: 1, stride: 1 });
      const shortcut = block > 0 ? x : normalised(x, { filters: 4 * filters, size: 1, stride });
      x = rectified(apply(layers.add(), [sum, shortcut]));
    }
  }
  return model({ inputs: start, outputs: pooledClasses(x, 1000), name: 'resnet50' });
}

/** What is done with gradients once a batch, and with weights before. */
import type { ComputedLayer } from '../../layers/layers.js';
import type { Optimiser } from '../../optimisers/optimisers.js';
import type { Constraint } from '../../regularisers/constraints.js';
import {
  ConstraintNumber,
  ElementType,
  GradientType,
  NORM_BLOCK,
  type Operation,
  OptimiserNumber,
  weightStrideOf,
} from '../operations.js';
import type { Compilation, KernelOperands } from './context.js';
import type { GradientPlaces } from './gradients.js';
import type { WeightPlace } from './weights.js';

const SUM_BYTES = 8;
const FLOAT_BYTES = 4;

/** Numbers of each owner: a multiple of 64. */
export function numbersOfOwner({ weights, target }: Compilation): number {
  const owners = target.workers * target.replicas;
  return Math.max(1, Math.ceil(weights.trained / owners / NORM_BLOCK)) * NORM_BLOCK;
}

/** How the gradient of a weight is read. */
interface Gradient {
  readonly gradient: number;
  readonly gradientType: number;
  readonly gradientFraction: number;
}

/** Steps of the optimiser for all trained weights. @param fractions of int64 gradients, by weight */
export function updates(
  compilation: Compilation,
  gradients: GradientPlaces,
  fractions: ReadonlyMap<WeightPlace, number>,
): void {
  const { emit, memory, weights, target, request } = compilation;
  const { optimiser } = request;
  const per = numbersOfOwner(compilation);
  const trained = weights.places.filter(({ first }) => first !== undefined);
  if (trained.length === 0) return;
  if (target.replicas > 1) {
    emit('', { kind: 'reduce', address: gradients.sums, count: weights.trained, per });
  }
  const steps = trained.map((place) => ({
    place,
    owner: ownerOf(compilation, place),
    fields: {
      ...gradientOf(place, gradients, fractions),
      master: place.master,
      first: place.first as number,
      count: place.rows * place.stride,
      l1: place.definition.regulariser?.l1 ?? 0,
      l2: place.definition.regulariser?.l2 ?? 0,
    },
  }));
  const { clipNorm = 0, globalClipNorm = 0, clipValue = 0 } = optimiser;
  const blocks = weights.trained / NORM_BLOCK;
  const squares = new Map<WeightPlace, number>();
  if (clipNorm > 0 || globalClipNorm > 0) {
    const sums = memory.reserve(blocks * FLOAT_BYTES);
    const sumsAt = (first: number) => sums + (first / NORM_BLOCK) * FLOAT_BYTES;
    for (const { owner, fields } of steps) {
      emit(owner, { kind: 'norms', ...fields, sums: sumsAt(fields.first) });
    }
    if (target.replicas > 1) {
      emit('', { kind: 'share', address: sums, count: blocks, per: per / NORM_BLOCK });
    }
    const all = memory.reserve(FLOAT_BYTES);
    for (const { place, owner, fields } of clipNorm > 0 ? steps : []) {
      const own = memory.reserve(FLOAT_BYTES);
      const count = Math.ceil(fields.count / NORM_BLOCK);
      emit(owner, { kind: 'addUp', source: sumsAt(fields.first), count, target: own });
      squares.set(place, own);
    }
    if (clipNorm === 0) {
      emit('', { kind: 'addUp', source: sums, count: blocks, target: all });
      for (const { place } of steps) squares.set(place, all);
    }
  }
  for (const { place, owner, fields } of steps) {
    emit(owner, {
      kind: 'update',
      ...fields,
      ...optimiserFields(optimiser, place),
      weightDecay: optimiser.weightDecay ?? 0,
      clipValue: clipNorm > 0 || globalClipNorm > 0 ? 0 : clipValue,
      clipNorm: clipNorm || globalClipNorm,
      squares: squares.get(place) ?? 0,
    });
  }
  if (target.replicas > 1) {
    emit('', { kind: 'share', address: weights.masters, count: weights.trained, per });
  }
  for (const { place, owner } of steps) {
    const { constraint } = place.definition;
    if (constraint) emit(owner, constrainOperation(place, constraint));
  }
}

/** Adds what regularisers add to the loss. */
export function penalties(compilation: Compilation): void {
  for (const place of compilation.weights.places) {
    const { regulariser } = place.definition;
    if (!regulariser || place.first === undefined) continue;
    compilation.emit(ownerOf(compilation, place), {
      kind: 'penalty',
      master: place.master,
      first: place.first,
      count: place.rows * place.stride,
      l1: regulariser.l1 ?? 0,
      l2: regulariser.l2 ?? 0,
    });
  }
}

/** The operand copies of the kernels of all layers, or of the trained ones. */
export function refreshes(compilation: Compilation, onlyTrained: boolean): void {
  const { weights, kernels, tensors, emit } = compilation;
  for (const place of weights.places) {
    const kernel = kernels.get(place.layer);
    if (kernel === undefined || (onlyTrained && place.first === undefined)) continue;
    const owner = ownerOf(compilation, place);
    if (place.definition.name === 'bias') {
      emit(owner, {
        kind: 'refreshBias',
        master: place.master,
        operand: kernel.bias,
        count: place.depth,
        wide: tensors.operand === ElementType.Int16 ? 0 : 1,
        fraction: kernel.biasFraction,
      });
    } else {
      const { places, channels } = windowPlaces(compilation, place);
      emit(owner, {
        kind: 'refresh',
        master: place.master,
        operand: kernel.weights,
        transposed: kernel.transposed,
        rows: place.rows,
        stride: place.stride,
        places,
        channels,
        transposedStride: kernel.transposedStride,
        type: tensors.operand,
        fraction: kernel.weightFraction,
      });
    }
  }
}

/** Kernel places and input channels of a kernel of `matrix`. */
export function windowPlaces(
  { request: { graph } }: Pick<Compilation, 'request'>,
  { layer, depth, definition }: WeightPlace,
): { places: number; channels: number } {
  const { className } = (graph.layers[layer] as { layer: ComputedLayer }).layer;
  if (className === 'DepthwiseConv2D') return { places: 1, channels: depth };
  const channels = definition.shape.at(-2) as number;
  return { places: depth / channels, channels };
}

/** Reserves the operand copies of a kernel and its bias. */
export function placeOperands(
  compilation: Pick<Compilation, 'request' | 'memory' | 'tensors'>,
  kernel: WeightPlace,
  bias: WeightPlace | undefined,
  fractions: { readonly weight: number; readonly input: number },
): KernelOperands {
  const { memory, tensors, request } = compilation;
  const fast = tensors.operand === ElementType.Int16;
  const bytes = fast ? 2 : 4;
  const { places, channels } = windowPlaces(compilation, kernel);
  const turns = kernel.turned && request.training;
  const transposedStride = weightStrideOf(places * kernel.rows, tensors.operand);
  return {
    weights: memory.reserve(kernel.rows * kernel.stride * bytes),
    weightStride: kernel.stride,
    weightFraction: fractions.weight,
    bias: bias ? memory.reserve(bias.depth * (fast ? 4 : SUM_BYTES)) : 0,
    biasFraction: fractions.input + fractions.weight,
    transposed: turns ? memory.reserve(channels * transposedStride * bytes) : 0,
    transposedStride,
  };
}

function gradientOf(
  place: WeightPlace,
  { sums, floats }: GradientPlaces,
  fractions: ReadonlyMap<WeightPlace, number>,
): Gradient {
  const float = floats.get(place);
  if (float !== undefined) {
    return { gradient: float, gradientType: GradientType.Float32, gradientFraction: 0 };
  }
  return {
    gradient: sums + (place.first as number) * SUM_BYTES,
    gradientType: GradientType.Int64,
    gradientFraction: fractions.get(place) ?? 0,
  };
}

function optimiserFields(optimiser: Optimiser, { slots }: WeightPlace) {
  const none = {
    slot0: 0,
    slot1: 0,
    slot2: 0,
    momentum: 0,
    nesterov: 0,
    rate1: 0,
    rate2: 0,
    epsilon: 0,
  };
  const [first = 0, second = 0, third = 0] = slots;
  switch (optimiser.kind) {
    case 'sgd':
      return {
        ...none,
        optimiser: OptimiserNumber.sgd,
        slot0: first,
        momentum: optimiser.momentum ?? 0,
        nesterov: optimiser.nesterov ? 1 : 0,
      };
    case 'adagrad':
      return {
        ...none,
        optimiser: OptimiserNumber.adagrad,
        slot0: first,
        epsilon: optimiser.epsilon,
      };
    case 'rmsprop':
      return {
        ...none,
        optimiser: OptimiserNumber.rmsprop,
        slot0: first,
        slot1: optimiser.momentum > 0 ? second : 0,
        slot2: optimiser.centered ? (slots.at(-1) as number) : 0,
        momentum: optimiser.momentum,
        rate1: optimiser.rho,
        epsilon: optimiser.epsilon,
      };
    case 'adam':
    case 'adamw':
      return {
        ...none,
        optimiser: OptimiserNumber.adam,
        slot0: first,
        slot1: second,
        slot2: third,
        rate1: optimiser.beta1,
        rate2: optimiser.beta2,
        epsilon: optimiser.epsilon,
      };
  }
}

/** Axes are those of Keras's shape; their strides are those of the memory. */
function constrainOperation(place: WeightPlace, constraint: Constraint): Operation {
  const { shape } = place.definition;
  const strides = stridesOf(place, shape);
  const axes = 'axis' in constraint ? [constraint.axis ?? 0].flat() : [0];
  const along = axes.reduce(
    (bits, axis) => bits | (1 << (axis < 0 ? axis + shape.length : axis)),
    0,
  );
  const { minValue, maxValue, rate } = limitsOf(constraint);
  return {
    kind: 'constrain',
    master: place.master,
    constraint: ConstraintNumber[constraint.kind],
    minValue,
    maxValue,
    rate,
    size0: shape[0] ?? 1,
    size1: shape[1] ?? 1,
    size2: shape[2] ?? 1,
    size3: shape[3] ?? 1,
    stride0: strides[0] ?? 0,
    stride1: strides[1] ?? 0,
    stride2: strides[2] ?? 0,
    stride3: strides[3] ?? 0,
    along,
  };
}

function limitsOf(constraint: Constraint) {
  if (constraint.kind === 'maxNorm') {
    return { minValue: 0, maxValue: constraint.maxValue ?? 2, rate: 1 };
  }
  if (constraint.kind === 'minMaxNorm') {
    const { minValue = 0, maxValue = 1, rate = 1 } = constraint;
    return { minValue, maxValue, rate };
  }
  return { minValue: 0, maxValue: 0, rate: 1 };
}

function stridesOf(
  { turned, stride, depth, rows }: WeightPlace,
  shape: readonly number[],
): number[] {
  const rowAxes = turned ? 1 : rows > 1 ? shape.length - 2 : 0;
  const strides = new Array<number>(shape.length).fill(1);
  let step = 1;
  const inside = turned ? shape.slice(0, -1) : shape.slice(rowAxes);
  for (let axis = inside.length - 1; axis >= 0; axis--) {
    strides[turned ? axis : axis + rowAxes] = step;
    step *= inside[axis] as number;
  }
  if (step !== depth) throw new RangeError(`a weight of shape [${shape}] has rows of ${depth}`);
  if (turned) strides[shape.length - 1] = stride;
  else {
    let outer = stride;
    for (let axis = rowAxes - 1; axis >= 0; axis--) {
      strides[axis] = outer;
      outer *= shape[axis] as number;
    }
  }
  return strides;
}

function ownerOf({ request: { graph } }: Compilation, { layer }: WeightPlace): string {
  return (graph.layers[layer] as { name: string }).name;
}

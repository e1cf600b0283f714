/** From a call of a layer to the operations that take errors back through it. */
import type { ComputedLayer } from '../../layers/layers.js';
import { activationReads, NO_TENSOR, type Tensor, windowBack } from '../operations.js';
import { activationOf } from './activations.js';
import { type Call, type Compilation, callAt, isMatrix, type KernelOperands } from './context.js';
import { AS_IT_IS, dropFields, mapOf, mergeOf, poolOf, regionsOf, windowOf } from './forward.js';
import type { KernelGradient } from './gradients.js';
import { normaliseBack } from './normalisation.js';

/** Takes the errors of calls back, call by call from the last to the first. */
export class WayBack {
  readonly #compilation: Compilation;
  /** Calls, by {@link GraphTensors.errorOwner}, whose errors something has been written to. */
  readonly #written = new Set<number>();

  constructor(compilation: Compilation) {
    this.#compilation = compilation;
  }

  /** Notes that the error of a call is about to be written. @returns 1 when something is there already */
  write(node: number): number {
    const owner = this.#compilation.tensors.errorOwner(node);
    const accumulate = this.#written.has(owner) ? 1 : 0;
    this.#written.add(owner);
    return accumulate;
  }

  /** Takes the error of a call back to its inputs and weights. @param gradient where that of its kernel goes */
  through(call: Call, gradient: KernelGradient | undefined): void {
    const { tensors, carries } = this.#compilation;
    const { index, node, layer } = call;
    if (!carries[index] || layer.className === 'InputLayer') return;
    if (!this.#written.has(tensors.errorOwner(index))) return;
    if (isMatrix(call)) {
      this.#throughKernel(call, layer, gradient);
    } else if (layer.className === 'BatchNormalization') {
      this.#throughNormalisation(call, layer);
    } else if (layer.className === 'Concatenate') {
      const parts = node.inputs.map((input) => tensors.value(input));
      const regions = regionsOf(layer, node.shape.length, tensors.error(index), parts);
      for (const [i, error] of regions.entries()) {
        this.#into(call, i, (target, accumulate) => {
          return { kind: 'mapBack', error, target, ...AS_IT_IS, accumulate };
        });
      }
    } else {
      this.#throughPlain(call, layer);
    }
  }

  #throughPlain(call: Call, layer: ComputedLayer): void {
    const { tensors } = this.#compilation;
    const { index, node } = call;
    const error = tensors.error(index);
    const [source, second] = node.inputs.map((input) => tensors.value(input)) as [Tensor, Tensor];
    const activation = activationOf(layer, source.fraction);
    const merge = mergeOf(layer);
    const pool = poolOf(layer, source);
    const map = mapOf(layer, node.shape.length);
    if (activation) {
      const reads = activationReads(activation);
      this.#into(call, 0, (target, accumulate) => ({
        kind: 'activateBack',
        error,
        source: reads === 'source' ? source : NO_TENSOR,
        value: reads === 'value' ? tensors.value(index) : NO_TENSOR,
        target,
        ...activation,
        salt: this.#compilation.request.chance ? index + 1 : 0,
        accumulate,
      }));
    } else if (merge) {
      for (const which of [0, 1]) {
        this.#into(call, which, (target, accumulate) => {
          return {
            kind: 'mergeBack',
            error,
            first: source,
            second,
            target,
            which,
            ...merge,
            accumulate,
          };
        });
      }
    } else if (pool) {
      this.#into(call, 0, (target, accumulate) => {
        return { kind: 'poolBack', error, source, target, ...pool, accumulate };
      });
    } else if (layer.className === 'Dropout') {
      this.#into(call, 0, (target, accumulate) => {
        return {
          kind: 'drop',
          phase: 2,
          source: error,
          target,
          ...dropFields(layer, index),
          accumulate,
        };
      });
    } else if (map && tensors.errorOwner(index) === index) {
      this.#into(call, 0, (target, accumulate) => {
        return { kind: 'mapBack', error, target, ...map, accumulate };
      });
    }
  }

  #throughKernel(call: Call, layer: ComputedLayer, gradient: KernelGradient | undefined): void {
    const { tensors, kernels, emit } = this.#compilation;
    const { index, node, owner } = call;
    const delta = tensors.error(index);
    const input = tensors.value(node.inputs[0] as number);
    const window = windowOf(this.#compilation, call);
    const kernel = kernels.get(node.layer) as KernelOperands;
    const multiplier = layer.className === 'DepthwiseConv2D' ? layer.depthMultiplier : undefined;
    if (gradient) {
      const { finish, ...place } = gradient;
      if (multiplier === undefined)
        emit(owner, { kind: 'gradient', input, delta, window, ...place });
      else emit(owner, { kind: 'depthwiseGradient', input, delta, window, multiplier, ...place });
      finish();
    }
    const { weightFraction } = kernel;
    this.#into(call, 0, (target, accumulate) =>
      multiplier === undefined
        ? {
            kind: 'matrix',
            phase: 2,
            input: delta,
            output: target,
            window: windowBack(window),
            weights: kernel.transposed,
            weightStride: kernel.transposedStride,
            weightFraction,
            bias: 0,
            accumulate,
          }
        : {
            kind: 'depthwiseBack',
            delta,
            error: target,
            window: windowBack(window),
            weights: kernel.weights,
            weightStride: kernel.weightStride,
            weightFraction,
            multiplier,
            accumulate,
          },
    );
  }

  #throughNormalisation(
    call: Call,
    layer: Extract<ComputedLayer, { className: 'BatchNormalization' }>,
  ): void {
    const { tensors, carries } = this.#compilation;
    const input = call.node.inputs[0] as number;
    const wanted = carries[input] === true;
    normaliseBack(this.#compilation, call, layer, {
      error: tensors.error(call.index),
      source: tensors.value(input),
      target: wanted ? tensors.error(input) : undefined,
      accumulate: wanted ? this.write(input) : 0,
    });
  }

  /** An operation that writes the error of an input, if anybody wants that. */
  #into(
    call: Call,
    which: number,
    operation: (target: Tensor, accumulate: number) => Parameters<Compilation['emit']>[1],
  ): void {
    const { tensors, carries, emit } = this.#compilation;
    const input = call.node.inputs[which] as number;
    if (!carries[input]) return;
    const accumulate = this.write(input);
    emit(call.owner, operation(tensors.error(input), accumulate));
  }
}

/** The call before an activation, where a loss may go around it. */
export function beforeActivation(compilation: Compilation, output: number): number | undefined {
  const { layer, node } = callAt(compilation, output);
  const softmax =
    layer.className === 'Softmax' ||
    (layer.className === 'Activation' &&
      (layer.activation === 'softmax' || layer.activation === 'sigmoid'));
  return softmax ? node.inputs[0] : undefined;
}

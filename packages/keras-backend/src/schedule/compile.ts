/** Compiles a lowered graph into a schedule: operations over tensors in a replica's memory. */
import { UnsupportedError } from '../errors.js';
import { slotNames } from '../float/steps.js';
import type { OutputGoal } from '../float/tally.js';
import { isSparse, prefersLogitsOf } from '../losses/batch-loss.js';
import { beforeActivation, WayBack } from './compile/backward.js';
import {
  type Call,
  type Compilation,
  type CompileRequest,
  callAt,
  callsOf,
  carriedCalls,
  isMatrix,
  type KernelOperands,
  type ScheduleTarget,
} from './compile/context.js';
import { forward, streamStride } from './compile/forward.js';
import { KernelGradients, placeGradients } from './compile/gradients.js';
import { ReplicaMemory } from './compile/memory.js';
import { GraphTensors, type ImageShape } from './compile/tensors.js';
import {
  numbersOfOwner,
  penalties,
  placeOperands,
  refreshes,
  updates,
} from './compile/training.js';
import { placeWeights, type WeightPlace, type WeightPlaces } from './compile/weights.js';
import type { NodeFormats } from './formats.js';
import {
  AccuracyKind,
  ElementType,
  encodeSchedule,
  LOSS_OUTPUTS,
  LossFunctionNumber,
  NO_TENSOR,
  type Operation,
  STREAMS,
  type Tensor,
} from './operations.js';

export type { CompileRequest, ScheduleTarget } from './compile/context.js';
export { fromLayout, toLayout, type WeightPlace } from './compile/weights.js';

/** Samples of one kind in a data set, one behind the other. */
export interface StreamFormat {
  /** Index in BatchHeader.streams. */
  readonly stream: number;
  /** Bytes from one sample to the next. */
  readonly stride: number;
  /** Values of a sample. */
  readonly size: number;
  readonly type: Tensor['type'];
  readonly fraction: number;
}

/** A network as engines compute it. */
export interface CompiledNetwork {
  readonly request: CompileRequest;
  readonly target: ScheduleTarget;
  readonly operations: readonly Operation[];
  /** Name of the model's layer that each operation is a part of; empty where it is none's. */
  readonly owners: readonly string[];
  /** The operations in bytes. */
  readonly schedule: Uint8Array;
  /** Operations that make operand copies of all weights, to be run once after weights were set; in bytes. */
  readonly loading: Uint8Array;
  readonly loadingOperations: number;
  /** Bytes of a replica's memory. */
  readonly memoryBytes: number;
  /** Largest batch of all replicas together. */
  readonly batchSize: number;
  /** Samples of a replica in a batch, at most. */
  readonly samples: number;
  /** Trained numbers of each owner. */
  readonly per: number;
  readonly weights: WeightPlaces;
  readonly inputs: readonly StreamFormat[];
  readonly targets: readonly StreamFormat[];
  readonly sampleWeights: readonly StreamFormat[];
  readonly outputs: readonly StreamFormat[];
}

/**
 * Compiles a network for a target.
 *
 * @throws UnsupportedError naming what fixed point does not compute, or a layer of which no block fits a worker
 */
export function compileNetwork(request: CompileRequest, target: ScheduleTarget): CompiledNetwork {
  const { graph, formats, mode, batchSize, optimiser, training, goals } = request;
  const samples = Math.ceil(batchSize / target.replicas);
  const memory = new ReplicaMemory();
  const tensors = new GraphTensors(graph, formats, mode, samples, memory);
  checkGraph(request);
  const slots = training ? slotNames(optimiser).length : 0;
  const weights = placeWeights(graph, tensors.operand, slots, memory);
  const kernels = operandsOf(request, weights, memory, tensors);
  const gradients = placeGradients(weights, memory);
  const operations: Operation[] = [];
  const owners: string[] = [];
  const compilation: Compilation = {
    request,
    target,
    memory,
    tensors,
    weights,
    kernels,
    normalisations: new Map(),
    carries: training ? carriedCalls(graph) : graph.nodes.map(() => false),
    samples,
    floatGradient: (place) => (place && gradients.floats.get(place)) ?? 0,
    emit: (owner, operation) => {
      owners.push(owner);
      operations.push(operation);
    },
  };
  const streams = new Streams();
  const inputs = graph.inputs.map((node) => streams.next(tensors.value(node)));
  for (const call of callsOf(compilation)) {
    forward(compilation, call, inputs[graph.inputs.indexOf(call.index)]?.stream ?? 0);
  }
  const outputs = graph.outputs.map((node) => streams.next(tensors.value(node)));
  for (const [i, node] of graph.outputs.entries()) {
    const { stream, stride } = outputs[i] as StreamFormat;
    const owner = graph.owners[node] as string;
    compilation.emit(owner, {
      kind: 'put',
      stream,
      streamStride: stride,
      source: tensors.value(node),
    });
  }
  penalties(compilation);
  const back = new WayBack(compilation);
  const targets: StreamFormat[] = [];
  const sampleWeights: StreamFormat[] = [];
  for (const [i, goal] of goals.entries()) {
    const lost = lose(compilation, goal, i, streams, back);
    targets.push(lost.targets);
    sampleWeights.push(lost.weights);
  }
  if (training) train(compilation, gradients, back);
  const limits = { arenaBytes: target.arenaBytes, workers: target.workers, samples };
  const loads: Operation[] = [];
  refreshes(
    { ...compilation, emit: (_, operation) => loads.push({ ...operation, phase: 0 }) },
    false,
  );
  return {
    request,
    target,
    operations,
    owners,
    schedule: encodeSchedule(operations, limits, owners),
    loading: encodeSchedule(loads, limits),
    loadingOperations: loads.length,
    memoryBytes: memory.size,
    batchSize,
    samples,
    per: numbersOfOwner(compilation),
    weights,
    inputs,
    targets,
    sampleWeights,
    outputs,
  };
}

function checkGraph({ graph, goals }: CompileRequest): void {
  const elsewhere = "or engine 'float'";
  if (goals.length > LOSS_OUTPUTS || graph.inputs.length + 3 * goals.length > STREAMS) {
    const given = `${graph.inputs.length} inputs and ${goals.length} outputs`;
    throw new UnsupportedError('in fixed point, a model with', given, ['fewer of them', elsewhere]);
  }
  for (const [index, { name, layer }] of graph.layers.entries()) {
    const calls = graph.nodes.filter((node) => node.layer === index).length;
    if (layer.className === 'BatchNormalization' && calls > 1) {
      const supported = ['layers that are called once', elsewhere];
      throw new UnsupportedError('in fixed point, the shared BatchNormalization', name, supported);
    }
  }
}

function operandsOf(
  request: CompileRequest,
  { places }: WeightPlaces,
  memory: ReplicaMemory,
  tensors: GraphTensors,
): ReadonlyMap<number, KernelOperands> {
  const { graph, formats } = request;
  const kernels = places.filter(({ definition }) => definition.name === 'kernel');
  return new Map(
    kernels.map((kernel) => {
      const node = graph.nodes.findIndex(({ layer }) => layer === kernel.layer);
      const { weight } = formats[node] as NodeFormats;
      const input = tensors.value(graph.nodes[node]?.inputs[0] as number).fraction;
      const bias = places.find(
        ({ layer, definition }) => layer === kernel.layer && definition.name === 'bias',
      );
      const context = { request, memory, tensors };
      return [kernel.layer, placeOperands(context, kernel, bias, { weight, input })] as const;
    }),
  );
}

/** Numbers the data sets. */
class Streams {
  #next = 0;

  next(tensor: Tensor): StreamFormat {
    const { rows, columns, channels, type, fraction } = tensor;
    const stream = this.#next++;
    const size = rows * columns * channels;
    return { stream, stride: streamStride(tensor), size, type, fraction };
  }
}

/** The loss of one output, and the first error. */
function lose(
  compilation: Compilation,
  goal: OutputGoal,
  index: number,
  streams: Streams,
  back: WayBack,
): { targets: StreamFormat; weights: StreamFormat } {
  const { request, tensors, emit, carries } = compilation;
  const { graph } = request;
  const output = graph.outputs[index] as number;
  const owner = graph.owners[output] as string;
  const value = tensors.value(output);
  const sparse = isSparse(goal.loss);
  const size: ImageShape = [value.rows, value.columns, sparse ? 1 : value.channels];
  const type = sparse ? ElementType.Int32 : ElementType.Float32;
  const targets = tensors.make(size, type, 0);
  const weights = tensors.make([1, 1, 1], ElementType.Float32, 0);
  const [targetStream, weightStream] = [streams.next(targets), streams.next(weights)];
  for (const [{ stream, stride }, target] of [
    [targetStream, targets],
    [weightStream, weights],
  ] as const) {
    emit(owner, { kind: 'take', phase: 1, stream, streamStride: stride, target });
  }
  const { kind, fromLogits = false, labelSmoothing = 0, delta = 1 } = goal.loss;
  const { gamma = 2, alpha = 0.25, applyClassBalancing = false } = goal.loss;
  const around = goesAround(compilation, output, goal)
    ? beforeActivation(compilation, output)
    : undefined;
  const source = around ?? output;
  const logits = around !== undefined || fromLogits;
  const wanted = carries[source] === true;
  if (wanted) back.write(source);
  const number = sparse ? 'categorical_crossentropy' : kind;
  emit(owner, {
    kind: 'lose',
    source: tensors.value(source),
    targets,
    weights,
    error: wanted ? tensors.error(source) : NO_TENSOR,
    loss: LossFunctionNumber[number as keyof typeof LossFunctionNumber],
    fromLogits: logits ? 1 : 0,
    labelSmoothing,
    delta,
    gamma,
    alpha,
    balanced: applyClassBalancing ? 1 : 0,
    lossWeight: goal.lossWeight,
    output: index,
    accuracy: AccuracyKind.None,
    threshold: 0,
  });
  return { targets: targetStream, weights: weightStream };
}

/** Whether a loss is computed from what comes before the last activation. */
function goesAround(compilation: Compilation, output: number, goal: OutputGoal): boolean {
  const wanted = prefersLogitsOf(goal.loss);
  const { layer } = callAt(compilation, output);
  const activation =
    layer.className === 'Softmax' ? 'softmax' : 'activation' in layer ? layer.activation : '';
  return wanted !== undefined && activation === wanted;
}

/** The way back, and the step. */
function train(
  compilation: Compilation,
  gradients: ReturnType<typeof placeGradients>,
  back: WayBack,
): void {
  const { request, weights, memory, target, tensors } = compilation;
  const places = new KernelGradients(request.graph, weights, gradients, memory, target.workers);
  const fractions = new Map<WeightPlace, number>();
  for (const call of callsOf(compilation).reverse()) {
    const { rows, columns } = tensors.value(call.index);
    const gradient = places.of(call, rows * columns > 1, (operation) =>
      compilation.emit(call.owner, operation),
    );
    if (gradient) noteFractions(compilation, call, fractions);
    back.through(call, gradient);
  }
  updates(compilation, gradients, fractions);
  refreshes(compilation, true);
}

/** The fractions of the sums of a kernel's gradient and its bias's. */
function noteFractions(
  { tensors, weights, request }: Compilation,
  call: Call,
  fractions: Map<WeightPlace, number>,
): void {
  if (!isMatrix(call)) return;
  const delta = tensors.error(call.index).fraction;
  const input = tensors.value(request.graph.nodes[call.index]?.inputs[0] as number).fraction;
  for (const place of weights.places) {
    if (place.layer !== call.node.layer) continue;
    fractions.set(place, place.definition.name === 'kernel' ? input + delta : delta);
  }
}

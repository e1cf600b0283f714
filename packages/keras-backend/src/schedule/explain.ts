/** What a schedule costs, layer by layer: memory, multiplications and, by measured cycles, time. */
import { programFor } from '../images/layers-programs.js';
import type { CompiledNetwork } from './compile.js';
import { costOf } from './cost.js';
import { layoutReplica } from './replica.js';

/** One layer of a model in a schedule. */
export interface ScheduledLayer {
  readonly name: string;
  /** Operations of a training step on its behalf. */
  readonly operations: number;
  /** Multiplications of operands for one sample: forwards, and in training altogether. */
  readonly multiplications: { readonly forward: number; readonly training: number };
  /** Core cycles for one sample, over all workers. */
  readonly cycles: { readonly forward: number; readonly training: number };
  /** Core cycles of a step besides, over all workers. */
  readonly stepCycles: number;
}

/** Numbers that replicas add up (64 bits each) or share (32 bits) once a batch. */
export interface ExchangeSize {
  readonly kind: 'reduce' | 'share';
  readonly count: number;
}

/** A schedule in figures. Plain JSON. */
export interface ScheduleExplanation {
  readonly mode: 'fast' | 'exact';
  readonly batchSize: number;
  /** What replicas exchange in a training step, where there are several. */
  readonly exchanges: readonly ExchangeSize[];
  /** Cores that compute, and the program that they run; undefined when no program has all operations. */
  readonly workers: number;
  readonly program: string | undefined;
  /** SDRAM for values, gradients and weights, bytes; data sets come on top. */
  readonly memoryBytes: number;
  readonly layers: readonly ScheduledLayer[];
  /** Estimated time of one batch on one replica, seconds: forwards, and a training step. */
  readonly seconds: { readonly forward: number; readonly training: number };
}

/** Seconds of a core cycle at the 200 MHz that the monitor sets. */
const CYCLE_SECONDS = 5e-9;

/** Adds up what the operations of a network cost. */
export function explainSchedule(network: CompiledNetwork): ScheduleExplanation {
  const { request, target, operations, owners } = network;
  const layers = new Map<string, Mutable>();
  for (const [index, operation] of operations.entries()) {
    const name = owners[index] as string;
    const layer = layers.get(name) ?? nothing(name);
    layers.set(name, layer);
    const { multiplications, cycles, stepCycles, trains } = costOf(operation);
    layer.operations += 1;
    layer.multiplications.training += multiplications;
    layer.cycles.training += cycles;
    layer.stepCycles += stepCycles;
    if (trains) continue;
    layer.multiplications.forward += multiplications;
    layer.cycles.forward += cycles;
  }
  const all = [...layers.values()];
  const sum = (of: (layer: ScheduledLayer) => number) =>
    all.reduce((total, each) => total + of(each), 0);
  const perWorker = CYCLE_SECONDS / target.workers;
  const forward = request.batchSize * sum(({ cycles }) => cycles.forward) * perWorker;
  const training = request.batchSize * sum(({ cycles }) => cycles.training) * perWorker;
  return {
    mode: request.mode,
    batchSize: request.batchSize,
    exchanges: operations.flatMap((operation) =>
      operation.kind === 'reduce' || operation.kind === 'share'
        ? [{ kind: operation.kind, count: operation.count }]
        : [],
    ),
    workers: target.workers,
    program: programFor(operations),
    memoryBytes: layoutReplica(network).bytes,
    layers: all.filter(({ name }) => name !== ''),
    seconds: { forward, training: training + sum(({ stepCycles }) => stepCycles) * perWorker },
  };
}

type Mutable = {
  -readonly [Key in keyof ScheduledLayer]: ScheduledLayer[Key] extends object
    ? { -readonly [Inner in keyof ScheduledLayer[Key]]: ScheduledLayer[Key][Inner] }
    : ScheduledLayer[Key];
} & { name: string };

const nothing = (name: string): Mutable => ({
  name,
  operations: 0,
  multiplications: { forward: 0, training: 0 },
  cycles: { forward: 0, training: 0 },
  stepCycles: 0,
});

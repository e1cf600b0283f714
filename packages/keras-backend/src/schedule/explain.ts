/** What a schedule costs, layer by layer: memory, multiplications and, by measured cycles, time. */

import { OVERLAYS } from '../images/overlays.js';
import type { CompiledNetwork, ScheduleTarget } from './compile.js';
import { CYCLE_SECONDS, costOf, overlayCycles } from './cost.js';
import { layoutReplica } from './replica.js';

/** One layer of a model in a schedule. */
export interface ScheduledLayer {
  readonly name: string;
  /** Operations of a training step on its behalf. */
  readonly operations: number;
  /** Multiplications of operands for one sample: forwards, and in training altogether. */
  readonly multiplications: { readonly forward: number; readonly training: number };
  /** Core cycles for one sample, over all workers: those of a batch, shared out. */
  readonly cycles: { readonly forward: number; readonly training: number };
  /** Predicted time of one batch, seconds, without waiting for code. */
  readonly seconds: { readonly forward: number; readonly training: number };
}

/** Numbers that replicas add up (64 bits each) or share (32 bits) once a batch. */
export interface ExchangeSize {
  readonly kind: 'reduce' | 'share';
  readonly count: number;
  /** Of those, numbers of each worker. */
  readonly per: number;
  /** Whether sums are of products of 32 bits, and so take more than 32 bits themselves. */
  readonly isWide: boolean;
}

/** A schedule in figures. Plain JSON. */
export interface ScheduleExplanation {
  readonly mode: 'fast' | 'exact';
  readonly batchSize: number;
  /** What replicas exchange in a training step, where there are several. */
  readonly exchanges: readonly ExchangeSize[];
  /** Cores that compute. */
  readonly workers: number;
  /** SDRAM for values, gradients and weights, bytes; data sets come on top. */
  readonly memoryBytes: number;
  /** SDRAM for each sample of a data set that is there at the same time, bytes. */
  readonly sampleBytes: number;
  readonly layers: readonly ScheduledLayer[];
  /**
   * Predicted time of one full batch on one replica, seconds: forwards, and a training step. Within 15 % of simulated time; of that,
   * `code` is spent waiting for overlays.
   */
  readonly seconds: { readonly forward: number; readonly training: number; readonly code: number };
}

/** What training a network costs on so many chips, with so many workers each. */
export type Explain = (target: Pick<ScheduleTarget, 'workers' | 'replicas'>) => ScheduleExplanation;

/** Adds up what the operations of a network cost. */
export function explainSchedule(network: CompiledNetwork): ScheduleExplanation {
  const { request, target, operations, owners, per, samples } = network;
  const { batchSize } = request;
  const layers = new Map<string, Mutable>();
  const seconds = { forward: 0, training: 0, code: 0 };
  let codeThere: number | undefined;
  for (const [index, operation] of operations.entries()) {
    const name = owners[index] as string;
    const layer = layers.get(name) ?? nothing(name);
    layers.set(name, layer);
    const { multiplications, cycles, trains } = costOf(operation, { target, samples, per });
    const code = overlayCycles(operation.kind, codeThere) * CYCLE_SECONDS;
    codeThere = OVERLAYS.get(operation.kind)?.offset ?? codeThere;
    seconds.code += code;
    seconds.training += cycles * CYCLE_SECONDS + code;
    const perSample = (cycles * target.workers) / batchSize;
    layer.operations += 1;
    layer.multiplications.training += multiplications;
    layer.cycles.training += perSample;
    layer.seconds.training += cycles * CYCLE_SECONDS;
    if (trains) continue;
    seconds.forward += cycles * CYCLE_SECONDS;
    layer.multiplications.forward += multiplications;
    layer.cycles.forward += perSample;
    layer.seconds.forward += cycles * CYCLE_SECONDS;
  }
  return {
    mode: request.mode,
    batchSize,
    exchanges: operations.flatMap((operation) =>
      operation.kind === 'reduce' || operation.kind === 'share'
        ? [
            {
              kind: operation.kind,
              count: operation.count,
              per: operation.per,
              isWide: request.mode === 'exact',
            },
          ]
        : [],
    ),
    workers: target.workers,
    memoryBytes: layoutReplica(network).bytes,
    sampleBytes: [
      ...[network.inputs, network.targets, network.sampleWeights, network.outputs].flat(),
    ].reduce((sum, { stride }) => sum + stride, 0),
    layers: [...layers.values()].filter(({ name }) => name !== ''),
    seconds,
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
  seconds: { forward: 0, training: 0 },
});

/**
 * A network that is too large for a chip, as a pipeline of chips: each takes some layers, one behind the other, and
 * hands values on and errors back by multicast. A plan with its mapping, verified; running it on several chips is to come.
 *
 * Samples pass one by one. In training a stage keeps what came in until the errors of that sample come back, and computes
 * the rest of its values anew for them, so that memory grows with the length of the pipeline but not with its batch.
 */
import { isEthernet, LINKS, type Machine } from '@spin-tools/machine-model';
import { type Graph, graphBuilder, type Mapping, map } from '@spin-tools/nn-mapper';
import { energy } from '@spin-tools/sim';
import { OptionError } from '../errors.js';
import { sizeOf } from '../layers/kinds/kind.js';
import { linksOf } from '../machine/pacing.js';
import { CHIP_BYTES, CYCLE_SECONDS } from './cost.js';
import type { ScheduledLayer, ScheduleExplanation } from './explain.js';
import type { LoweredGraph } from './lower.js';

/** Layers on one chip. */
export interface Stage {
  readonly layers: readonly string[];
  /** Core cycles for one sample, over all workers: forwards, and in training altogether. */
  readonly cycles: { readonly forward: number; readonly training: number };
  /** SDRAM for weights, their gradients, values and errors of a sample, and what came in of those under way, bytes. */
  readonly memoryBytes: number;
}

/** What a sample takes in a pipeline that is full. */
export interface StageRate {
  /** Time between two samples, seconds: that of the slowest stage, worker or link. */
  readonly secondsPerSample: number;
  readonly limitedBy: 'cores' | 'receivers' | 'links';
  /** Of all chips of the machine, in that time. */
  readonly joulesPerSample: number;
}

/** A pipeline on a machine. */
export interface StagedNetwork {
  readonly stages: readonly Stage[];
  /** Every net was followed through its tables, and reaches whom it is for. */
  readonly mapping: Mapping;
  readonly forward: StageRate;
  /** Batch normalisation with the statistics of each sample by itself. */
  readonly training: StageRate;
}

/** Workers of a chip. */
const WORKERS = 16;
/** Bytes of a trained number: master, two of the optimiser's, gradient, and two operand copies. */
const NUMBER_BYTES = 4 + 2 * 4 + 8 + 2 * 2;
/** Bytes of a value: operand, pre-activation and error. */
const VALUE_BYTES = 2 + 4 + 4;
/** Bytes of a value that came in, kept until its error comes back. */
const KEPT_BYTES = 2;
/** Core cycles to take a packet; docs/on-core-programs.md. */
const RECEIVE_CYCLES = 60;
/** Packets with payload that a link carries a second. Source: Temple, "SpiNNaker Chip Resources". */
const LINK_PACKETS = 3.47e6;

/**
 * Cuts a network into stages and maps them.
 *
 * @throws OptionError when a layer alone is larger than a chip, or there are too few chips
 */
export function stageNetwork(
  graph: LoweredGraph,
  { layers }: ScheduleExplanation,
  parameters: ReadonlyMap<string, number>,
  machine: Machine,
): StagedNetwork {
  const sizes = sizesByLayer(graph);
  const sized = layers.map((layer) => ({
    layer,
    fixedBytes:
      VALUE_BYTES * (sizes.get(layer.name)?.values ?? 0) +
      NUMBER_BYTES * (parameters.get(layer.name) ?? 0),
    takes: sizes.get(layer.name)?.takes ?? new Map<string, number>(),
  }));
  const stages = cut(sized, machine.chips.length);
  const stageOf = new Map(
    stages.flatMap(({ layers: own }, i) => own.map((name) => [name, i] as const)),
  );
  const { graph: pipeline, isError } = pipelineGraph(graph, stages.length, stageOf);
  const mapping = map(pipeline, machine, { verify: true });
  const rate = (way: 'forward' | 'training') =>
    rateOf(
      mapping,
      machine,
      stages.map(({ cycles }) => cycles[way]),
      (net) => way === 'training' || !isError[net],
    );
  return { stages, mapping, forward: rate('forward'), training: rate('training') };
}

/** @param cycles of each stage for a sample */
function rateOf(
  mapping: Mapping,
  machine: Machine,
  cycles: readonly number[],
  counts: (net: number) => boolean,
): StageRate {
  const traffic = trafficOf(mapping, counts);
  const times = {
    cores: (Math.max(...cycles) * CYCLE_SECONDS) / WORKERS,
    receivers: traffic.busiestReceiver * RECEIVE_CYCLES * CYCLE_SECONDS,
    links: traffic.busiestLink / LINK_PACKETS,
  };
  const secondsPerSample = Math.max(times.cores, times.receivers, times.links);
  const limitedBy = (Object.keys(times) as (keyof typeof times)[]).find(
    (name) => times[name] === secondsPerSample,
  );
  const { joules } = energy({
    timeNs: secondsPerSample * 1e9,
    awakeNs: cycles.reduce((sum, each) => sum + each, 0) * CYCLE_SECONDS * 1e9,
    boards: machine.chips.filter(isEthernet).length,
    chips: machine.chipCount,
    packetsSent: traffic.sent,
    linkPackets: traffic.passed,
    boardCrossings: 0,
  });
  return { secondsPerSample, limitedBy: limitedBy ?? 'cores', joulesPerSample: joules };
}

/** A layer of the model, with what its memory depends on. */
interface SizedLayer {
  readonly layer: ScheduledLayer;
  readonly fixedBytes: number;
  /** Values that it takes, by the layer that they come from. */
  readonly takes: ReadonlyMap<string, number>;
}

/** Layers one behind the other in at most as many stages as there are chips, the slowest as quick as can be. */
function cut(layers: readonly SizedLayer[], chips: number): Stage[] {
  let low = Math.max(...layers.map(({ layer }) => layer.cycles.training));
  let high = layers.reduce((sum, { layer }) => sum + trainingCycles(layer), low);
  let best = filled(layers, high);
  checkFits(best, chips);
  for (let step = 0; step < 50 && high > low + 1; step++) {
    const middle = (low + high) / 2;
    const stages = filled(layers, middle);
    if (stages.length <= chips && stages.every(({ memoryBytes }) => memoryBytes <= CHIP_BYTES)) {
      [best, high] = [stages, middle];
    } else low = middle;
  }
  return best;
}

function checkFits(stages: readonly Stage[], chips: number): void {
  const large = stages.find(({ memoryBytes }) => memoryBytes > CHIP_BYTES);
  if (large !== undefined) {
    const given = `${(large.memoryBytes / 2 ** 20).toFixed(0)} MiB of ${large.layers.join(', ')}`;
    const most = `give layers of at most ${CHIP_BYTES / 2 ** 20} MiB a sample`;
    throw new OptionError('model', given, most);
  }
  if (stages.length > chips) {
    throw new OptionError('machine', `${chips} chips`, `give at least ${stages.length}`);
  }
}

/** Forwards, and in training once more forwards. */
const trainingCycles = ({ cycles }: ScheduledLayer): number => cycles.training + cycles.forward;

/** Stages of at most so many cycles, and of what fits a chip while samples are under way in all stages behind. */
function filled(layers: readonly SizedLayer[], most: number): Stage[] {
  for (let expected = 1; ; ) {
    const stages = filledFor(layers, most, expected);
    if (stages.length <= expected) return stages;
    expected = stages.length;
  }
}

/** @param expected stages of the pipeline: as many samples are under way from the first one on */
function filledFor(layers: readonly SizedLayer[], most: number, expected: number): Stage[] {
  const stages: (Stage & { readonly own: readonly SizedLayer[] })[] = [];
  for (const layer of layers) {
    const last = stages.at(-1);
    const joined = last && stageOf([...last.own, layer], expected - stages.length + 1);
    if (joined && joined.cycles.training <= most && joined.memoryBytes <= CHIP_BYTES) {
      stages[stages.length - 1] = joined;
    } else stages.push(stageOf([layer], Math.max(1, expected - stages.length)));
  }
  return stages.map(({ layers, cycles, memoryBytes }) => ({ layers, cycles, memoryBytes }));
}

/** @param underWay samples that came in, and whose errors have not come back */
function stageOf(own: readonly SizedLayer[], underWay: number) {
  const layers = own.map(({ layer }) => layer.name);
  const from = new Map(own.flatMap(({ takes }) => [...takes]));
  for (const name of layers) from.delete(name);
  const kept = [...from.values()].reduce((sum, values) => sum + values, 0);
  const fixed = own.reduce((sum, { fixedBytes }) => sum + fixedBytes, 0);
  return {
    own,
    layers,
    cycles: {
      forward: own.reduce((sum, { layer }) => sum + layer.cycles.forward, 0),
      training: own.reduce((sum, { layer }) => sum + trainingCycles(layer), 0),
    },
    memoryBytes: fixed + KEPT_BYTES * kept * underWay,
  };
}

/** Values of each layer for a sample, and those that it takes from others. */
function sizesByLayer(graph: LoweredGraph) {
  const sizes = new Map<string, { values: number; readonly takes: Map<string, number> }>();
  for (const [index, { shape, inputs }] of graph.nodes.entries()) {
    const owner = graph.owners[index] as string;
    const own = sizes.get(owner) ?? { values: 0, takes: new Map<string, number>() };
    sizes.set(owner, own);
    own.values += sizeOf(shape);
    for (const input of inputs) {
      own.takes.set(graph.owners[input] as string, sizeOf(graph.nodes[input]?.shape ?? []));
    }
  }
  return sizes;
}

/** Workers of all stages on chips of their own, and nets of values and errors between them. */
function pipelineGraph(
  graph: LoweredGraph,
  stages: number,
  stageOf: ReadonlyMap<string, number>,
): { readonly graph: Graph; readonly isError: readonly boolean[] } {
  const builder = graphBuilder();
  const isError: boolean[] = [];
  const workers = Array.from({ length: stages }, (_, stage) => {
    const own = Array.from({ length: WORKERS }, (_, worker) =>
      builder.addVertex({ name: `stage ${stage} worker ${worker}` }),
    );
    builder.sameChip(own);
    return own;
  });
  const at = (node: number) => stageOf.get(graph.owners[node] as string) ?? 0;
  for (const [node, { shape }] of graph.nodes.entries()) {
    const takers = graph.nodes.flatMap(({ inputs }, taker) =>
      inputs.includes(node) ? [at(taker)] : [],
    );
    const others = [...new Set(takers)].filter((stage) => stage !== at(node));
    if (others.length === 0) continue;
    const share = sizeOf(shape) / WORKERS;
    for (let worker = 0; worker < WORKERS; worker++) {
      const source = workers[at(node)]?.[worker] as number;
      const sinks = others.map((stage) => workers[stage]?.[worker] as number);
      const bits = Math.max(1, Math.ceil(Math.log2(share)));
      const add = (name: string, from: number, to: number[], traffic: number) => {
        builder.addKeyPartition({ name, bits });
        builder.addNet({ name, source: from, sinks: to, traffic, keys: { partition: name, bits } });
        isError.push(from !== source);
      };
      add(`values ${node} worker ${worker}`, source, sinks, Math.ceil(share / 2));
      for (const sink of sinks) {
        add(`errors ${node} worker ${worker} from ${sink}`, sink, [source], Math.ceil(share));
      }
    }
  }
  return { graph: builder.build(), isError };
}

/** Packets a sample: in all, over links, and those of the busiest worker and link. */
function trafficOf(mapping: Mapping, counts: (net: number) => boolean) {
  const { nets, vertices } = mapping.stages.graph;
  const received = new Float64Array(vertices.count);
  const links = new Float64Array(mapping.stages.topology.chips * LINKS);
  let sent = 0;
  for (let net = 0; net < nets.count; net++) {
    if (!counts(net)) continue;
    const packets = nets.traffic[net] as number;
    sent += packets;
    for (const link of linksOf(mapping, net)) links[link] = (links[link] as number) + packets;
    for (const sink of nets.sinks.subarray(nets.sinkStart[net], nets.sinkStart[net + 1])) {
      received[sink] = (received[sink] as number) + packets;
    }
  }
  const most = (values: Float64Array) => values.reduce((most, each) => Math.max(most, each), 0);
  return {
    sent,
    passed: links.reduce((sum, each) => sum + each, 0),
    busiestReceiver: most(received),
    busiestLink: most(links),
  };
}

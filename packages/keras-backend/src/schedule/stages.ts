/**
 * A network that is too large for a chip, as a pipeline of chips: each takes some layers, one behind the other, and
 * hands values on and errors back by multicast. A plan with its mapping, verified; running it on several chips is to come.
 */
import { isEthernet, type Machine } from '@spin-tools/machine-model';
import { graphBuilder, type Mapping, map } from '@spin-tools/nn-mapper';
import { energy } from '@spin-tools/sim';
import { OptionError } from '../errors.js';
import { sizeOf } from '../layers/kinds/kind.js';
import { CYCLE_SECONDS } from './cost.js';
import type { ScheduledLayer, ScheduleExplanation } from './explain.js';
import type { LoweredGraph } from './lower.js';

/** Layers on one chip. */
export interface Stage {
  readonly layers: readonly string[];
  /** Core cycles for one sample in training, over all workers. */
  readonly cycles: number;
  /** SDRAM for weights, their gradients, and values and errors of the samples under way, bytes. */
  readonly memoryBytes: number;
}

/** A pipeline on a machine. */
export interface StagedNetwork {
  readonly stages: readonly Stage[];
  readonly mapping: Mapping;
  /** Time between two samples in training, seconds: that of the slowest stage, worker or link. */
  readonly secondsPerSample: number;
  readonly limitedBy: 'cores' | 'receivers' | 'links';
  readonly joulesPerSample: number;
}

/** SDRAM of a chip that is free for applications, bytes: 128 MiB less what the monitor and data sets take. */
const CHIP_BYTES = 100 << 20;
/** Workers of a chip. */
const WORKERS = 16;
/** Bytes of a trained number: master, two of the optimiser's, gradient, and two operand copies. */
const NUMBER_BYTES = 4 + 2 * 4 + 8 + 2 * 2;
/** Bytes of a value: operand, pre-activation and error. */
const VALUE_BYTES = 2 + 4 + 4;
/** Core cycles to take a packet; docs/on-core-programs.md. */
const RECEIVE_CYCLES = 60;
/** Packets with payload that a link carries a second. Source: Temple, "SpiNNaker Chip Resources". */
const LINK_PACKETS = 3.47e6;

/**
 * Cuts a network into stages and maps them.
 *
 * @param samples samples that are in the pipeline of a chip at the same time
 * @throws OptionError when a layer alone is larger than a chip, or there are too few chips
 */
export function stageNetwork(
  graph: LoweredGraph,
  { layers }: ScheduleExplanation,
  parameters: ReadonlyMap<string, number>,
  machine: Machine,
  samples = 1,
): StagedNetwork {
  const valueBytes = valuesByLayer(graph, samples);
  const sized = layers.map((layer) => ({
    layer,
    bytes: (valueBytes.get(layer.name) ?? 0) + NUMBER_BYTES * (parameters.get(layer.name) ?? 0),
  }));
  const stages = cut(sized, machine.chips.length);
  const stageOf = new Map(
    stages.flatMap(({ layers: own }, i) => own.map((name) => [name, i] as const)),
  );
  const mapping = map(pipelineGraph(graph, stages.length, stageOf), machine, { verify: true });
  const links = mapping.linkLoad();
  const times = {
    cores: (Math.max(...stages.map(({ cycles }) => cycles)) * CYCLE_SECONDS) / WORKERS,
    receivers: busiestReceiver(mapping) * RECEIVE_CYCLES * CYCLE_SECONDS,
    links: (links[0]?.traffic ?? 0) / LINK_PACKETS,
  };
  const secondsPerSample = Math.max(times.cores, times.receivers, times.links);
  const limitedBy = (Object.keys(times) as (keyof typeof times)[]).find(
    (name) => times[name] === secondsPerSample,
  );
  const { traffic } = mapping.stages.graph.nets;
  const { joules } = energy({
    timeNs: secondsPerSample * 1e9,
    awakeNs: stages.reduce((sum, { cycles }) => sum + cycles, 0) * CYCLE_SECONDS * 1e9,
    boards: machine.chips.filter(isEthernet).length,
    chips: machine.chipCount,
    packetsSent: traffic.reduce((sum, each) => sum + each, 0),
    linkPackets: links.reduce((sum, link) => sum + link.traffic, 0),
    boardCrossings: 0,
  });
  return {
    stages,
    mapping,
    secondsPerSample,
    limitedBy: limitedBy ?? 'cores',
    joulesPerSample: joules,
  };
}

interface SizedLayer {
  readonly layer: ScheduledLayer;
  readonly bytes: number;
}

/** Layers one behind the other in as many stages as there are chips, the slowest as quick as can be. */
function cut(layers: readonly SizedLayer[], chips: number): Stage[] {
  const large = layers.find(({ bytes }) => bytes > CHIP_BYTES);
  if (large !== undefined) {
    const given = `${(large.bytes / 2 ** 20).toFixed(0)} MiB of ${large.layer.name}`;
    throw new OptionError(
      'model',
      given,
      `give layers of at most ${CHIP_BYTES >> 20} MiB a sample`,
    );
  }
  let low = Math.max(...layers.map(({ layer }) => layer.cycles.training));
  let high = layers.reduce((sum, { layer }) => sum + layer.cycles.training, low);
  for (let step = 0; step < 50 && high > low + 1; step++) {
    const middle = (low + high) / 2;
    if (filled(layers, middle).length <= chips) high = middle;
    else low = middle;
  }
  const stages = filled(layers, high);
  if (stages.length > chips) {
    throw new OptionError('machine', `${chips} chips`, `give at least ${stages.length}`);
  }
  return stages;
}

/** Stages of at most so many cycles, and of what fits a chip. */
function filled(layers: readonly SizedLayer[], most: number): Stage[] {
  const stages: { layers: string[]; cycles: number; memoryBytes: number }[] = [];
  for (const { layer, bytes } of layers) {
    const { training } = layer.cycles;
    const last = stages.at(-1);
    const fits =
      last !== undefined &&
      last.cycles + training <= most &&
      last.memoryBytes + bytes <= CHIP_BYTES;
    if (fits) {
      last.layers.push(layer.name);
      last.cycles += training;
      last.memoryBytes += bytes;
    } else stages.push({ layers: [layer.name], cycles: training, memoryBytes: bytes });
  }
  return stages;
}

function valuesByLayer(graph: LoweredGraph, samples: number): Map<string, number> {
  const bytes = new Map<string, number>();
  for (const [index, { shape }] of graph.nodes.entries()) {
    const owner = graph.owners[index] as string;
    bytes.set(owner, (bytes.get(owner) ?? 0) + sizeOf(shape) * VALUE_BYTES * samples);
  }
  return bytes;
}

/** Workers of all stages on chips of their own, and nets of values and errors between them. */
function pipelineGraph(graph: LoweredGraph, stages: number, stageOf: ReadonlyMap<string, number>) {
  const builder = graphBuilder();
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
      };
      add(`values ${node} worker ${worker}`, source, sinks, Math.ceil(share / 2));
      for (const sink of sinks) {
        add(`errors ${node} worker ${worker} from ${sink}`, sink, [source], Math.ceil(share));
      }
    }
  }
  return builder.build();
}

/** Packets a sample that the busiest worker takes. */
function busiestReceiver({ stages: { graph } }: Mapping): number {
  const { nets, vertices } = graph;
  const packets = new Float64Array(vertices.count);
  for (let net = 0; net < nets.count; net++) {
    for (const sink of nets.sinks.subarray(nets.sinkStart[net], nets.sinkStart[net + 1])) {
      packets[sink] = (packets[sink] as number) + (nets.traffic[net] as number);
    }
  }
  return packets.reduce((most, each) => Math.max(most, each), 0);
}

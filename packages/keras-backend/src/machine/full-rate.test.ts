/**
 * Throughput of 784-128-10 on a SpiNN-5, and networks that a search finds to load links and routers most when
 * all cores send as fast as they may: no packet is dropped, and all bits are right.
 */
import { spin3, spin5 } from '@spin-tools/machine-model';
import { VirtualMachine } from '@spin-tools/sim';
import t from 'tap';
import type { LayerWeights, RunRequest } from '../engine.js';
import { createFunctionalEngine } from '../functional/index.js';
import {
  type Example,
  type Prepared,
  prepare,
  randomFrom,
  withEngine,
} from '../testing/small-networks.js';
import type { Tiling } from '../tiles/index.js';
import { type Deployment, deploy } from './deployment.js';
import { createMachineEngine, layerTimes } from './index.js';
import { linksOf } from './pacing.js';

const isLarge = process.env.SPIN_TOOLS_LARGE !== undefined;

/** What the functional engine has after an epoch. */
async function expectedWeights(prepared: Prepared, request: RunRequest) {
  let weights: LayerWeights[] = [];
  await withEngine(prepared, createFunctionalEngine(prepared.plan), async (engine) => {
    await engine.run(request);
    weights = await engine.getWeights();
  });
  return weights;
}

const REQUEST: RunRequest = {
  mode: 'train',
  slot: 0,
  batchSize: 32,
  learningRate: 0.1,
  shuffleSeed: 5,
};

t.test('784-128-10 trains at 15,000 samples a second or more at batch 32', async (t) => {
  const samples = isLarge ? 640 : 128;
  const prepared = prepare(
    {
      sizes: [784, 128, 10],
      activations: ['relu', 'softmax'],
      loss: 'categorical_crossentropy',
      batchSize: 32,
      samples,
    },
    'fast',
  );
  const expected = await expectedWeights(prepared, REQUEST);
  const machine = createMachineEngine(prepared.plan);
  await withEngine(prepared, machine, async (engine) => {
    const { machine: spent } = await engine.run(REQUEST);
    const rate = samples / spent!.seconds;
    t.comment(`${Math.round(rate)} samples/s, ${spent!.packetsSent / samples} packets a sample`);
    t.ok(rate >= 15_000, `${rate} samples/s`);
    t.match(spent, { packetsDropped: 0, batchesRepeated: 0 });
    t.same(await engine.getWeights(), expected);
    const cores = (await machine).provenance();
    for (const layer of layerTimes(cores)) {
      t.comment(JSON.stringify(layer));
      const { compute, packets, dma, wait, barrier } = layer;
      t.ok(Math.abs(compute + packets + dma + wait + barrier - 1) < 1e-9);
    }
    const cycles = spent!.seconds * 200e6;
    for (const { name, cycles: phases, ...counts } of cores) {
      const counted = Object.values(phases).reduce((sum, each) => sum + each, 0);
      if (Math.abs(counted / cycles - 1) > 0.05) t.fail(`${name}: ${counted} of ${cycles} cycles`);
      const { packetsLate, packetsUnexpected, sendQueueHighWater, stackBytes } = counts;
      if (packetsLate + packetsUnexpected > 0) t.fail(`${name}: packets out of order`);
      if (sendQueueHighWater > 256 || stackBytes > 2048) t.fail(`${name}: ${stackBytes} bytes`);
    }
  });
});

/** A network, and how it is cut. */
interface Candidate {
  readonly example: Example;
  readonly tiling: Tiling;
}

/** Draws a network of two to four layers in tiles of all shapes. */
function draw(random: () => number, largest: number): Candidate {
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;
  const layers = 2 + Math.floor(random() * 3);
  const sizes = Array.from({ length: layers + 1 }, () => 8 * (1 + Math.floor(random() * largest)));
  return {
    example: {
      sizes,
      activations: Array.from({ length: layers }, () => pick(['relu', 'tanh', 'sigmoid'] as const)),
      loss: 'mean_squared_error',
      batchSize: 8,
      samples: 16,
    },
    tiling: Array.from({ length: layers }, () => ({
      rows: pick([2, 4, 8]),
      columns: pick([8, 16, 32, 64]),
    })),
  };
}

/** Shares of the links' capacity that are taken when all cores send at their full rate. */
function loadsOf({ network, mapping, sendGaps, backGaps }: Deployment): number[] {
  const { nets, partitions } = network.graph;
  const nameOf = (net: number) => partitions.names[nets.partition[net]!]!;
  const streamOf = (net: number) => `${nets.source[net]} ${nameOf(net).startsWith('back')}`;
  const sent = new Map<string, number>();
  const data = [...Array(nets.count).keys()].filter((net) => !/control|done/.test(nameOf(net)));
  for (const net of data) {
    sent.set(streamOf(net), (sent.get(streamOf(net)) ?? 0) + nets.traffic[net]!);
  }
  const loads = new Map<number, number>();
  for (const net of data) {
    const source = nets.source[net]!;
    const gap = (nameOf(net).startsWith('back') ? backGaps : sendGaps)[source]!;
    const rate = nets.traffic[net]! / sent.get(streamOf(net))! / gap;
    for (const link of linksOf(mapping, net)) loads.set(link, (loads.get(link) ?? 0) + 58 * rate);
  }
  return [...loads.values()];
}

const badnessOf = (deployment: Deployment): number =>
  loadsOf(deployment).reduce((sum, load) => sum + load ** 2, 0);

t.test('the worst network of a search loses no packet at full rate', async (t) => {
  const board = isLarge ? spin5() : spin3();
  const random = randomFrom(3);
  let worst: (Candidate & { badness: number; cores: number }) | undefined;
  let tried = 0;
  while (tried < (isLarge ? 60 : 40)) {
    const candidate = draw(random, isLarge ? 24 : 5);
    const { plan } = prepare({ ...candidate.example, samples: 1 }, 'fast');
    try {
      const deployment = deploy(plan, board, { tiling: candidate.tiling });
      tried += 1;
      const badness = badnessOf(deployment);
      const cores = deployment.tiles.cores.length;
      if (badness > (worst?.badness ?? 0)) worst = { ...candidate, badness, cores };
    } catch (error) {
      const { name } = error as Error;
      if (!/NetworkTooLarge|TileTooLarge|InvalidTiling/.test(name)) throw error;
    }
  }
  const { example, tiling, badness, cores } = worst!;
  t.comment(`${example.sizes.join('-')} on ${cores} cores, ${badness.toFixed(1)} of links squared`);
  t.comment(JSON.stringify(tiling));
  const prepared = prepare(example, 'fast');
  const request = { ...REQUEST, batchSize: example.batchSize };
  const expected = await expectedWeights(prepared, request);
  const virtualMachine = new VirtualMachine({ board: isLarge ? 'spin5' : 'spin3' });
  const machine = createMachineEngine(prepared.plan, { virtualMachine, tiling });
  await withEngine(prepared, machine, async (engine) => {
    const { machine: spent } = await engine.run(request);
    t.match(spent, { packetsDropped: 0, batchesRepeated: 0 });
    t.same(await engine.getWeights(), expected);
    const queues = (await machine).provenance().map(({ sendQueueHighWater: most }) => most);
    t.comment(`${spent!.packetsSent} packets, at most ${Math.max(...queues)} in a queue`);
    t.equal(virtualMachine.statistics().packetsDropped, 0, "by the routers' own counters");
  });
  await virtualMachine.close();
});

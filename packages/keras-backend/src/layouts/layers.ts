/** Configuration and report of a core that runs the `layers` program: a worker of a replica. */
import { LINKS } from '@spin-tools/machine-model';
import { declareLayout } from './layout.js';

/** DTCM that a worker has for blocks, bytes; the image leaves at least this after globals, send queue and stacks. */
export const LAYERS_ARENA_BYTES = 48 * 1024;

/** Most replicas of a network: what workers have room for. */
export const MOST_REPLICAS = 64;

/** Numbers of a replica that its neighbours add up before they send them on together. */
export const REDUCE_PART = 32;

/** What the key of a sum says besides its place: that its upper half follows, and that this is that. */
export const SumPacket = { Part: 0x01000000, Upper: 1 } as const;

/** What a worker waits for: that all are ready, sums, shared words. */
export const ReplicaWait = { Nothing: 0, Ready: 1, Sums: 2, Words: 3 } as const;

/** Regions of a worker. */
export const LayersRegion = {
  /** {@link layersConfiguration}. */
  Configuration: 0,
  /** {@link layersReport}, written by operation 1. */
  Report: 1,
} as const;

/** Region 0 of a worker. Operation LoadWeights reads it again. */
export const layersConfiguration = declareLayout('LayersConfiguration', 'Region 0 of a worker.', [
  { name: 'bytes', type: 'u32', about: 'Size of this structure; the program refuses any other.' },
  { name: 'worker', type: 'u32', about: 'Number among the workers of the replica.' },
  { name: 'workers', type: 'u32', about: 'Workers of the replica, at least 1.' },
  { name: 'replica', type: 'u32', about: 'Number of the replica.' },
  { name: 'replicas', type: 'u32', about: 'Replicas, 1 to MOST_REPLICAS.' },
  { name: 'samples', type: 'u32', about: 'Samples of a replica in a batch, at most.' },
  { name: 'memory', type: 'u32', about: "Address of the replica's memory." },
  { name: 'schedule', type: 'u32', about: 'Offset of the schedule in it.' },
  { name: 'operations', type: 'u32', about: 'Operations of the schedule.' },
  {
    name: 'loading',
    type: 'u32',
    about: 'Offset of the schedule that runs after weights were set.',
  },
  { name: 'loadingOperations', type: 'u32', about: 'Its operations.' },
  { name: 'header', type: 'u32', about: 'Offset of the header of the batch, written by worker 0.' },
  {
    name: 'templates',
    type: 'u32',
    about: 'Offset of a header for each data slot: what is the same in all batches.',
  },
  { name: 'doneKey', type: 'u32', about: 'Key of the done packet of worker 0.' },
  { name: 'doneDelay', type: 'u32', about: 'Core cycles before a done packet.' },
  {
    name: 'arriveKey',
    type: 'u32',
    about: 'Key that tells the workers of the chip that one has come to a barrier.',
  },
  {
    name: 'reduceKey',
    type: 'u32',
    about:
      'Key of sums for this worker of replica 0. 23:18 are the replica, 13:1 the place of the number, bits 24 and 0 a SumPacket.',
  },
  {
    name: 'shareKey',
    type: 'u32',
    about: 'Key of words of this worker for those of other replicas. 13:0 are the place.',
  },
  {
    name: 'readyKey',
    type: 'u32',
    about: 'Key that tells all workers of other replicas that those of this one can take packets.',
  },
  { name: 'exchange', type: 'u32', about: "Address of the chip's ReplicaExchange." },
  {
    name: 'sendGap',
    type: 'u32',
    about: 'Core cycles before a done packet, at least; 100 or more.',
  },
  { name: 'overlays', type: 'u32', about: 'Address of the block of overlays.' },
]);

/** How a chip exchanges with others; its workers have it in common. */
export const replicaExchange = declareLayout(
  'ReplicaExchange',
  'How a chip exchanges with others.',
  [
    {
      name: 'branches',
      type: 'u32',
      count: MOST_REPLICAS,
      about:
        'Trees in the order in which the chip sends, its own last: 7:0 the replica at the root, 15:8 how many chips send sums to this one, 23:16 the link to the next, 31:24 the replica there.',
    },
    {
      name: 'linkGaps',
      type: 'u32',
      count: LINKS,
      about: 'Core cycles from one sum of a worker to its next over the same link.',
    },
    {
      name: 'shareGaps',
      type: 'u32',
      count: MOST_REPLICAS,
      about:
        'Core cycles from one word of a worker to its next when so many replicas and one share.',
    },
  ],
);

/** Region 1 of a worker: counts since its start. */
export const layersReport = declareLayout('LayersReport', 'Region 1 of a worker.', [
  { name: 'busyCycles', type: 'u64', about: 'Core cycles in which it neither slept nor waited.' },
  { name: 'received', type: 'u32', about: 'Packets received.' },
  { name: 'unexpected', type: 'u32', about: 'Packets of no known class.' },
  { name: 'stackUsed', type: 'u32', about: 'Bytes of stack used at most.' },
  { name: 'dmaErrors', type: 'u32', about: 'DMA transfers that failed.' },
  {
    name: 'waits',
    type: 'u32',
    about:
      'What it waited for, of other replicas, when the sequencer gave a batch up: a ReplicaWait.',
  },
  { name: 'missing', type: 'u32', about: 'How many packets of it were missing.' },
]);

/** Configuration and report of a core that runs the `layers` program: a worker of a replica. */
import { declareLayout } from './layout.js';

/** DTCM that a worker has for blocks, bytes; the image leaves at least this after globals, send queue and stacks. */
export const LAYERS_ARENA_BYTES = 48 * 1024;

/** Most replicas of a network: what workers have room for. */
export const MOST_REPLICAS = 64;

/** Numbers that a worker adds up at a time for all replicas. */
export const REDUCE_NUMBERS = 512;

/** Bits 1:0 of the key of a sum: a number as int32, what its upper half is more than the sign of that, how many packets there were. */
export const SumPacket = { Low: 0, High: 1, End: 2 } as const;

/** What a worker waits for: that all are ready, ends of sums, sums, shared words. */
export const ReplicaWait = { Nothing: 0, Ready: 1, Ends: 2, Sums: 3, Words: 4 } as const;

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
      'Key of sums for this worker of replica 0. 23:16 are the replica, 10:2 the number, 1:0 a SumPacket.',
  },
  {
    name: 'shareKey',
    type: 'u32',
    about:
      'Key of words of this worker for those of other replicas. 9:0 are the word; with bit 10 set: ready.',
  },
  {
    name: 'shareShift',
    type: 'u32',
    about: 'Binary logarithm of the words that a worker shares at a time, at most 10.',
  },
  {
    name: 'reduceBurst',
    type: 'u32',
    about: 'Sums that it sends to each replica before it waits for as many, at least 1.',
  },
  {
    name: 'shareBurst',
    type: 'u32',
    about: 'Words that it sends before it waits for as many of each replica.',
  },
  {
    name: 'sendGap',
    type: 'u32',
    about: 'Core cycles before a done packet, at least; 100 or more.',
  },
  { name: 'overlays', type: 'u32', about: 'Address of the block of overlays.' },
]);

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

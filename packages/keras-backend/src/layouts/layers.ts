/** Configuration and report of a core that runs the `layers` program: a worker of a replica. */
import { declareLayout } from './layout.js';

/** DTCM that a worker has for blocks, bytes; the image leaves at least this after globals, send queue and stacks. */
export const LAYERS_ARENA_BYTES = 48 * 1024;

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
  { name: 'sendGap', type: 'u32', about: 'Core cycles between two packets; at least 100.' },
  { name: 'overlays', type: 'u32', about: 'Address of the block of overlays.' },
]);

/** Region 1 of a worker: counts since its start. */
export const layersReport = declareLayout('LayersReport', 'Region 1 of a worker.', [
  { name: 'busyCycles', type: 'u64', about: 'Core cycles in which it neither slept nor waited.' },
  { name: 'received', type: 'u32', about: 'Packets received.' },
  { name: 'unexpected', type: 'u32', about: 'Packets of no known class.' },
  { name: 'stackUsed', type: 'u32', about: 'Bytes of stack used at most.' },
  { name: 'dmaErrors', type: 'u32', about: 'DMA transfers that failed.' },
]);

/** What workers read beside the schedule: the batch, the step, what a channel is multiplied by; and what they report. */
import { declareLayout } from '../../layouts/layout.js';

/** Value of `mode`: operations of a phase above it are left out. */
export const BatchMode = { Predict: 0, Evaluate: 1, Train: 2 } as const;
/** Data sets that a schedule can name. */
export const STREAMS = 24;
/** Outputs with a loss. */
export const LOSS_OUTPUTS = 8;
/** Fraction of loss sums. */
export const LOSS_FRACTION = 24;

/** What is the same for all workers of a replica during one batch. */
export const batchHeader = declareLayout('BatchHeader', 'One batch of a replica.', [
  { name: 'mode', type: 'u32', about: 'BatchMode.' },
  { name: 'samples', type: 'u32', about: 'Samples of this replica in the batch; may be 0.' },
  { name: 'firstSample', type: 'u32', about: 'Place in the batch of the first of them.' },
  { name: 'batchSamples', type: 'u32', about: 'Samples of the whole batch, at least 1.' },
  { name: 'position', type: 'u32', about: 'Place in the epoch of the first sample of the batch.' },
  { name: 'epochSamples', type: 'u32', about: 'Samples of the epoch, for shuffling.' },
  {
    name: 'shuffle',
    type: 'u32',
    about:
      '1: place i of the epoch is sample shuffledIndex(i, epochSamples, shuffleSeed) of the data set; 0: sample i.',
  },
  { name: 'shuffleSeed', type: 'u32', about: 'Of the epoch.' },
  { name: 'steps', type: 'u32', about: 'Address of StepRow [...].' },
  { name: 'step', type: 'u32', about: 'Row of this batch.' },
  {
    name: 'statistics',
    type: 'u32',
    about: 'Address of the statistics of worker 0; multiple of 8.',
  },
  {
    name: 'statisticsStride',
    type: 'u32',
    about: 'Bytes from one worker to the next: statisticsBytes(operations).',
  },
  { name: 'replica', type: 'u32', about: 'Number of this replica.' },
  { name: 'replicas', type: 'u32', about: 'At least 1.' },
  { name: 'workers', type: 'u32', about: 'Of each replica, at least 1.' },
  { name: 'per', type: 'u32', about: 'Trained numbers of each owner: a multiple of 64.' },
  {
    name: 'streams',
    type: 'u32',
    count: STREAMS,
    about: 'Address of sample 0 of each data set; 0: none.',
  },
]);

/** What changes from step to step: one row a batch. */
export const stepRow = declareLayout('StepRow', 'One step of training; floats as their bits.', [
  { name: 'rate', type: 'u32', about: 'Learning rate, float32.' },
  {
    name: 'correctedRate',
    type: 'u32',
    about: 'Of adam: rate * sqrt(1 - beta2^step) / (1 - beta1^step), step from 1; float32.',
  },
  { name: 'seed', type: 'u32', about: 'Fixes dropout and rounding of this step.' },
  {
    name: 'chance',
    type: 'u32',
    about: '1: weights and deltas are rounded by chance; 0: to nearest.',
  },
]);

/** A channel of BatchNormalization: value = sat(round(x * multiplier + offset, shift)). */
export const channelScale = declareLayout(
  'ChannelScale',
  'What normalise multiplies a channel by.',
  [
    { name: 'offset', type: 'i64', about: 'Fraction of x + exponent.' },
    { name: 'multiplier', type: 'i32', about: 'Below 2^24; value = multiplier * 2^-exponent.' },
    { name: 'exponent', type: 'i32', about: 'Fraction bits of the multiplier, at most 40.' },
    {
      name: 'meanInteger',
      type: 'i32',
      about: 'Mean, rounded to the fraction of x less valueShift.',
    },
    { name: 'mean', type: 'u32', about: 'Mean, float32.' },
    { name: 'inverse', type: 'u32', about: '1 / sqrt(variance + epsilon), float32.' },
    { name: 'reserved', type: 'u32', about: '0.' },
  ],
);

/** A channel on the way back: error = sat32(round(round(e * a, aShift) + round(x * b, bShift) + c, 8)). */
export const channelSlope = declareLayout(
  'ChannelSlope',
  'What normaliseBack multiplies a channel by.',
  [
    { name: 'offset', type: 'i64', about: 'c: fraction of the target + 8.' },
    { name: 'errorMultiplier', type: 'i32', about: 'a, below 2^24.' },
    { name: 'errorShift', type: 'i32', about: 'aShift.' },
    { name: 'valueMultiplier', type: 'i32', about: 'b, below 2^24.' },
    { name: 'valueShift', type: 'i32', about: 'bShift.' },
  ],
);

/** What a worker has counted since the host last set it to 0. Then follow saturations and underflows, u32 [2][operations]. */
export const workerStatistics = declareLayout('WorkerStatistics', 'Counts of one worker.', [
  {
    name: 'losses',
    type: 'i64',
    count: LOSS_OUTPUTS,
    about: 'Sum over samples of the weighted loss of each output, fraction 24.',
  },
  {
    name: 'penalty',
    type: 'i64',
    about: 'Sum over samples of the penalty on weights, fraction 24.',
  },
  {
    name: 'correct',
    type: 'u32',
    count: LOSS_OUTPUTS,
    about: 'Right rows (Categorical) or values (Binary).',
  },
]);

/** Bytes of the statistics of one worker. */
export function statisticsBytes(operations: number): number {
  return workerStatistics.size + 8 * operations;
}

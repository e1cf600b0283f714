/** Configuration, command block and progress block of the core that runs the `sequencer` program. */
import { declareLayout } from './layout.js';

/** Cores named in {@link sequencerProgress} when a batch was not finished in time. */
export const MISSING_CORES = 16;

/** Largest number of dense cores that a sequencer can wait for. */
export const MAXIMUM_DENSE_CORES = 4096;

/** Region 0 of the sequencer. */
export const sequencerConfiguration = declareLayout(
  'SequencerConfiguration',
  'Region 0 of the sequencer.',
  [
    { name: 'bytes', type: 'u32', about: 'Size of this structure; the program refuses any other.' },
    {
      name: 'cores',
      type: 'u32',
      about: 'Number of dense cores; their indices are 0 to cores - 1.',
    },
    {
      name: 'controlKey',
      type: 'u32',
      about: 'First key of the control class; the field number is added.',
    },
    { name: 'doneKey', type: 'u32', about: 'First key of the done class; one block of 2^24 keys.' },
    { name: 'sendGap', type: 'u32', about: 'Core cycles between two packets; at least 100.' },
    {
      name: 'budget',
      type: 'u32',
      about:
        'Longest time of one batch or operation, milliseconds of machine time; 0 means 2000. Once batches are known, a batch may take 16 times the longest.',
    },
    {
      name: 'attempts',
      type: 'u32',
      about:
        'How often a batch or an operation is tried; 0 means 8. With 1, cores need not know of attempts: operations come without one, done packets carry only a status.',
    },
  ] as const,
);

/** Value of `operation` in {@link sequencerCommand}. */
export const SequencerOperation = { Run: 1, StoreWeights: 2, LoadWeights: 3 } as const;

/** Bits of `flags` in {@link sequencerCommand}, and of control field 0. */
export const RunFlag = {
  /** Backward pass and update after the forward pass. */
  Train: 1 << 0,
  /** Take the samples in the order of `shuffledIndex`. */
  Shuffle: 1 << 1,
  /** Write the outputs of every sample to the data slot. */
  KeepOutputs: 1 << 2,
  /** Compute the loss without training; `layers` only. */
  Evaluate: 1 << 3,
  /** Shift of the data slot, bits 15:8. */
  SlotShift: 8,
} as const;

/** Region 1 of the sequencer: written by the host, then signal USR0 starts it. */
export const sequencerCommand = declareLayout('SequencerCommand', 'Region 1 of the sequencer.', [
  {
    name: 'run',
    type: 'u32',
    about:
      'Number of the command, chosen by the host; progress repeats it. Start at 1 and count up.',
  },
  {
    name: 'operation',
    type: 'u32',
    about: 'SequencerOperation. Run also makes every core report its statistics at its end.',
  },
  { name: 'flags', type: 'u32', about: 'Bits of RunFlag.' },
  { name: 'samples', type: 'u32', about: 'Samples in the epoch.' },
  {
    name: 'firstSample',
    type: 'u32',
    about: 'Position at which to start, a multiple of batch; 0 for a whole epoch.',
  },
  {
    name: 'endSample',
    type: 'u32',
    about:
      'Position behind the last sample to run: a multiple of batch, or samples for the rest of the epoch.',
  },
  {
    name: 'batch',
    type: 'u32',
    about: 'Samples in a batch, at most B of the configuration of the dense cores.',
  },
  { name: 'seed', type: 'u32', about: 'Shuffle seed of this epoch.' },
  {
    name: 'mantissa',
    type: 'u32',
    about: 'learningRate / batch = mantissa * 2^-exponent, mantissa in 2^30 .. 2^31 - 1.',
  },
  { name: 'exponent', type: 'u32', about: 'See mantissa.' },
  {
    name: 'lastMantissa',
    type: 'u32',
    about: 'The same for the last batch when it is short; equal to mantissa otherwise.',
  },
  { name: 'lastExponent', type: 'u32', about: 'See lastMantissa.' },
  {
    name: 'stopRun',
    type: 'u32',
    about:
      'The Run of this number ends behind the batch in progress, as if there were no more samples. The host may write this field while it goes on.',
  },
] as const);

/** Value of `state` in {@link sequencerProgress}. */
export const SequencerState = {
  Idle: 0,
  Running: 1,
  Finished: 2,
  /** Some cores did not report in time: see `missing`. */
  TimedOut: 3,
  /** A core reported an error: see `failedCore` and `failedStatus`. */
  Failed: 4,
  /** The command block asks for something impossible. */
  Refused: 5,
} as const;

/** Field number of a control packet: the low 4 bits of its key. */
export const ControlField = {
  Flags: 0,
  Samples: 1,
  Position: 2,
  EpochSamples: 3,
  Seed: 4,
  Mantissa: 5,
  Exponent: 6,
  Operation: 14,
  Go: 15,
} as const;

/** Operation in the low 4 bits of control field {@link ControlField.Operation}; its attempt is in the high 16. */
export const DenseOperation = {
  Report: 1,
  StoreWeights: 2,
  LoadWeights: 3,
  /** Stop the batch of an attempt, or take its update back; send nothing more. */
  Abort: 4,
  /** Forget all packets that came. */
  Clear: 5,
} as const;

/** Control fields below this one are covered by the check of {@link ControlField.Go}. */
export const CHECKED_FIELDS = 7;

/** Status in the low 8 bits of the payload of a done packet; above that bits 23:0 of operation << 16 | attempt. */
export const DoneStatus = {
  Ok: 0,
  /** The batch asked for is larger than the configuration's, or its data slot has no data. */
  BadBatch: 1,
  /** Unknown operation. */
  BadOperation: 2,
  /** A DMA transfer failed. */
  DmaError: 3,
  /** A shift of the update is outside 1..95. */
  BadShift: 4,
  /** Control packets of the batch were lost. */
  StaleFields: 5,
  /** An update that clamped weights cannot be taken back. */
  CannotUndo: 6,
} as const;

/** Region 2 of the sequencer: after the command is taken, `run` is written first and `state` last. */
export const sequencerProgress = declareLayout('SequencerProgress', 'Region 2 of the sequencer.', [
  {
    name: 'elapsed',
    type: 'u64',
    about: 'Core cycles since the command was taken, up to the last finished batch.',
  },
  { name: 'state', type: 'u32', about: 'SequencerState of command `run`.' },
  { name: 'run', type: 'u32', about: 'Number of the command.' },
  { name: 'batchesDone', type: 'u32', about: 'Batches finished by every core.' },
  { name: 'samplesDone', type: 'u32', about: 'Samples in them.' },
  {
    name: 'missing',
    type: 'u32',
    about: 'Number of cores that did not report in time, the last time that some did not.',
  },
  {
    name: 'missingCores',
    type: 'u32',
    count: MISSING_CORES,
    about: 'Indices of the first of them.',
  },
  { name: 'failedCore', type: 'u32', about: 'Index of the first core that reported an error.' },
  { name: 'failedStatus', type: 'u32', about: 'DoneStatus of that core.' },
  {
    name: 'repeated',
    type: 'u32',
    about: 'Batches that were repeated since cores did not report.',
  },
  { name: 'resent', type: 'u32', about: 'Operations that were asked for again.' },
  {
    name: 'latePackets',
    type: 'u32',
    about: 'Done packets of attempts that had been given up, or that came twice.',
  },
] as const);

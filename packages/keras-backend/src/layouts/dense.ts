/**
 * Configuration and statistics of a core that runs the `dense` program: a tile of a layer, a head, or both.
 *
 * What the fields are used for is in docs/on-core-programs.md; `l` is the layer that the core belongs to.
 */
import { declareLayout } from './layout.js';

/** Value of `mode`. */
export const DenseMode = { Fast: 0, Exact: 1 } as const;

/** Bits of `roles`. */
export const DenseRole = {
  /** Owns a block of the layer's weights. */
  Tile: 1 << 0,
  /** Adds up partial sums of its units and applies the activation. */
  Head: 1 << 1,
  /** The tile reads its inputs from SDRAM instead of receiving activations. */
  FirstLayer: 1 << 2,
  /** The head computes loss and deltas from targets in SDRAM. */
  OutputLayer: 1 << 3,
  /** The tile sends back sums to the layer below. */
  SendsBack: 1 << 4,
  /** The tile's sums and deltas stay on this core, which is also the head of its rows. */
  LocalHead: 1 << 5,
  /** The head's bias is trained. Without it the bias stays as loaded. */
  TrainsBias: 1 << 6,
} as const;

/** Value of `activation`. */
export const DenseActivation = { Linear: 0, Relu: 1, Sigmoid: 2, Tanh: 3, Softmax: 4 } as const;

/** Value of `loss`. */
export const DenseLoss = {
  CategoricalCrossentropy: 0,
  BinaryCrossentropy: 1,
  MeanSquaredError: 2,
} as const;

/** Value of `accuracy`. */
export const DenseAccuracy = { Categorical: 0, Binary: 1 } as const;

/**
 * What a core spends its cycles on: index of `phaseCycles`. Packets that come in or go out meanwhile count for the
 * phase that they interrupt.
 */
export const DensePhase = {
  /** Control packets, sample numbers, statistics. */
  Other: 0,
  /** Partial sums. */
  Forward: 1,
  /** Activations, loss, and deltas of an output layer. */
  Activate: 2,
  /** Deltas of a hidden layer. */
  Delta: 3,
  /** Back sums. */
  Back: 4,
  /** Gradient and update. */
  Update: 5,
  /** Asleep until the next batch. */
  WaitForBatch: 6,
  /** Asleep until inputs or targets come by DMA. */
  WaitForData: 7,
  /** Asleep until activations of the layer below come. */
  WaitForActivations: 8,
  /** Asleep until partial sums come. */
  WaitForPartials: 9,
  /** Asleep until back sums come. */
  WaitForBacks: 10,
  /** Asleep until deltas come. */
  WaitForDeltas: 11,
  /** Asleep until the send queue has room, or is empty. */
  WaitForQueue: 12,
} as const;

/** Length of `phaseCycles`. */
const PHASES = 16;

/**
 * Region 0 of a `dense` core. Fields of a role that the core has not are 0. Operation LoadWeights reads the data slots
 * (the last six fields) again; all else is read once, at the start.
 */
export const denseConfiguration = declareLayout('DenseConfiguration', 'Region 0 of a dense core.', [
  { name: 'bytes', type: 'u32', about: 'Size of this structure; the program refuses any other.' },
  { name: 'mode', type: 'u32', about: 'DenseMode.' },
  { name: 'roles', type: 'u32', about: 'Bits of DenseRole.' },
  {
    name: 'coreIndex',
    type: 'u32',
    about: 'Index among all dense cores, from 0; low 16 bits of its done key.',
  },
  { name: 'batch', type: 'u32', about: 'Largest batch B, samples.' },
  { name: 'sampleBits', type: 'u32', about: 'ceil(log2 B): width of the sample in every key.' },
  { name: 'sendGap', type: 'u32', about: 'Core cycles between two packets; at least 100.' },
  {
    name: 'sendDelay',
    type: 'u32',
    about:
      'Core cycles before the first packet of a burst, at least 100: different among neighbours, which often have something to send at the same time.',
  },
  {
    name: 'backGap',
    type: 'u32',
    about: 'Tile that sends back: core cycles after a packet of back(l) in place of sendGap.',
  },

  { name: 'controlKey', type: 'u32', about: 'First key of the control class.' },
  { name: 'doneKey', type: 'u32', about: 'First key of the done class; coreIndex is added.' },
  {
    name: 'doneDelay',
    type: 'u32',
    about:
      'Core cycles before a done packet, so that not all cores report at once; 100 x coreIndex keeps one sequencer from being flooded.',
  },

  {
    name: 'activationInKey',
    type: 'u32',
    about: 'Tile above layer 1: first key of activation(l-1), 0 when none is received.',
  },
  {
    name: 'activationInBlocks',
    type: 'u32',
    about: 'Blocks of 2^24 keys in that class; 0 when none is received.',
  },
  { name: 'deltaInKey', type: 'u32', about: 'Tile without local head: first key of delta(l).' },
  {
    name: 'deltaInBlocks',
    type: 'u32',
    about: 'Blocks of 2^24 keys in that class; 0 when none is received.',
  },
  { name: 'partialInKey', type: 'u32', about: 'Head: first key of partial(l).' },
  {
    name: 'partialInBlocks',
    type: 'u32',
    about: 'Blocks of 2^24 keys in that class; 0 when none is received.',
  },
  { name: 'backInKey', type: 'u32', about: 'Head below the output layer: first key of back(l+1).' },
  {
    name: 'backInBlocks',
    type: 'u32',
    about: 'Blocks of 2^24 keys in that class; 0 when none is received.',
  },

  {
    name: 'activationOutKey',
    type: 'u32',
    about: 'Head below the output layer: first key of activation(l).',
  },
  {
    name: 'deltaOutKey',
    type: 'u32',
    about: 'Head: first key of delta(l), 0 when no other core needs its deltas.',
  },
  {
    name: 'partialOutKey',
    type: 'u32',
    about: 'Tile without local head: first key of partial(l).',
  },
  { name: 'backOutKey', type: 'u32', about: 'Tile that sends back: first key of back(l).' },

  {
    name: 'unitBits',
    type: 'u32',
    about: 'ceil(log2 units(l)): width of the unit in partial(l) and back(l+1) keys.',
  },
  {
    name: 'unitBitsBelow',
    type: 'u32',
    about: 'ceil(log2 units(l-1)): width of the unit in back(l) keys.',
  },

  { name: 'row0', type: 'u32', about: 'Tile: first unit of its rows.' },
  { name: 'rows', type: 'u32', about: 'Tile: number of rows, at least 1.' },
  { name: 'column0', type: 'u32', about: 'Tile: first input of its columns; even.' },
  {
    name: 'columns',
    type: 'u32',
    about:
      'Tile: number of inputs without padding; only the last column block may be odd, its padded operands are 0.',
  },
  { name: 'rowBlock', type: 'u32', about: 'Tile: r in its back keys.' },
  { name: 'columnBlock', type: 'u32', about: 'Tile: c in its partial keys.' },
  { name: 'unit0', type: 'u32', about: 'Head: its first unit; even.' },
  { name: 'units', type: 'u32', about: 'Head: number of units.' },

  {
    name: 'activationsExpected',
    type: 'u32',
    about:
      'Tile above layer 1: activation packets a sample inside its columns: ceil(columns / 2) in fast, columns in exact.',
  },
  {
    name: 'deltasExpected',
    type: 'u32',
    about:
      'Tile without local head: delta packets a sample inside its rows: ceil(rows / 2) in fast, rows in exact.',
  },
  {
    name: 'partialsExpected',
    type: 'u32',
    about:
      'Head: partial packets a sample from all other cores; units x column blocks elsewhere (twice that in exact).',
  },
  {
    name: 'backsExpected',
    type: 'u32',
    about:
      'Head below the output layer: back packets a sample; units x row blocks of layer l+1 (twice that in exact).',
  },

  { name: 'activation', type: 'u32', about: 'Head: DenseActivation.' },
  { name: 'loss', type: 'u32', about: 'Output head: DenseLoss.' },
  { name: 'accuracy', type: 'u32', about: 'Output head: DenseAccuracy.' },
  { name: 'lossScale', type: 'u32', about: 'Output head: unsigned, fraction 30.' },

  { name: 'inputFraction', type: 'u32', about: 'Fraction of the inputs of layer l.' },
  {
    name: 'weightFraction',
    type: 'u32',
    about: 'Fraction of the weights as multiplied; 27 in exact.',
  },
  { name: 'zFraction', type: 'u32', about: 'Fraction of the pre-activations.' },
  {
    name: 'activationFraction',
    type: 'u32',
    about: 'Fraction of the stored activations of layer l.',
  },
  { name: 'deltaFraction', type: 'u32', about: 'Fraction of the deltas of layer l.' },
  {
    name: 'errorFraction',
    type: 'u32',
    about: 'Fraction of the error g of layer l; 27 at the output layer.',
  },
  {
    name: 'backFraction',
    type: 'u32',
    about: 'Head below the output layer: weightFraction + deltaFraction of layer l+1.',
  },
  { name: 'targetFraction', type: 'u32', about: 'Output head: fraction of the targets.' },

  {
    name: 'inputsAddress',
    type: 'u32',
    count: 2,
    about:
      "First-layer tile, by data slot: address of this tile's first column of sample 0; word aligned.",
  },
  {
    name: 'inputsRowBytes',
    type: 'u32',
    count: 2,
    about: 'Bytes from one sample to the next; a multiple of 4.',
  },
  {
    name: 'targetsAddress',
    type: 'u32',
    count: 2,
    about:
      'Output head, by data slot: address of the target of its first unit of sample 0; word aligned; 0 when the slot has no targets.',
  },
  {
    name: 'targetsRowBytes',
    type: 'u32',
    count: 2,
    about: 'Bytes from one sample to the next; a multiple of 4.',
  },
  {
    name: 'outputsAddress',
    type: 'u32',
    count: 2,
    about:
      'Output head, by data slot: where the output of its first unit of sample 0 goes; word aligned; 0 when the slot keeps none.',
  },
  {
    name: 'outputsRowBytes',
    type: 'u32',
    count: 2,
    about: 'Bytes from one sample to the next; a multiple of 4.',
  },
] as const);

/**
 * Region 3 of a `dense` core. Everything counts since the last report (operation 1), which writes and then clears it;
 * `bytes`, `stackBytes` and `arenaBytes` stay.
 */
export const denseStatistics = declareLayout('DenseStatistics', 'Region 3 of a dense core.', [
  {
    name: 'lossSum',
    type: 'i64',
    about: 'Output head: sum of the loss over units and samples, fraction 24.',
  },
  { name: 'busyCycles', type: 'u64', about: 'Core cycles not spent asleep.' },
  { name: 'phaseCycles', type: 'u64', count: PHASES, about: 'Core cycles by DensePhase.' },
  { name: 'bytes', type: 'u32', about: 'Size of this structure.' },
  {
    name: 'reports',
    type: 'u32',
    about: 'Number of reports written since the start, never reset.',
  },
  { name: 'samples', type: 'u32', about: 'Samples that went forward.' },
  { name: 'batches', type: 'u32', about: 'Batches.' },
  {
    name: 'correct',
    type: 'u32',
    about: 'Output head: samples (categorical) or outputs (binary) that were right.',
  },
  { name: 'saturatedZ', type: 'u32', about: 'Clamped pre-activations.' },
  { name: 'saturatedActivation', type: 'u32', about: 'Clamped stored activations.' },
  { name: 'saturatedError', type: 'u32', about: 'Clamped differences, errors and back sums.' },
  { name: 'saturatedDelta', type: 'u32', about: 'Clamped deltas.' },
  { name: 'saturatedWeight', type: 'u32', about: 'Clamped master weights and updates of them.' },
  {
    name: 'saturatedOperand',
    type: 'u32',
    about: 'Clamped operand copies of weights and biases (fast).',
  },
  { name: 'saturatedBias', type: 'u32', about: 'Clamped master biases and updates of them.' },
  { name: 'packetsSent', type: 'u32', about: 'Packets sent, done packets included.' },
  { name: 'packetsReceived', type: 'u32', about: 'Multicast packets received, of any class.' },
  {
    name: 'packetsUnexpected',
    type: 'u32',
    about: 'Packets of a class that this core does not take.',
  },
  {
    name: 'packetsIgnored',
    type: 'u32',
    about: 'Packets of a class that it takes for units outside its range.',
  },
  {
    name: 'packetsLate',
    type: 'u32',
    about: 'Packets for a sample that was complete already: none, unless something is wrong.',
  },
  { name: 'sendQueueHighWater', type: 'u32', about: 'Most packets that waited in the send queue.' },
  { name: 'stackBytes', type: 'u32', about: 'Most bytes of the main stack ever used.' },
  {
    name: 'arenaBytes',
    type: 'u32',
    about: 'DTCM that the configuration takes; dtcmBytes() says the same.',
  },
  { name: 'lastBatch', type: 'u32', about: 'Number of the last finished batch.' },
  { name: 'running', type: 'u32', about: '1 in the middle of a batch, as after a time-out.' },
  {
    name: 'waitsFor',
    type: 'u32',
    about: 'In the middle of a batch: DensePhase of what is missing.',
  },
  { name: 'waitSample', type: 'u32', about: 'Sample of the batch for which it is missing.' },
  { name: 'waitPackets', type: 'u32', about: 'Packets that came for that sample.' },
  { name: 'waitExpected', type: 'u32', about: 'Packets that are to come for it.' },
  {
    name: 'forwardDone',
    type: 'u32',
    about: 'Tile: samples of the last batch multiplied forward.',
  },
  { name: 'activatedDone', type: 'u32', about: 'Head: samples of the last batch activated.' },
  { name: 'errorsDone', type: 'u32', about: 'Head: samples of the last batch with deltas.' },
  { name: 'deltasDone', type: 'u32', about: 'Tile: samples of the last batch whose deltas came.' },
  { name: 'backsDone', type: 'u32', about: 'Tile: samples of the last batch multiplied back.' },
] as const);

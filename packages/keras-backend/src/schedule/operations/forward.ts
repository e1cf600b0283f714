/** Descriptors of what goes from inputs to the loss; docs/on-core-layers.md, section 3, has the formulas. */
import type { OperationFields } from './fields.js';

/** Value of `function` of `activate`. */
export const ActivationFunction = {
  Linear: 0,
  /** `x >= threshold ? min(x, limit) : slope * (x - threshold)`. */
  Relu: 1,
  Sigmoid: 2,
  Tanh: 3,
  Softmax: 4,
  /** `x > 0 ? scale * x : slope * (e^x - 1)`: ELU, and SELU with slope = scale * alpha. */
  Elu: 5,
  /** `clamp(x + half, 0, 2 half) / (2 half)`; half = `threshold`. */
  HardSigmoid: 6,
  Softplus: 7,
  Softsign: 8,
  Swish: 9,
  Gelu: 10,
  Exponential: 11,
} as const;

/** Value of `function` of `pool`. */
export const PoolFunction = { Largest: 0, Mean: 1 } as const;

/** Value of `function` of `merge`. */
export const MergeFunction = { Add: 0, Subtract: 1, Multiply: 2, Maximum: 3, Minimum: 4 } as const;

/** Fraction of `slope` and `scale`. */
export const PARAMETER_FRACTION = 24;
/** Fraction of `multiplier`. */
export const MULTIPLIER_FRACTION = 30;
/** A `limit` that limits nothing. */
export const NO_LIMIT = 0x7fffffff;

/** What `activate` and its way back are told. */
export const activationFields = {
  function: ['u32', 'ActivationFunction.'],
  slope: ['i32', 'Slope below the threshold, or factor of e^x - 1; fraction 24.'],
  scale: ['i32', 'Slope above 0 of Elu; fraction 24.'],
  threshold: ['i32', 'Threshold of Relu, half width of HardSigmoid; fraction of the source.'],
  limit: ['i32', 'Largest value of Relu, fraction of the source; 2^31 - 1: none.'],
} as const satisfies OperationFields;

/** How values move: target axis d takes from source axis `axis`. Axes: 0 rows, 1 columns, 2 channels. */
export const mapFields = {
  linear: [
    'u32',
    '1: the elements of a sample in their order, whatever the shapes; all below is ignored.',
  ],
  rowsAxis: ['u32', 'Source axis of the target rows.'],
  columnsAxis: ['u32', 'Source axis of the target columns.'],
  channelsAxis: ['u32', 'Source axis of the target channels.'],
  rowsOffset: ['i32', 'Target row of source place 0; rows before it and behind the last are 0.'],
  columnsOffset: ['i32', 'The same of columns.'],
  channelsOffset: ['i32', 'The same of channels.'],
  rowsRepeat: ['u32', 'Target rows for each source place, at least 1.'],
  columnsRepeat: ['u32', 'The same of columns.'],
  channelsRepeat: ['u32', 'The same of channels.'],
} as const satisfies OperationFields;

const blockFields = {
  rowsPerBlock: ['u32', 'Rows of one item.'],
  columnsPerBlock: ['u32', 'Columns of one item.'],
  channelsPerBlock: ['u32', 'Channels of one item: all, or an even number.'],
} as const satisfies OperationFields;

/** Fields of each kind; those of `blocking` are chosen by `blocking.ts`. */
export const forwardOperations = {
  take: {
    phase: 0,
    about: 'Copies samples of this batch from a data set, in the order of the epoch.',
    fields: {
      stream: ['u32', 'Index in BatchHeader.streams.'],
      streamStride: ['u32', 'Bytes from one sample to the next in the data set; a multiple of 4.'],
      target: ['tensor', 'Elements of the same type; a sample in the data set has no padding.'],
    },
    blocking: {},
  },
  put: {
    phase: 0,
    about: 'The opposite: writes values of this batch into a data set.',
    fields: {
      stream: ['u32', 'Index in BatchHeader.streams; nothing is written where that is 0.'],
      streamStride: ['u32', 'Bytes from one sample to the next; a multiple of 4.'],
      source: ['tensor', 'Any type.'],
    },
    blocking: {},
  },
  matrix: {
    phase: 0,
    about:
      'Dense, Conv1D, Conv2D: sums of window times weights; also the way back to the input, with windowBack and transposed weights.',
    fields: {
      input: ['tensor', 'Operand: values, or deltas on the way back.'],
      output: ['tensor', 'Int32: pre-activations, or errors.'],
      window: ['window', 'Where the inputs of an output lie.'],
      weights: [
        'u32',
        'Address of [output][weightStride] operands of the type of the input, k = (kernel row, kernel column, channel).',
      ],
      weightStride: [
        'u32',
        'Elements from one output to the next, see weightStrideOf; those behind the last k are 0.',
      ],
      weightFraction: ['i32', 'Fraction of the weights.'],
      bias: [
        'u32',
        'Address of the biases at fraction input + weight: int32 for int16 inputs, else int64; 0: none.',
      ],
      accumulate: ['u32', '1: adds to the output, sat32.'],
    },
    blocking: {
      samplesPerBlock: ['u32', 'Samples of one item.'],
      rowsPerBlock: ['u32', 'Output rows of one item.'],
      columnsPerBlock: ['u32', 'Output columns of one item.'],
      outputsPerBlock: ['u32', 'Outputs of one item; even, or all.'],
      depthPerBlock: ['u32', 'Products of one pass; a multiple of 8, or all.'],
    },
  },
  depthwise: {
    phase: 0,
    about: 'DepthwiseConv2D: output c * multiplier + i from channel c.',
    fields: {
      input: ['tensor', 'Operand.'],
      output: ['tensor', 'Int32.'],
      window: ['window', 'Spread 1.'],
      weights: [
        'u32',
        'Address of [kernel row][kernel column][weightStride] operands of the type of the input.',
      ],
      weightStride: ['u32', 'Elements from one kernel place to the next: the outputs, even.'],
      weightFraction: ['i32', 'Fraction of the weights.'],
      bias: ['u32', 'As in matrix.'],
      multiplier: ['u32', 'Outputs of each channel.'],
    },
    blocking: blockFields,
  },
  activate: {
    phase: 0,
    about: 'From wide sums, or operands, to operands.',
    fields: {
      source: ['tensor', 'Int32 or int16; fraction 1 to 26 for all but Linear and Relu.'],
      target: ['tensor', 'Int16 or int32, same sizes.'],
      ...activationFields,
    },
    blocking: blockFields,
  },
  pool: {
    phase: 0,
    about: 'Largest or mean of what lies in a window.',
    fields: {
      source: ['tensor', 'Int16 or int32.'],
      target: ['tensor', 'Int16 or int32.'],
      window: ['window', 'Spread 1.'],
      function: ['u32', 'PoolFunction.'],
    },
    blocking: blockFields,
  },
  merge: {
    phase: 0,
    about: 'One tensor of two. Rows, columns and channels of 1 are repeated.',
    fields: {
      first: ['tensor', 'Int16 or int32.'],
      second: ['tensor', 'Int16 or int32.'],
      target: ['tensor', 'Int16 or int32.'],
      function: ['u32', 'MergeFunction.'],
      multiplier: [
        'u32',
        'Factor of the result, fraction 30; 2^30 = 1; 2^29 makes an average of Add.',
      ],
    },
    blocking: blockFields,
  },
  map: {
    phase: 0,
    about:
      'Moves values: reshape, permute, padding, up-sampling, concatenation (one for each input, into a region of the target).',
    fields: {
      source: ['tensor', 'Int16 or int32.'],
      target: ['tensor', 'Int16 or int32.'],
      ...mapFields,
    },
    blocking: {},
  },
  statistics: {
    phase: 2,
    about: 'BatchNormalization: sums of x and x * x for each channel, of a slice of the positions.',
    fields: {
      source: ['tensor', 'Int16 or int32.'],
      sums: ['u32', 'Address of int64 [slices][2][channels]; multiple of 8.'],
      slices: ['u32', 'Slices of rows of all samples: at least 1; combine adds them.'],
      valueShift: [
        'i32',
        'x is rounded by it before it is squared: 0 for int16; for int32 so that it fits 24 bits.',
      ],
    },
    blocking: blockFields,
  },
  moments: {
    phase: 0,
    about:
      'BatchNormalization: from the sums over all replicas to what each channel is multiplied by; every replica does all channels.',
    fields: {
      sums: ['u32', 'Address of int64 [2][channels], as statistics left them, added up.'],
      channels: ['u32', 'Channels.'],
      positions: ['u32', 'Values of a channel in one sample.'],
      fraction: ['i32', 'Of x.'],
      valueShift: ['i32', 'As in statistics.'],
      gamma: ['u32', 'Address of float32 [channels]; 0: all 1.'],
      beta: ['u32', 'Address of float32 [channels]; 0: all 0.'],
      movingMean: ['u32', 'Address of float32 [channels]; moved in training.'],
      movingVariance: ['u32', 'Address of float32 [channels]; moved in training.'],
      momentum: ['f32', 'Share of the moving averages that stays.'],
      epsilon: ['f32', 'Added to variances.'],
      frozen: ['u32', '1: uses the moving averages in training too.'],
      channelScales: ['u32', 'Address of ChannelScale [channels], written; multiple of 8.'],
    },
    blocking: {},
  },
  normalise: {
    phase: 0,
    about: 'BatchNormalization: x * multiplier + offset.',
    fields: {
      source: ['tensor', 'Int16 or int32.'],
      target: ['tensor', 'Int16 or int32.'],
      channelScales: ['u32', 'As moments wrote them.'],
    },
    blocking: blockFields,
  },
  drop: {
    phase: 0,
    about: 'Dropout of values, and in the same way of their errors; a copy when not training.',
    fields: {
      source: ['tensor', 'Int16 or int32.'],
      target: ['tensor', 'Int16 or int32.'],
      limit: ['u32', 'Elements whose random word is below are dropped: rate * 2^32.'],
      multiplier: ['u32', '1 / (1 - rate), fraction 24.'],
      salt: ['u32', 'Number of the call of the layer: seed = randomWord(seed of the step, salt).'],
      ownSeed: ['u32', '1: then seed = randomWord(seed, layerSeed).'],
      layerSeed: ['u32', 'Seed of the layer.'],
      accumulate: ['u32', '1: adds to the target.'],
    },
    blocking: blockFields,
  },
} as const;

/** Descriptors of the loss and the way back; docs/on-core-layers.md, section 3, has the formulas. */
import type { OperationFields } from './fields.js';
import { activationFields, mapFields } from './forward.js';

/** Value of `loss`: keras.losses by our names; sparse ones are the categorical ones with int32 targets. */
export const LossFunctionNumber = {
  mean_squared_error: 0,
  mean_absolute_error: 1,
  mean_absolute_percentage_error: 2,
  mean_squared_logarithmic_error: 3,
  huber: 4,
  log_cosh: 5,
  cosine_similarity: 6,
  kl_divergence: 7,
  poisson: 8,
  hinge: 9,
  squared_hinge: 10,
  categorical_hinge: 11,
  binary_crossentropy: 12,
  categorical_crossentropy: 13,
  binary_focal_crossentropy: 14,
  categorical_focal_crossentropy: 15,
} as const;

/** Value of `accuracy`. */
export const AccuracyKind = {
  None: 0,
  /** The first largest output is where the first largest target, or the class number, is. */
  Categorical: 1,
  /** Of each output: above `threshold` as the target is above one half. */
  Binary: 2,
} as const;

const blockFields = {
  rowsPerBlock: ['u32', 'Rows of one item.'],
  columnsPerBlock: ['u32', 'Columns of one item.'],
  channelsPerBlock: ['u32', 'Channels of one item: all, or an even number.'],
} as const satisfies OperationFields;

/** Fields of each kind. */
export const backwardOperations = {
  lose: {
    phase: 1,
    about:
      'Loss of rows along the channels, and the gradient of the loss of one sample by what it was computed from.',
    fields: {
      source: ['tensor', 'Outputs, or pre-activations (fromLogits); int16 or int32.'],
      targets: ['tensor', 'Float32 of the same sizes, or int32 class numbers with 1 channel.'],
      weights: ['tensor', 'Float32, one a sample; address 0: all 1.'],
      error: ['tensor', 'Int32, or int16 deltas; written in training only; address 0: never.'],
      loss: ['u32', 'LossFunctionNumber.'],
      fromLogits: ['u32', '1: crossentropies take the source through softmax or sigmoid.'],
      labelSmoothing: ['f32', 'Of crossentropies, 0 to 1.'],
      delta: ['f32', 'Of huber.'],
      gamma: ['f32', 'Of focal crossentropies.'],
      alpha: ['f32', 'Of focal crossentropies.'],
      balanced: ['u32', '1: binary focal crossentropy uses alpha.'],
      lossWeight: ['f32', 'Factor of the error, not of the loss that is reported.'],
      output: ['u32', 'Index of loss and accuracy in WorkerStatistics, below 8.'],
      accuracy: ['u32', 'AccuracyKind.'],
      threshold: ['f32', 'Of Binary accuracy: 0.5, or 0 from logits.'],
    },
    blocking: {},
  },
  activateBack: {
    phase: 2,
    about: 'Error by the target of activate to error, or delta, by its source.',
    fields: {
      error: ['tensor', 'Int32.'],
      source: ['tensor', 'As in activate; needed where activationReads says so.'],
      value: ['tensor', 'Target of activate.'],
      target: ['tensor', 'Int16 or int32: int16 is clamped to -32767 .. 32767.'],
      ...activationFields,
      salt: ['u32', 'Number of the call, from 1, for rounding by chance; 0: to nearest.'],
      accumulate: ['u32', '1: adds to the target.'],
    },
    blocking: blockFields,
  },
  gradient: {
    phase: 2,
    about:
      'Gradients of the weights of matrix, in 64 bits, over all samples of the replica or a slice of them.',
    fields: {
      input: ['tensor', 'As in matrix.'],
      delta: ['tensor', 'Operand of the type of the input; int16: never -32768.'],
      window: ['window', 'As in matrix, spread 1.'],
      gradient: [
        'u32',
        'Address of int64 [output][gradientStride]; those behind the last k are written as 0; multiple of 8.',
      ],
      gradientStride: ['u32', 'Elements from one output to the next: weightStride.'],
      biasGradient: ['u32', 'Address of int64 [output]; 0: none; multiple of 8.'],
      slices: ['u32', 'Slices of rows of all samples: 1, or more where combine adds them up.'],
      sliceBytes: [
        'u32',
        'Bytes from the gradients of one slice to those of the next, biases too.',
      ],
    },
    blocking: {
      positionsPerBlock: ['u32', 'Output places of one pass; even.'],
      outputsPerBlock: ['u32', 'Outputs of one item.'],
      depthPerBlock: ['u32', 'Products of one item; a multiple of 4, or all.'],
    },
  },
  depthwiseBack: {
    phase: 2,
    about: 'Errors of the input of depthwise.',
    fields: {
      delta: ['tensor', 'Operand.'],
      error: ['tensor', 'Int32.'],
      window: ['window', 'windowBack of the window of depthwise.'],
      weights: ['u32', 'As in depthwise, not turned around.'],
      weightStride: ['u32', 'As in depthwise.'],
      weightFraction: ['i32', 'As in depthwise.'],
      multiplier: ['u32', 'As in depthwise.'],
      accumulate: ['u32', '1: adds to the error.'],
    },
    blocking: blockFields,
  },
  depthwiseGradient: {
    phase: 2,
    about: 'Gradients of the weights of depthwise.',
    fields: {
      input: ['tensor', 'As in depthwise.'],
      delta: ['tensor', 'Operand of the type of the input.'],
      window: ['window', 'As in depthwise.'],
      gradient: [
        'u32',
        'Address of int64 [kernel row][kernel column][gradientStride]; multiple of 8.',
      ],
      gradientStride: ['u32', 'Elements from one kernel place to the next: weightStride.'],
      biasGradient: ['u32', 'Address of int64 [output]; 0: none; multiple of 8.'],
      multiplier: ['u32', 'As in depthwise.'],
      slices: ['u32', 'As in gradient.'],
      sliceBytes: ['u32', 'As in gradient.'],
    },
    blocking: {
      channelsPerBlock: ['u32', 'Input channels of one item.'],
    },
  },
  poolBack: {
    phase: 2,
    about: 'Errors of the source of pool; of equal largest values the first gets it.',
    fields: {
      error: ['tensor', 'Int32, of the target of pool.'],
      source: ['tensor', 'As in pool; of Mean only the sizes are used.'],
      target: ['tensor', 'Int32.'],
      window: ['window', 'As in pool.'],
      function: ['u32', 'PoolFunction.'],
      accumulate: ['u32', '1: adds to the target.'],
    },
    blocking: blockFields,
  },
  mergeBack: {
    phase: 2,
    about:
      'Error of one input of merge; where it was repeated, the sum over what it was repeated for.',
    fields: {
      error: ['tensor', 'Int32, of the target of merge.'],
      first: ['tensor', 'As in merge; of Add and Subtract only the sizes are used.'],
      second: ['tensor', 'As in merge.'],
      target: ['tensor', 'Int32, of the sizes of the input.'],
      function: ['u32', 'MergeFunction.'],
      which: ['u32', '0: error of the first, 1: of the second.'],
      multiplier: ['u32', 'As in merge.'],
      accumulate: ['u32', '1: adds to the target.'],
    },
    blocking: blockFields,
  },
  mapBack: {
    phase: 2,
    about: 'Errors of the source of map.',
    fields: {
      error: ['tensor', 'Int32, of the target of map (of the same region).'],
      target: ['tensor', 'Int32, of the source of map.'],
      ...mapFields,
      accumulate: ['u32', '1: adds to the target.'],
    },
    blocking: {},
  },
  statisticsBack: {
    phase: 2,
    about: 'BatchNormalization: sums of error and error * x for each channel.',
    fields: {
      error: ['tensor', 'Int32.'],
      source: ['tensor', 'As in statistics.'],
      sums: ['u32', 'Address of int64 [slices][2][channels]; multiple of 8.'],
      slices: ['u32', 'As in statistics.'],
      valueShift: ['i32', 'As in statistics.'],
      errorShift: ['i32', 'Errors are rounded by it before they are added and multiplied.'],
    },
    blocking: blockFields,
  },
  momentsBack: {
    phase: 2,
    about:
      'BatchNormalization: gradients of gamma and beta, and what errors and values are multiplied by.',
    fields: {
      sums: ['u32', 'Address of int64 [2][channels], added up over all replicas.'],
      channels: ['u32', 'Channels.'],
      positions: ['u32', 'As in moments.'],
      fraction: ['i32', 'Of x.'],
      valueShift: ['i32', 'As in statistics.'],
      errorFraction: ['i32', 'Of the error.'],
      errorShift: ['i32', 'As in statisticsBack.'],
      targetFraction: ['i32', 'Of the error of the source.'],
      gamma: ['u32', 'As in moments.'],
      gammaGradient: [
        'u32',
        'Address of float32 [channels], written; sums over the batch, as update takes them; 0: none.',
      ],
      betaGradient: ['u32', 'The same of beta.'],
      frozen: ['u32', 'As in moments.'],
      channelScales: ['u32', 'As moments wrote them.'],
      channelSlopes: ['u32', 'Address of ChannelSlope [channels], written; multiple of 8.'],
    },
    blocking: {},
  },
  normaliseBack: {
    phase: 2,
    about: 'BatchNormalization: error of the source.',
    fields: {
      error: ['tensor', 'Int32.'],
      source: ['tensor', 'As in normalise.'],
      target: ['tensor', 'Int32.'],
      channelSlopes: ['u32', 'As momentsBack wrote them.'],
      accumulate: ['u32', '1: adds to the target.'],
    },
    blocking: blockFields,
  },
} as const;

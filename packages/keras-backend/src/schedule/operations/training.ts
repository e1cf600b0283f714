/** Descriptors of what is done once a batch: sums over replicas, steps of the optimiser, operand copies. */

/** Value of `optimiser`. */
export const OptimiserNumber = { sgd: 0, adagrad: 1, rmsprop: 2, adam: 3 } as const;
/** Value of `constraint`. */
export const ConstraintNumber = { nonNeg: 0, maxNorm: 1, unitNorm: 2, minMaxNorm: 3 } as const;
/** Value of `gradientType`: sums of a replica or over all, as integers with a fraction, or as float32. */
export const GradientType = { Int64: 0, Float32: 1 } as const;
/** Numbers that are squared and added up in their order; tensors begin at multiples of it, and so do owners' parts. */
export const NORM_BLOCK = 64;

const trainedFields = {
  gradient: ['u32', 'Address of the gradient of its first number; multiple of 8.'],
  gradientType: ['u32', 'GradientType.'],
  gradientFraction: ['i32', 'Of Int64.'],
  master: ['u32', 'Address of its first weight, float32.'],
  first: ['u32', 'Index of its first number among all trained numbers; a multiple of 64.'],
  count: ['u32', 'Numbers, with those that fill rows.'],
  l1: ['f32', 'Regulariser.'],
  l2: ['f32', 'Regulariser.'],
} as const;

/** Fields of each kind. */
export const trainingOperations = {
  combine: {
    phase: 2,
    about: 'Adds up slices of int64.',
    fields: {
      source: ['u32', 'Address of slice 0; multiple of 8.'],
      slices: ['u32', 'At least 1.'],
      sliceBytes: ['u32', 'Bytes from one slice to the next.'],
      target: ['u32', 'Address of the sums.'],
      count: ['u32', 'Numbers of a slice.'],
    },
    blocking: {},
  },
  reduce: {
    phase: 2,
    about:
      'Afterwards owner g has the sums over all replicas of numbers g * per up to (g + 1) * per; nothing is done for one replica.',
    fields: {
      address: ['u32', 'Of int64 numbers.'],
      count: ['u32', 'Numbers.'],
      per: ['u32', 'Numbers of each owner.'],
    },
    blocking: {},
  },
  share: {
    phase: 2,
    about: "Afterwards all replicas have all owners' parts; nothing is done for one replica.",
    fields: {
      address: ['u32', 'Of 32-bit words.'],
      count: ['u32', 'Words.'],
      per: ['u32', 'Words of each owner.'],
    },
    blocking: {},
  },
  norms: {
    phase: 2,
    about: 'Sum of squares of the gradient, one for each 64 numbers of the owner.',
    fields: { ...trainedFields, sums: ['u32', 'Address of float32 [ceil(count / 64)], written.'] },
    blocking: {},
  },
  addUp: {
    phase: 2,
    about: 'Sum of float32 in their order, by worker 0 of each replica.',
    fields: {
      source: ['u32', 'Address of float32.'],
      count: ['u32', 'Numbers.'],
      target: ['u32', 'Address of one float32.'],
    },
    blocking: {},
  },
  update: {
    phase: 2,
    about: 'A step of the optimiser for the numbers of a weight tensor that a worker owns.',
    fields: {
      ...trainedFields,
      optimiser: ['u32', 'OptimiserNumber; adamw is adam.'],
      slot0: [
        'u32',
        'Address of its first number. momentum of sgd; accumulator of adagrad; velocity of rmsprop; momentum of adam. 0: none.',
      ],
      slot1: ['u32', 'momentum of rmsprop; velocity of adam. 0: none.'],
      slot2: [
        'u32',
        'average_gradient of centered rmsprop; velocity_hat of amsgrad adam. 0: none.',
      ],
      momentum: ['f32', 'Of sgd and rmsprop.'],
      nesterov: ['u32', '1: of sgd.'],
      rate1: ['f32', 'rho of rmsprop, beta1 of adam.'],
      rate2: ['f32', 'beta2 of adam.'],
      epsilon: ['f32', 'Of all but sgd.'],
      weightDecay: ['f32', '0: none.'],
      clipValue: ['f32', '0: none.'],
      clipNorm: ['f32', 'Used where squares is not 0.'],
      squares: ['u32', 'Address of the sum of squares that is held against clipNorm; 0: none.'],
    },
    blocking: {},
  },
  penalty: {
    phase: 1,
    about:
      'Adds l1 * sum |w| + l2 * sum w^2, times the samples of the batch, to the statistics of the owners.',
    fields: {
      master: ['u32', 'Address of its first weight.'],
      first: ['u32', 'As in update.'],
      count: ['u32', 'As in update.'],
      l1: ['f32', 'Regulariser.'],
      l2: ['f32', 'Regulariser.'],
    },
    blocking: {},
  },
  constrain: {
    phase: 2,
    about:
      'Brings weights back into limits; every replica does all of them. Group (a, b, c, d) of those axes that are not in `along`.',
    fields: {
      master: ['u32', 'Address of its first weight.'],
      constraint: ['u32', 'ConstraintNumber.'],
      minValue: ['f32', 'Of minMaxNorm.'],
      maxValue: ['f32', 'Of maxNorm and minMaxNorm.'],
      rate: ['f32', 'Of minMaxNorm.'],
      size0: ['u32', 'Size of axis 0 of the weights; 1 for axes that there are not.'],
      size1: ['u32', 'The same of axis 1.'],
      size2: ['u32', 'The same of axis 2.'],
      size3: ['u32', 'The same of axis 3.'],
      stride0: ['u32', 'Numbers from one place of axis 0 to the next.'],
      stride1: ['u32', 'The same of axis 1.'],
      stride2: ['u32', 'The same of axis 2.'],
      stride3: ['u32', 'The same of axis 3.'],
      along: ['u32', 'Bit a: norms are taken along axis a. Ignored by nonNeg.'],
    },
    blocking: {},
  },
  refresh: {
    phase: 2,
    about: 'Operand copies of weights: as they lie, and transposed for the way back.',
    fields: {
      master: ['u32', 'Address of float32 [rows][stride].'],
      operand: ['u32', 'Address of [rows][stride] operands.'],
      transposed: [
        'u32',
        'Address of [channels][kernel places from the last to the first][rows] operands; 0: none.',
      ],
      rows: ['u32', 'Outputs of matrix; kernel places of depthwise.'],
      stride: ['u32', 'Elements of a row: weightStride.'],
      places: ['u32', 'Kernel rows times kernel columns of matrix.'],
      channels: ['u32', 'Channels of the input of matrix.'],
      transposedStride: [
        'u32',
        'Elements from one channel to the next: weightStrideOf(places * rows).',
      ],
      type: ['u32', 'ElementType: int16 or int32.'],
      fraction: ['i32', 'Of the operands.'],
    },
    blocking: {},
  },
  refreshBias: {
    phase: 2,
    about: 'Biases as they are added to sums.',
    fields: {
      master: ['u32', 'Address of float32 [count].'],
      operand: ['u32', 'Address of int32 [count], or int64; multiple of 8 then.'],
      count: ['u32', 'Biases.'],
      wide: ['u32', '0: int32 (sat32), 1: int64.'],
      fraction: ['i32', 'input + weight fraction of the layer.'],
    },
    blocking: {},
  },
} as const;

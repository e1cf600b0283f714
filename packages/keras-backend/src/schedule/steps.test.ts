import { deepStrictEqual, ok } from 'node:assert/strict';
import t from 'tap';
import { clipGradients, firstSlots, slotNames, takeStep } from '../float/steps.js';
import { type Optimiser, optimiserFrom } from '../optimisers/optimisers.js';
import { type Constraint, constrain } from '../regularisers/constraints.js';
import { addPenaltyGradient, penaltyOf, type Regulariser } from '../regularisers/regularisers.js';
import {
  BatchMode,
  ConstraintNumber,
  GradientType,
  NORM_BLOCK,
  type Operation,
  type OperationOf,
  OptimiserNumber,
} from './operations.js';
import { inEveryWay, integers, type Workbench } from './testing/workbench.js';

const SIZES = [200, 37] as const;
const SAMPLES = 3;
const GRADIENT_FRACTION = 20;
const RATE = 0.02;
const STEPS = 4;

const initial = SIZES.map((size, i) => integers(size, 24, i).map((each) => each * 2 ** -23));
const sumsOf = (step: number, tensor: number) =>
  integers(SIZES[tensor] as number, 24, 10 * step + tensor);

type Slots = Pick<OperationOf<'update'>, 'slot0' | 'slot1' | 'slot2'>;

/** Where an optimiser keeps what. */
function slotsOf(optimiser: Optimiser, place: (name: string) => number): Slots {
  const names = slotNames(optimiser);
  const at = (name: string) => (names.includes(name) ? place(name) : 0);
  switch (optimiser.kind) {
    case 'sgd':
      return { slot0: at('momentum'), slot1: 0, slot2: 0 };
    case 'adagrad':
      return { slot0: at('accumulator'), slot1: 0, slot2: 0 };
    case 'rmsprop':
      return { slot0: at('velocity'), slot1: at('momentum'), slot2: at('average_gradient') };
    default:
      return { slot0: at('momentum'), slot1: at('velocity'), slot2: at('velocity_hat') };
  }
}

/** The fields of an optimiser. */
function fieldsOf(optimiser: Optimiser) {
  const options = optimiser as unknown as Readonly<Record<string, number | boolean | undefined>>;
  const number = (name: string) => Number(options[name] ?? 0);
  return {
    optimiser: OptimiserNumber[optimiser.kind === 'adamw' ? 'adam' : optimiser.kind],
    momentum: number('momentum'),
    nesterov: number('nesterov'),
    rate1: number(optimiser.kind === 'rmsprop' ? 'rho' : 'beta1'),
    rate2: number('beta2'),
    epsilon: number('epsilon'),
    weightDecay: number('weightDecay'),
    clipValue: number('clipValue'),
    clipNorm: number('clipNorm') || number('globalClipNorm'),
  };
}

/** All steps on the workbench; gradients of the second tensor are float32. */
function train(bench: Workbench, optimiser: Optimiser, regulariser: Regulariser): number[][] {
  const masters = initial.map((each) => bench.floats(each));
  const places = SIZES.map((size) => {
    const first = optimiser.kind === 'adagrad' ? optimiser.initialAccumulatorValue : 0;
    return slotsOf(optimiser, () => bench.floats(new Float32Array(size).fill(first)));
  });
  const gradients = SIZES.map((size) => bench.room(8 * size));
  const blocks = SIZES.map((size) => Math.ceil(size / NORM_BLOCK));
  const sums = bench.room(4 * (blocks[0]! + blocks[1]!));
  const sumsAt = [sums, sums + 4 * blocks[0]!];
  const squares = bench.room(16);
  const { l1 = 0, l2 = 0 } = regulariser;
  const trained = SIZES.map((count, i) => ({
    gradient: gradients[i]!,
    gradientType: i === 0 ? GradientType.Int64 : GradientType.Float32,
    gradientFraction: GRADIENT_FRACTION,
    master: masters[i]!,
    first: i === 0 ? 0 : 256,
    count,
    l1,
    l2,
  }));
  const norms = trained.map((each, i): Operation => ({ kind: 'norms', ...each, sums: sumsAt[i]! }));
  const own = optimiser.clipNorm !== undefined;
  const global = optimiser.globalClipNorm !== undefined;
  const addUps: Operation[] = global
    ? [{ kind: 'addUp', source: sums, count: blocks[0]! + blocks[1]!, target: squares }]
    : blocks.map((count, i) => ({
        kind: 'addUp',
        source: sumsAt[i]!,
        count,
        target: squares + 4 * i,
      }));
  const operations: Operation[] = [
    ...(own || global ? [...norms, ...addUps] : []),
    ...trained.map(
      (each, i): Operation => ({
        kind: 'update',
        ...each,
        ...places[i]!,
        ...fieldsOf(optimiser),
        squares: own ? squares + 4 * i : global ? squares : 0,
      }),
    ),
  ];
  for (let step = 1; step <= STEPS; step++) {
    bench.replica.int64(gradients[0]!, SIZES[0]).set(sumsOf(step, 0).map(BigInt));
    bench.replica
      .float32(gradients[1]!, SIZES[1])
      .set(sumsOf(step, 1).map((each) => each * 2 ** -GRADIENT_FRACTION));
    const { beta1 = 0, beta2 = 0 } = optimiser as { beta1?: number; beta2?: number };
    const correctedRate = (RATE * Math.sqrt(1 - beta2 ** step)) / (1 - beta1 ** step);
    bench.run(operations, { samples: SAMPLES, rate: RATE, correctedRate });
  }
  return masters.map((at, i) => Array.from(bench.replica.float32(at, SIZES[i]!)));
}

/** The same by the float engine. */
function wantedOf(optimiser: Optimiser, regulariser: Regulariser): Float32Array[] {
  const weights = initial.map((each) => Float32Array.from(each));
  const slots = SIZES.map((size) => firstSlots(optimiser, size));
  for (let step = 1; step <= STEPS; step++) {
    const gradients = weights.map((each, i) => {
      const gradient = Float32Array.from(
        sumsOf(step, i),
        (sum) => (sum * 2 ** -GRADIENT_FRACTION) / SAMPLES,
      );
      addPenaltyGradient(regulariser, each, gradient);
      return gradient;
    });
    for (const [i, gradient] of clipGradients(optimiser, gradients).entries()) {
      takeStep(optimiser, { weights: weights[i]!, gradient, slots: slots[i]! }, step, RATE);
    }
  }
  return weights;
}

const OPTIMISERS: readonly (readonly [Optimiser['kind'], object, Regulariser?])[] = [
  ['sgd', {}],
  ['sgd', { momentum: 0.9 }],
  ['sgd', { momentum: 0.9, nesterov: true, weightDecay: 0.01 }],
  ['sgd', { clipValue: 0.3 }, { l1: 0.01, l2: 0.02 }],
  ['sgd', { clipNorm: 1.5 }, { l2: 0.02 }],
  ['sgd', { globalClipNorm: 2 }],
  ['adagrad', {}],
  ['rmsprop', {}],
  ['rmsprop', { momentum: 0.5 }],
  ['rmsprop', { momentum: 0.5, centered: true, rho: 0.8 }],
  ['adam', {}],
  ['adam', { amsgrad: true, clipNorm: 1 }, { l1: 0.001 }],
  ['adamw', { weightDecay: 0.1 }],
];

t.test('steps of all optimisers are those of the float engine', async () => {
  for (const [kind, options, regulariser = {}] of OPTIMISERS) {
    const optimiser = optimiserFrom(kind, options as Readonly<Record<string, unknown>>);
    const result = await inEveryWay((bench) => train(bench, optimiser, regulariser));
    for (const [tensor, wanted] of wantedOf(optimiser, regulariser).entries()) {
      for (const [i, weight] of wanted.entries()) {
        // A few float32 roundings a step; centered rmsprop subtracts almost equal numbers.
        const off = Math.abs(result[tensor]![i]! - weight);
        ok(
          off <= 2e-6,
          `${kind} ${JSON.stringify(options)}: weight ${i} is ${result[tensor]![i]}, not ${weight}`,
        );
      }
    }
  }
});

t.test('penalties are added up for each sample, in evaluation too', async () => {
  const regulariser = { l1: 0.01, l2: 0.1 };
  const penalty = await inEveryWay((bench) => {
    const operation: Operation = {
      kind: 'penalty',
      master: bench.floats(initial[0]!),
      first: 64,
      count: SIZES[0],
      ...regulariser,
    };
    return bench.run([operation], { samples: SAMPLES, mode: BatchMode.Evaluate }).penalty;
  });
  const wanted = SAMPLES * penaltyOf(regulariser, Float32Array.from(initial[0]!));
  ok(Math.abs(penalty - wanted) <= 2e-6 * wanted, `${penalty}, not ${wanted}`);
});

const KERNEL = [3, 2, 4, 5] as const;
const CONSTRAINTS: readonly Constraint[] = [
  { kind: 'nonNeg' },
  { kind: 'maxNorm', maxValue: 0.8, axis: [0, 1, 2] },
  { kind: 'unitNorm', axis: 0 },
  { kind: 'unitNorm', axis: 3 },
  { kind: 'minMaxNorm', minValue: 0.5, maxValue: 0.7, rate: 0.6, axis: [0, 1] },
];

t.test('constraints bring weights of any layout back as the float engine does', async () => {
  const [rows, columns, channels, outputs] = KERNEL;
  const places = rows * columns * channels;
  const stride = 32;
  // Kernels lie [row][column][channel][output] in Keras, [output][row][column][channel] here.
  const weights = integers(places * outputs, 24, 3).map((each) => each * 2 ** -23);
  for (const constraint of CONSTRAINTS) {
    const options = constraint as {
      minValue?: number;
      maxValue?: number;
      rate?: number;
      axis?: number | number[];
    };
    const result = await inEveryWay((bench) => {
      const values = new Float32Array(outputs * stride);
      for (const [i, each] of weights.entries())
        values[(i % outputs) * stride + Math.floor(i / outputs)] = each;
      const master = bench.floats(values);
      const along = [options.axis ?? 0].flat().reduce((mask, axis) => mask | (1 << axis), 0);
      bench.run(
        [
          {
            kind: 'constrain',
            master,
            constraint: ConstraintNumber[constraint.kind],
            minValue: options.minValue ?? 0,
            maxValue: options.maxValue ?? 0,
            rate: options.rate ?? 1,
            size0: rows,
            size1: columns,
            size2: channels,
            size3: outputs,
            stride0: columns * channels,
            stride1: channels,
            stride2: 1,
            stride3: stride,
            along,
          },
        ],
        { samples: 1 },
      );
      const after = bench.replica.float32(master, values.length);
      return weights.map(
        (_, i) => after[(i % outputs) * stride + Math.floor(i / outputs)] as number,
      );
    });
    const wanted = Float32Array.from(weights);
    constrain(constraint, wanted, KERNEL);
    for (const [i, each] of wanted.entries()) {
      ok(
        Math.abs(result[i]! - each) <= 1e-6,
        `${JSON.stringify(constraint)}: weight ${i} is ${result[i]}, not ${each}`,
      );
    }
  }
});

t.test(
  'samples are taken in the order of the epoch, and put back to where they came from',
  async () => {
    const { shuffledIndex } = await import('@spin-tools/sim/fixed');
    const [size, total, samples, position] = [5, 11, 4, 3];
    const data = integers(size * total, 14, 2);
    for (const shuffleSeed of [undefined, 77]) {
      const result = await inEveryWay((bench) => {
        const stride = 12;
        const from = bench.room(stride * total);
        const to = bench.room(stride * total);
        for (let s = 0; s < total; s++)
          bench.replica.int16(from + s * stride, size).set(data.slice(s * size, (s + 1) * size));
        const batch = bench.tensor(samples, [1, 1, size], 0, 0);
        bench.run(
          [
            { kind: 'take', stream: 0, streamStride: stride, target: batch },
            { kind: 'put', stream: 1, streamStride: stride, source: batch },
            { kind: 'put', stream: 2, streamStride: stride, source: batch },
          ],
          {
            samples,
            position,
            epochSamples: total,
            streams: [from, to],
            ...(shuffleSeed !== undefined && { shuffleSeed }),
          },
        );
        const back = Array.from({ length: total }, (_, s) =>
          Array.from(bench.replica.int16(to + s * stride, size)),
        );
        return { taken: bench.integers(batch, samples), back };
      });
      const order = Array.from({ length: samples }, (_, i) =>
        shuffleSeed === undefined ? position + i : shuffledIndex(position + i, total, shuffleSeed),
      );
      const sample = (s: number) => data.slice(s * size, (s + 1) * size);
      deepStrictEqual(result.taken, order.flatMap(sample));
      const wanted = Array.from({ length: total }, (_, s) =>
        order.includes(s) ? sample(s) : [0, 0, 0, 0, 0],
      );
      deepStrictEqual(result.back, wanted);
    }
  },
);

import { ok } from 'node:assert/strict';
import t from 'tap';
import { LossFunction } from '../losses/batch-loss.js';
import type { LossConfig, LossName } from '../losses/configs.js';
import {
  AccuracyKind,
  BatchMode,
  ElementType,
  LossFunctionNumber,
  NO_TENSOR,
  type OperationOf,
} from './operations.js';
import { inEveryWay, integers, type Sizes } from './testing/workbench.js';

const SAMPLES = 5;
const SIZES: Sizes = [1, 3, 6];
const [, ROWS, SIZE] = SIZES;
const COUNT = SAMPLES * ROWS * SIZE;
const FRACTION = 20;
const ERROR = 24;
const HUGE = 2 ** 31 - 1;

type LossFields = Omit<OperationOf<'lose'>, 'kind' | 'source' | 'targets' | 'weights' | 'error'>;

/** A loss with its parameters as an operation has them. */
function fieldsOf(config: LossConfig): LossFields {
  const kind =
    config.kind === 'sparse_categorical_crossentropy' ? 'categorical_crossentropy' : config.kind;
  return {
    loss: LossFunctionNumber[kind],
    fromLogits: config.fromLogits ? 1 : 0,
    labelSmoothing: config.labelSmoothing ?? 0,
    delta: config.delta ?? 1,
    gamma: config.gamma ?? 2,
    alpha: config.alpha ?? 0.25,
    balanced: config.applyClassBalancing ? 1 : 0,
    lossWeight: 0.75,
    output: 2,
    accuracy: AccuracyKind.None,
    threshold: 0.5,
  };
}

const unit = (count: number, seed: number) =>
  integers(count, 30, seed).map((each) => each / 2 ** 30 + 0.5);
const fixed = (values: readonly number[]) => values.map((each) => Math.round(each * 2 ** FRACTION));
const probabilities = fixed(unit(COUNT, 3).map((each) => 0.02 + 0.95 * each));
const logits = fixed(unit(COUNT, 4).map((each) => 12 * each - 6));
const anything = fixed(unit(COUNT, 5).map((each) => 6 * each - 3));
const classes = Array.from({ length: SAMPLES * ROWS }, (_, i) => (i * 5) % SIZE);
const oneHot = classes.flatMap((each) =>
  Array.from({ length: SIZE }, (_, i) => Number(i === each)),
);
const bits = unit(COUNT, 6).map((each) => Number(each > 0.5));
const reals = unit(COUNT, 7).map((each) => 4 * each - 2);
const positive = unit(COUNT, 8).map((each) => 0.05 + 0.9 * each);
const weights = [1, 0.5, 0, 2, 1.25];

type Case = readonly [
  outputs: readonly number[],
  targets: readonly number[],
  config: Omit<LossConfig, 'kind'>,
];
const CASES: Readonly<Record<LossName, readonly Case[]>> = {
  mean_squared_error: [[anything, reals, {}]],
  mean_absolute_error: [[anything, reals, {}]],
  mean_absolute_percentage_error: [[anything, reals, {}]],
  mean_squared_logarithmic_error: [[anything.map(Math.abs), positive, {}]],
  huber: [
    [anything, reals, {}],
    [anything, reals, { delta: 0.3 }],
  ],
  log_cosh: [[anything, reals, {}]],
  cosine_similarity: [[anything, reals, {}]],
  kl_divergence: [[probabilities, positive, {}]],
  poisson: [[probabilities, positive, {}]],
  hinge: [[anything, bits, {}]],
  squared_hinge: [[anything, bits, {}]],
  categorical_hinge: [[anything, oneHot, {}]],
  binary_crossentropy: [
    [probabilities, bits, {}],
    [probabilities, bits, { labelSmoothing: 0.2 }],
    [logits, bits, { fromLogits: true, labelSmoothing: 0.1 }],
  ],
  categorical_crossentropy: [
    [probabilities, oneHot, {}],
    [probabilities, oneHot, { labelSmoothing: 0.2 }],
    [logits, oneHot, { fromLogits: true, labelSmoothing: 0.1 }],
  ],
  sparse_categorical_crossentropy: [
    [probabilities, classes, {}],
    [logits, classes, { fromLogits: true }],
  ],
  binary_focal_crossentropy: [
    [probabilities, bits, {}],
    [probabilities, bits, { gamma: 1, alpha: 0.4, applyClassBalancing: true }],
    [logits, bits, { fromLogits: true, labelSmoothing: 0.1 }],
  ],
  categorical_focal_crossentropy: [
    [probabilities, oneHot, {}],
    [logits, oneHot, { fromLogits: true, gamma: 3, labelSmoothing: 0.1 }],
  ],
};

t.test('all losses and their gradients are those of the float engine', async () => {
  for (const [kind, cases] of Object.entries(CASES)) {
    for (const [outputs, targets, options] of cases) {
      const config = { kind: kind as LossName, ...options };
      const result = await inEveryWay((bench) => {
        const sparse = targets.length < COUNT;
        const error = bench.tensor(SAMPLES, SIZES, ElementType.Int32, ERROR);
        const counts = bench.run(
          [
            {
              kind: 'lose',
              source: bench.filled(outputs, SIZES, ElementType.Int32, FRACTION),
              targets: sparse
                ? bench.filled(targets, [1, ROWS, 1], ElementType.Int32, 0)
                : bench.filled(targets, SIZES, ElementType.Float32, 0),
              weights: bench.filled(weights, [1, 1, 1], ElementType.Float32, 0),
              error,
              ...fieldsOf(config),
            },
          ],
          { samples: SAMPLES },
        );
        return { errors: bench.reals(error, SAMPLES), loss: counts.losses[2] as number };
      });
      const values = outputs.map((each) => each * 2 ** -FRACTION);
      const float = new LossFunction(config).compute(
        targets,
        { values, size: SIZE, rowsPerSample: ROWS },
        weights,
      );
      const what = `${kind} ${JSON.stringify(options)}`;
      ok(
        Math.abs(result.loss - float.sum) <= 2e-6 * Math.max(1, Math.abs(float.sum)),
        `${what} is ${result.loss}, not ${float.sum}`,
      );
      for (const [i, error] of result.errors.entries()) {
        // Of the loss of a sample, not of the mean over the batch.
        const wanted = (float.gradient[i] as number) * SAMPLES * 0.75;
        const limited = Math.max(-HUGE, Math.min(HUGE, wanted * 2 ** ERROR)) * 2 ** -ERROR;
        ok(
          Math.abs(error - limited) <= 2e-6 * Math.max(1, Math.abs(limited)),
          `slope ${i} of ${what} is ${error}, not ${limited}`,
        );
      }
    }
  }
});

t.test(
  'accuracy counts rows whose first largest output is right, or outputs above a threshold',
  async (t) => {
    const source = [3, 1, 3, 5, 9, 9, 1, 2, 3].map((each) => each * 2 ** 18);
    const counts = await inEveryWay((bench) => {
      const common = {
        kind: 'lose',
        source: bench.filled(source, [1, 1, 3], ElementType.Int32, FRACTION),
        weights: NO_TENSOR,
        error: NO_TENSOR,
        ...fieldsOf({ kind: 'mean_squared_error' }),
      } as const;
      const hot = bench.filled([1, 0, 0, 0, 0, 1, 0, 0, 1], [1, 1, 3], ElementType.Float32, 0);
      const sparse = bench.filled([0, 1, 1], [1, 1, 1], ElementType.Int32, 0);
      return bench.run(
        [
          { ...common, targets: hot, output: 0, accuracy: AccuracyKind.Categorical },
          { ...common, targets: sparse, output: 1, accuracy: AccuracyKind.Categorical },
          { ...common, targets: hot, output: 2, accuracy: AccuracyKind.Binary, threshold: 1 },
        ],
        { samples: 3, mode: BatchMode.Evaluate },
      ).correct;
    });
    // 0.75 0.25 0.75 | 1.25 2.25 2.25 | 0.25 0.5 0.75
    t.strictSame(counts.slice(0, 3), [2, 2, 5]);
  },
);

t.test('errors that round to 0, or do not fit, are counted', async (t) => {
  const counts = await inEveryWay((bench) =>
    bench.run(
      [
        {
          kind: 'lose',
          source: bench.filled([1, 2 ** 30, 0, 0], [1, 1, 2], ElementType.Int32, FRACTION),
          targets: bench.filled([0, 0, 0, 0], [1, 1, 2], ElementType.Float32, 0),
          weights: NO_TENSOR,
          error: bench.tensor(2, [1, 1, 2], ElementType.Int16, 12),
          ...fieldsOf({ kind: 'mean_squared_error' }),
        },
      ],
      { samples: 2 },
    ),
  );
  t.strictSame(counts.underflows, [1]);
  t.strictSame(counts.saturations, [1]);
});

t.test('float32 functions are within one unit in the last place', async (t) => {
  const worst = { exponential: 0, logarithm: 0 };
  await inEveryWay((bench) => {
    const { exponential, logarithm, root_by_digits: root, power } = bench.replica.real;
    const units = (got: number, wanted: number) =>
      Math.abs(got - wanted) / 2 ** (Math.floor(Math.log2(Math.abs(wanted))) - 23);
    for (const each of integers(20_000, 30, 11)) {
      const x = Math.fround(each * 2 ** -22.5);
      if (Math.abs(x) < 86)
        worst.exponential = Math.max(worst.exponential, units(exponential(x), Math.exp(x)));
      const y = Math.fround(2 ** (x / 2));
      if (y !== 1) worst.logarithm = Math.max(worst.logarithm, units(logarithm(y), Math.log(y)));
      if (root(y) !== Math.fround(Math.sqrt(y))) throw new Error(`root of ${y} is ${root(y)}`);
    }
    const near = integers(2000, 20, 12).map((each) => Math.fround(1 + each * 2 ** -20));
    for (const y of near) {
      if (y !== 1) worst.logarithm = Math.max(worst.logarithm, units(logarithm(y), Math.log(y)));
    }
    return [
      exponential(100),
      exponential(-110),
      logarithm(0),
      power(0, 0),
      power(0, 2),
      root(0),
      root(Math.fround(1e-42)),
    ];
  }).then((edges) => {
    t.strictSame(edges, [
      Infinity,
      0,
      -Infinity,
      1,
      0,
      0,
      Math.fround(Math.sqrt(Math.fround(1e-42))),
    ]);
  });
  t.ok(worst.exponential <= 1 && worst.logarithm <= 1, JSON.stringify(worst));
});

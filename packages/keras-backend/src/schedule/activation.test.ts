import { ok } from 'node:assert/strict';
import t from 'tap';
import {
  type Activated,
  activate,
  activateEach,
  exponentialLinear,
  leaky,
} from '../float/activations.js';
import type { ActivationName } from '../layers/activations.js';
import {
  ActivationFunction,
  activationReads,
  ElementType,
  NO_LIMIT,
  NO_TENSOR,
  type OperationOf,
} from './operations.js';
import { inEveryWay, integers } from './testing/workbench.js';

type Parameters = Pick<
  OperationOf<'activate'>,
  'function' | 'slope' | 'scale' | 'threshold' | 'limit'
>;

const Z_FRACTION = 18;
const one = 2 ** 24;
const at = (value: number) => Math.round(value * 2 ** Z_FRACTION);
const plain = { slope: 0, scale: one, threshold: 0, limit: NO_LIMIT };
const SELU = { alpha: 1.6732632423543772, scale: 1.0507009873554805 };

/** Every activation: its parameters, and the float engine's. */
type Case = readonly [
  name: string,
  parameters: Parameters,
  float: (x: Float32Array, size: number) => Activated,
];
const CASES: readonly Case[] = [
  ...(
    [
      ['linear', { function: ActivationFunction.Linear }],
      ['relu', { function: ActivationFunction.Relu }],
      ['relu6', { function: ActivationFunction.Relu, limit: at(6) }],
      ['sigmoid', { function: ActivationFunction.Sigmoid }],
      ['tanh', { function: ActivationFunction.Tanh }],
      ['softmax', { function: ActivationFunction.Softmax }],
      ['elu', { function: ActivationFunction.Elu, slope: one }],
      [
        'selu',
        {
          function: ActivationFunction.Elu,
          slope: Math.round(SELU.alpha * SELU.scale * one),
          scale: Math.round(SELU.scale * one),
        },
      ],
      ['hard_sigmoid', { function: ActivationFunction.HardSigmoid, threshold: at(3) }],
      ['hard_sigmoid_keras2', { function: ActivationFunction.HardSigmoid, threshold: at(2.5) }],
      ['softplus', { function: ActivationFunction.Softplus }],
      ['softsign', { function: ActivationFunction.Softsign }],
      ['swish', { function: ActivationFunction.Swish }],
      ['gelu', { function: ActivationFunction.Gelu }],
      ['exponential', { function: ActivationFunction.Exponential }],
    ] as const
  ).map(
    ([name, given]) =>
      [
        name,
        { ...plain, ...given },
        (x: Float32Array, size: number) => activate(name as ActivationName, x, size),
      ] as const,
  ),
  [
    'LeakyReLU',
    { ...plain, function: ActivationFunction.Relu, slope: Math.round(0.3 * one) },
    (x) => activateEach(leaky(0.3), x),
  ],
  [
    'ReLU with threshold, slope and limit',
    {
      function: ActivationFunction.Relu,
      slope: one / 4,
      scale: one,
      threshold: at(1),
      limit: at(4),
    },
    (x) =>
      activateEach(
        {
          value: (v) => (v >= 1 ? Math.min(v, 4) : (v - 1) / 4),
          slope: (_, v) => (v > 1 ? (v < 4 ? 1 : 0) : 1 / 4),
        },
        x,
      ),
  ],
  [
    'ELU with alpha 2.5',
    { ...plain, function: ActivationFunction.Elu, slope: 2.5 * one },
    (x) => activateEach(exponentialLinear(2.5), x),
  ],
];

/** z over the whole range that counts, both signs, 0 and steps of one unit around it. */
const Z = [
  ...Array.from({ length: 401 }, (_, i) =>
    Math.round((i - 200) * 0.05 * 2 ** Z_FRACTION + (i % 7)),
  ),
  ...Array.from({ length: 7 }, (_, i) => i - 3),
].slice(0, 400);
const SIZES = [2, 20, 10] as const;

for (const type of [ElementType.Int16, ElementType.Int32] as const) {
  const fraction = type === ElementType.Int16 ? 11 : 24;
  const name = type === ElementType.Int16 ? 'int16' : 'int32';
  t.test(`all activations are those of the float engine, to the last bit of ${name}`, async () => {
    for (const [activation, parameters, float] of CASES) {
      const e = integers(Z.length, 26, 5);
      const result = await inEveryWay((bench) => {
        const source = bench.filled(Z, SIZES, ElementType.Int32, Z_FRACTION);
        const value = bench.tensor(1, SIZES, type, fraction);
        const error = bench.filled(e, SIZES, ElementType.Int32, 26);
        const target = bench.tensor(1, SIZES, type, fraction);
        const reads = activationReads(parameters);
        bench.run(
          [
            { kind: 'activate', source, target: value, ...parameters },
            {
              kind: 'activateBack',
              error,
              source: reads === 'source' ? source : { ...NO_TENSOR, fraction: Z_FRACTION },
              value: reads === 'value' ? value : NO_TENSOR,
              target,
              accumulate: 0,
              salt: 0,
              ...parameters,
            },
          ],
          { samples: 1 },
        );
        return { values: bench.reals(value, 1), deltas: bench.reals(target, 1) };
      });
      const wanted = float(
        Float32Array.from(Z, (z) => z * 2 ** -Z_FRACTION),
        SIZES[2],
      );
      const deltas = wanted.gradient(Float32Array.from(e, (each) => each * 2 ** -26));
      const largest = (type === ElementType.Int16 ? 32767 : 2 ** 31 - 1) * 2 ** -fraction;
      const unit = 2 ** -fraction;
      for (const [i, y] of wanted.values.entries()) {
        const limited = Math.min(largest, y);
        const off = Math.abs(result.values[i]! - limited);
        // Half a unit of the format, and what float32 and the polynomials are off.
        ok(
          off <= 0.5 * unit + 3e-7 * Math.max(1, Math.abs(y)),
          `${activation}(${Z[i]! * 2 ** -Z_FRACTION}) is ${result.values[i]}, not ${y}`,
        );
        // Slopes by values: the value is off by half a unit, its slope by as much times the error (at most one half here).
        const slopeOff = Math.abs(result.deltas[i]! - deltas[i]!);
        const clamped = y >= largest;
        // relu goes by the value, which may be rounded to the edge.
        const atEdge = activation.startsWith('relu') && Math.min(y, 6 - y) <= unit / 2;
        ok(
          clamped || atEdge || slopeOff <= 1.6 * unit + 1e-6 * Math.max(1, Math.abs(deltas[i]!)),
          `slope of ${activation} at ${Z[i]! * 2 ** -Z_FRACTION} gives ${result.deltas[i]}, not ${deltas[i]}`,
        );
      }
    }
  });
}

/** The functional engine against the contract written down a second time, in BigInt and plain loops. */

import { readFileSync } from 'node:fs';
import { sigmoid31, softmax31, tanh31 } from '@spin-tools/sim/fixed';
import fc from 'fast-check';
import t from 'tap';
import { generatedModule } from '../../assembly/build.mjs';
import type {
  Activation,
  LayerFractions,
  LayerPlan,
  LayerWeights,
  NetworkPlan,
} from '../engine.js';
import { createFunctionalEngine } from './index.js';

const big = BigInt;
const round = (v: bigint, s: number) => (s > 0 ? (v + (1n << big(s - 1))) >> big(s) : v << big(-s));
const clamp = (v: bigint, bits: number) => {
  const high = 2n ** big(bits - 1) - 1n;
  return v > high ? high : v < -high - 1n ? -high - 1n : v;
};
const sum = (values: readonly bigint[]) => values.reduce((total, value) => total + value, 0n);
const abs = (v: bigint) => (v < 0n ? -v : v);

interface ModelLayer {
  readonly plan: LayerPlan;
  w: bigint[][];
  b: bigint[];
}

/** A network as docs/on-core-programs.md, section 1, describes it: operands in, weights changed. */
class ContractModel {
  readonly layers: ModelLayer[];
  constructor(
    readonly plan: NetworkPlan,
    weights: readonly LayerWeights[],
  ) {
    this.layers = plan.layers.map((layer, l) => ({
      plan: layer,
      w: Array.from({ length: layer.units }, (_, u) =>
        Array.from(weights[l]!.kernel.slice(u * layer.inputs, (u + 1) * layer.inputs), big),
      ),
      b: Array.from(weights[l]!.bias, big),
    }));
  }

  get bits() {
    return this.plan.mode === 'exact' ? 32 : 16;
  }

  /** In `fast` mode a sum wraps at 32 bits, in `exact` mode at 64. */
  wrapped(v: bigint) {
    return BigInt.asIntN(this.plan.mode === 'exact' ? 64 : 32, v);
  }

  operands({ plan, w }: ModelLayer) {
    const shift = 27 - plan.fractions.weight;
    return w.map((row) => row.map((v) => clamp(round(v, shift), this.bits)));
  }

  forward(x: readonly bigint[][]) {
    const outputs = [x];
    for (const layer of this.layers) {
      const { fractions: f, activation } = layer.plan;
      const w = this.operands(layer);
      const below = outputs.at(-1)!;
      const shift = 27 - f.input - f.weight;
      const bias = layer.b.map((b) =>
        this.plan.mode === 'exact' ? round(b, shift) : clamp(round(b, shift), 32),
      );
      outputs.push(
        below.map((row) => {
          const z = w.map((weights, u) => {
            const total = this.wrapped(sum(weights.map((v, c) => v * row[c]!)) + bias[u]!);
            return clamp(round(total, f.input + f.weight - f.z), 32);
          });
          return this.activate(activation, z, f);
        }),
      );
    }
    return outputs;
  }

  activate(activation: Activation, z: readonly bigint[], f: LayerFractions): bigint[] {
    if (activation === 'linear' || activation === 'relu') {
      return z.map((v) =>
        clamp(round(activation === 'relu' && v < 0n ? 0n : v, f.z - f.activation), this.bits),
      );
    }
    const row = Int32Array.from(z, Number);
    const values = new Int32Array(row.length);
    if (activation === 'softmax') softmax31(row, f.z, values);
    else
      values.set(row.map((v) => (activation === 'sigmoid' ? sigmoid31(v, f.z) : tanh31(v, f.z))));
    return Array.from(values, (v) => {
      const magnitude = clamp(round(abs(big(v)), 31 - f.activation), this.bits);
      return v < 0 ? -magnitude : magnitude;
    });
  }

  derivative({ activation, fractions: f }: LayerPlan, g: readonly bigint[], a: readonly bigint[]) {
    const one = 2n ** 31n;
    const up = (v: bigint) => v << big(31 - f.activation);
    if (activation === 'softmax') {
      const mean = clamp(round(sum(g.map((v, j) => v * up(a[j]!))), 31), 32);
      return g.map((v, j) =>
        clamp(round(clamp(v - mean, 32) * up(a[j]!), 31 + f.error - f.delta), this.bits),
      );
    }
    return g.map((v, j) => {
      const a31 = up(abs(a[j]!));
      if (activation === 'linear') return clamp(round(v, f.error - f.delta), this.bits);
      if (activation === 'relu')
        return a[j]! > 0n ? clamp(round(v, f.error - f.delta), this.bits) : 0n;
      const slope =
        activation === 'sigmoid' ? round(a31 * (one - a31), 31) : one - round(a31 * a31, 31);
      return clamp(round(v * slope, 31 + f.error - f.delta), this.bits);
    });
  }

  outputDeltas(a: readonly bigint[], y: readonly bigint[]): bigint[] {
    const { fractions: f } = this.layers.at(-1)!.plan;
    const { targetFraction: target, loss, lossScale } = this.plan;
    const finer = Math.max(f.activation, target);
    const g = a.map((v, u) => {
      const difference = (v << big(finer - f.activation)) - (y[u]! << big(finer - target));
      return clamp(round(clamp(round(difference, finer - 27), 32) * big(lossScale), 30), 32);
    });
    if (loss === 'mean_squared_error') return this.derivative(this.layers.at(-1)!.plan, g, a);
    return g.map((v) => clamp(round(v, 27 - f.delta), this.bits));
  }

  train(x: readonly bigint[][], y: readonly bigint[][], learningRate: number) {
    const outputs = this.forward(x);
    let deltas = outputs.at(-1)!.map((a, s) => this.outputDeltas(a, y[s]!));
    for (let l = this.layers.length - 1; l >= 0; l--) {
      const layer = this.layers[l]!;
      const { weight, delta } = layer.plan.fractions;
      const current = deltas;
      if (l > 0) {
        const below = this.layers[l - 1]!.plan;
        const w = this.operands(layer);
        deltas = current.map((row, s) => {
          const g = outputs[l]![s]!.map((_, c) => {
            const total = this.wrapped(sum(row.map((d, u) => w[u]![c]! * d)));
            return clamp(round(total, weight + delta - below.fractions.error), 32);
          });
          return this.derivative(below, g, outputs[l]![s]!);
        });
      }
      this.update(layer, outputs[l]!, current, learningRate);
    }
  }

  update(
    { plan, w, b }: ModelLayer,
    x: readonly bigint[][],
    deltas: readonly bigint[][],
    rate: number,
  ) {
    let exponent = 0;
    const perSample = rate / x.length;
    while (Math.round(perSample * 2 ** exponent) < 2 ** 30) exponent++;
    const mantissa = big(Math.round(perSample * 2 ** exponent));
    const { input, delta } = plan.fractions;
    const step = (g: bigint, shift: number) => clamp(round(g * mantissa, shift), 32);
    for (let u = 0; u < plan.units; u++) {
      for (let c = 0; c < plan.inputs; c++) {
        const products = deltas.map((row, s) => row[u]! * x[s]![c]!);
        const groups: bigint[] = [];
        for (let from = 0; from < products.length; from += 32) {
          groups.push(this.wrapped(sum(products.slice(from, from + 32))));
        }
        w[u]![c] = clamp(
          w[u]![c]! - step(BigInt.asIntN(64, sum(groups)), input + delta + exponent - 27),
          32,
        );
      }
      if (plan.useBias) {
        b[u] = clamp(b[u]! - step(sum(deltas.map((row) => row[u]!)), delta + exponent - 27), 32);
      }
    }
  }

  weights() {
    return this.layers.map(({ w, b }) => ({ kernel: w.flat().map(Number), bias: b.map(Number) }));
  }
}

interface Case {
  readonly plan: NetworkPlan;
  readonly weights: readonly LayerWeights[];
  readonly x: readonly number[][];
  readonly y: readonly number[][];
}

const ACTIVATIONS: readonly Activation[] = ['linear', 'relu', 'sigmoid', 'tanh', 'softmax'];

/** Networks of 1 to 3 layers whose formats are so tight that values clamp and sums wrap now and then. */
const cases = fc
  .record({
    exact: fc.boolean(),
    sizes: fc.array(fc.integer({ min: 1, max: 11 }), { minLength: 2, maxLength: 4 }),
    activations: fc.array(fc.constantFrom(...ACTIVATIONS), { minLength: 3, maxLength: 3 }),
    loss: fc.constantFrom('mean_squared_error', 'categorical_crossentropy', 'binary_crossentropy'),
    useBias: fc.boolean(),
    samples: fc.integer({ min: 1, max: 70 }),
    batchSize: fc.integer({ min: 1, max: 70 }),
    tight: fc.integer({ min: 0, max: 3 }),
    seed: fc.integer({ min: 1, max: 2 ** 31 }),
  })
  .map(({ exact, sizes, activations, loss, useBias, samples, batchSize, tight, seed }): Case => {
    let state = seed;
    const random = () => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0;
      return (state >>> 8) / 2 ** 24;
    };
    const input = exact ? 27 : 11 + tight;
    const layers = sizes.slice(1).map((units, l): LayerPlan => {
      const last = l === sizes.length - 2;
      const forced = {
        mean_squared_error: activations[l]!,
        categorical_crossentropy: 'softmax',
        binary_crossentropy: 'sigmoid',
      } as const;
      const below = l === 0 ? input : exact ? 26 : 11;
      const fractions = exact
        ? { input: below, weight: 27, z: 23, activation: 26, delta: 27, error: 27 }
        : {
            input: below,
            weight: 12 + tight,
            z: 18,
            activation: 11,
            delta: 12 + tight,
            error: last ? 27 : 24,
          };
      const activation = last ? forced[loss] : activations[l]!;
      return { name: `layer ${l}`, inputs: sizes[l]!, units, activation, useBias, fractions };
    });
    const outputs = sizes.at(-1)!;
    const factor = {
      mean_squared_error: 2 / outputs,
      categorical_crossentropy: 1,
      binary_crossentropy: 1 / outputs,
    };
    const plan: NetworkPlan = {
      mode: exact ? 'exact' : 'fast',
      batchSize,
      layers,
      loss,
      lossScale: Math.round(factor[loss] * 2 ** 30),
      accuracy: 'categorical',
      targetFraction: exact ? 29 : 14,
    };
    const values = (count: number, scale: number) =>
      Int32Array.from({ length: count }, () => Math.round((2 * random() - 1) * scale));
    const weights = layers.map(({ inputs, units }) => ({
      kernel: values(inputs * units, 2 ** (27 + tight)),
      bias: useBias ? values(units, 2 ** 27) : new Int32Array(units),
    }));
    const rows = (width: number, scale: number) =>
      Array.from({ length: samples }, () => Array.from(values(width, scale)));
    const targets = rows(outputs, 2 ** plan.targetFraction).map((row) => row.map(Math.abs));
    return { plan, weights, x: rows(sizes[0]!, 2 ** input), y: targets };
  });

const packed = (rows: readonly number[][], { mode }: NetworkPlan) =>
  mode === 'exact' ? Int32Array.from(rows.flat()) : Int16Array.from(rows.flat());

t.test(
  'training and predicting follow the contract to the bit, whatever clamps or wraps',
  async () => {
    await fc.assert(
      fc.asyncProperty(cases, async ({ plan, weights, x, y }) => {
        const engine = await createFunctionalEngine(plan);
        await engine.setWeights(weights);
        await engine.load(0, {
          samples: x.length,
          inputs: packed(x, plan),
          targets: packed(y, plan),
        });
        const { batchSize } = plan;
        const model = new ContractModel(plan, weights);
        for (let epoch = 0; epoch < 2; epoch++) {
          await engine.run({ mode: 'train', slot: 0, batchSize, learningRate: 0.5 });
          for (let from = 0; from < x.length; from += batchSize) {
            const rows = (all: readonly number[][]) =>
              all.slice(from, from + batchSize).map((row) => row.map(big));
            model.train(rows(x), rows(y), 0.5);
          }
        }
        const trained = await engine.getWeights();
        const { outputs } = await engine.run({ mode: 'predict', slot: 0, batchSize });
        const expected = model
          .forward(x.map((row) => row.map(big)))
          .at(-1)!
          .flat()
          .map(Number);
        const same = (a: ArrayLike<number>, b: readonly number[]) =>
          Array.from(a).join() === b.join();
        return (
          same(outputs!, expected) &&
          model
            .weights()
            .every(
              ({ kernel, bias }, l) =>
                same(trained[l]!.kernel, kernel) && same(trained[l]!.bias, bias),
            )
        );
      }),
      { numRuns: 100 },
    );
  },
);

t.test('the committed WebAssembly is that of its source', async (t) => {
  const committed = readFileSync(new URL('./kernels.generated.ts', import.meta.url), 'utf8');
  t.equal(committed, await generatedModule(), 'run node assembly/build.mjs');
});

import fc from 'fast-check';
import t from 'tap';
import {
  EXPONENTIAL_TABLE,
  expNegative,
  FixedFormatError,
  formatName,
  fractionFor,
  fromFixed,
  LOGARITHM_TABLE,
  ln31,
  multiplyRound,
  multiplyShift,
  parseFormat,
  RECIPROCAL_TABLE,
  randomWord,
  round,
  scaled,
  scaleFactor,
  shuffledIndex,
  sigmoid31,
  softmax31,
  stochastic,
  tanh31,
  toFixed,
} from './index.js';

const int32 = fc.oneof(
  fc.integer({ min: -0x80000000, max: 0x7fffffff }),
  fc.constantFrom(-0x80000000, -0x7fffffff, -1, 0, 1, 0x7fffffff),
);
const uint32 = fc.oneof(
  fc.integer({ min: 0, max: 0xffffffff }),
  fc.constantFrom(0, 1, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff),
);
const safe = fc.oneof(fc.maxSafeInteger(), int32);

function clamp32(value: bigint): number {
  const low = -(2n ** 31n);
  const high = 2n ** 31n - 1n;
  return Number(value < low ? low : value > high ? high : value);
}

/** The contract's words, in BigInt. */
function roundedShift(value: bigint, shift: number): bigint {
  return shift > 0 ? (value + (1n << BigInt(shift - 1))) >> BigInt(shift) : value << BigInt(-shift);
}

function exponentialModel(argument: number, fraction: number): number {
  const t = BigInt(argument);
  if (t >= 24n << BigInt(fraction)) return 0;
  const y = (t << BigInt(26 - fraction)) * 3098164009n;
  const k = y >> 57n;
  const q = (y >> 25n) & 0xffffffffn;
  const c = ((q & 0xffffffn) * 2977044472n) >> 32n;
  const h = c - ((c * c) >> 33n);
  const entry = BigInt(EXPONENTIAL_TABLE[Number(q >> 24n)]!);
  const e = entry - ((entry * h) >> 32n);
  return k > 31n ? 0 : Number(k === 0n ? e : roundedShift(e, Number(k)));
}

t.test('formats are read and written by their names', async (t) => {
  t.same(parseFormat('s4.27'), { signed: true, bits: 32, fraction: 27 });
  t.same(parseFormat('u0.8'), { signed: false, bits: 8, fraction: 8 });
  t.equal(formatName(parseFormat('s16.15')), 's16.15');
  for (const name of ['4.27', 's16.16', 'u0.0', 's4', 's-1.4']) {
    t.throws(() => parseFormat(name), FixedFormatError, name);
  }
});

t.test('numbers become fixed point to nearest, clamped, and come back', async (t) => {
  const s015 = parseFormat('s0.15');
  t.equal(toFixed(0.5, s015), 16384);
  t.equal(toFixed(2 ** -16, s015), 1, 'half a unit goes up');
  t.equal(toFixed(-(2 ** -16), s015), 0, 'minus half a unit goes up');
  t.equal(toFixed(1, s015), 32767);
  t.equal(toFixed(-7, s015), -32768);
  t.equal(toFixed(Number.NEGATIVE_INFINITY, s015), -32768);
  t.equal(toFixed(Number.NaN, s015), 0);
  fc.assert(
    fc.property(int32, (value) => toFixed(fromFixed(value, 27), parseFormat('s4.27')) === value),
  );
});

t.test('a fraction is chosen as fine as a magnitude allows', async (t) => {
  t.equal(fractionFor(1, 16), 14);
  t.equal(fractionFor(0.999, 16), 15);
  t.equal(fractionFor(8, 32), 27);
  fc.assert(
    fc.property(fc.double({ min: 1e-6, max: 1e6, noNaN: true }), (magnitude) => {
      const fraction = fractionFor(magnitude, 16);
      const fits = magnitude * 2 ** fraction < 32768;
      return fits && magnitude * 2 ** (fraction + 1) > 32767;
    }),
  );
});

t.test(
  'stochastic rounding is right on average and depends on seed and counter only',
  async (t) => {
    const count = 4096;
    let sum = 0;
    for (let i = 0; i < count; i++) sum += stochastic(7, i)(2.25);
    t.ok(Math.abs(sum / count - 2.25) < 0.03, `mean ${sum / count}`);
    t.equal(stochastic(7, 3)(-1.5), stochastic(7, 3)(-1.5));
    t.equal(stochastic(1, 1)(5), 5, 'whole numbers stay');
    t.not(randomWord(1, 2), randomWord(2, 1));
  },
);

t.test('products, rounding shifts and scaling are exact', async () => {
  fc.assert(
    fc.property(int32, uint32, fc.integer({ min: 16, max: 63 }), (a, b, shift) => {
      const exact = (BigInt(a) * BigInt(b)) >> BigInt(shift);
      return multiplyShift(a, b, shift) === Number(exact);
    }),
    { numRuns: 2000 },
  );
  fc.assert(
    fc.property(int32, uint32, fc.integer({ min: -4, max: 64 }), (a, b, shift) => {
      return multiplyRound(a, b, shift) === clamp32(roundedShift(BigInt(a) * BigInt(b), shift));
    }),
    { numRuns: 2000 },
  );
  fc.assert(
    fc.property(int32, fc.integer({ min: -20, max: 40 }), (value, shift) => {
      return round(value, shift) === Number(roundedShift(BigInt(value), shift));
    }),
  );
  fc.assert(
    fc.property(
      safe,
      fc.integer({ min: 0, max: 0x7fffffff }),
      fc.integer({ min: 1, max: 95 }),
      (value, mantissa, shift) => {
        const exact = clamp32(roundedShift(BigInt(value) * BigInt(mantissa), shift));
        return scaled(value, mantissa, shift) === exact;
      },
    ),
    { numRuns: 5000 },
  );
});

t.test('a scale factor has 31 bits', async (t) => {
  t.same(scaleFactor(1), { mantissa: 2 ** 30, exponent: 30 });
  fc.assert(
    fc.property(fc.double({ min: 1e-9, max: 1e6, noNaN: true }), (value) => {
      const { mantissa, exponent } = scaleFactor(value);
      const normal = mantissa >= 2 ** 30 && mantissa < 2 ** 31;
      return normal && Math.abs((mantissa * 2 ** -exponent) / value - 1) <= 2 ** -31;
    }),
  );
  t.throws(() => scaleFactor(0), RangeError);
});

t.test('the exponential follows the contract to the bit and exp to 2^-27', async (t) => {
  let worst = 0;
  fc.assert(
    fc.property(uint32, fc.integer({ min: 0, max: 26 }), (argument, fraction) => {
      const result = expNegative(argument, fraction);
      worst = Math.max(worst, Math.abs(result / 2 ** 31 - Math.exp(-argument / 2 ** fraction)));
      return result === exponentialModel(argument, fraction);
    }),
    { numRuns: 5000 },
  );
  for (let argument = 0; argument < 2 ** 26; argument += 9973) {
    const result = expNegative(argument, 23);
    worst = Math.max(worst, Math.abs(result / 2 ** 31 - Math.exp(-argument / 2 ** 23)));
  }
  t.comment(`exponential: largest error ${worst.toExponential(2)}`);
  t.ok(worst < 2 ** -27);
  t.equal(expNegative(0, 20), 2 ** 31);
});

t.test(
  'sigmoid and tanh follow the contract to the bit and their functions to 2^-28',
  async (t) => {
    let worst = 0;
    fc.assert(
      fc.property(int32, fc.integer({ min: 16, max: 26 }), (z, fraction) => {
        const magnitude = Math.abs(z);
        const e = BigInt(exponentialModel(magnitude, fraction));
        const one = 2n ** 31n;
        const numerator = (z >= 0 ? one : e) * one;
        const expected = clamp32((numerator + ((one + e) >> 1n)) / (one + e));
        const half = BigInt(exponentialModel(magnitude, fraction - 1));
        const slope = clamp32(((one - half) * one + ((one + half) >> 1n)) / (one + half));
        const real = z / 2 ** fraction;
        const sigmoid = sigmoid31(z, fraction);
        const tanh = tanh31(z, fraction);
        worst = Math.max(
          worst,
          Math.abs(sigmoid / 2 ** 31 - 1 / (1 + Math.exp(-real))),
          Math.abs(tanh / 2 ** 31 - Math.tanh(real)),
        );
        return sigmoid === expected && tanh === (z < 0 ? -slope : slope);
      }),
      { numRuns: 5000 },
    );
    t.comment(`sigmoid and tanh: largest error ${worst.toExponential(2)}`);
    t.ok(worst < 2 ** -28);
  },
);

t.test('softmax follows the contract to the bit and its function to 2^-28', async (t) => {
  let worst = 0;
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: -(2 ** 26), max: 2 ** 26 }), { minLength: 1, maxLength: 40 }),
      fc.constantFrom(20, 23),
      (logits, fraction) => {
        const result = new Int32Array(logits.length);
        softmax31(Int32Array.from(logits), fraction, result);
        const maximum = Math.max(...logits);
        const e = logits.map((z) => BigInt(exponentialModel(maximum - z, fraction)));
        const reciprocal = 2n ** 62n / e.reduce((sum, each) => sum + each, 0n);
        const real = logits.map((z) => Math.exp((z - maximum) / 2 ** fraction));
        const total = real.reduce((sum, each) => sum + each, 0);
        return e.every((each, i) => {
          worst = Math.max(worst, Math.abs(result[i]! / 2 ** 31 - real[i]! / total));
          return result[i] === clamp32(roundedShift(each * reciprocal, 31));
        });
      },
    ),
    { numRuns: 1000 },
  );
  t.comment(`softmax: largest error ${worst.toExponential(2)}`);
  t.ok(worst < 2 ** -28);
});

t.test('the logarithm follows the contract to the bit and ln to 2^-22', async (t) => {
  let worst = 0;
  fc.assert(
    fc.property(
      fc.oneof(fc.integer({ min: 1, max: 0x7fffffff }), fc.integer({ min: 1, max: 5000 })),
      (v) => {
        const shift = BigInt(Math.clz32(v));
        const normal = (BigInt(v) << shift) & 0xffffffffn;
        const index = Number((normal >> 23n) & 255n);
        const p = ((normal & 0x7fffffn) * BigInt(RECIPROCAL_TABLE[index]!)) >> 32n;
        const h = p - ((p * p) >> 32n);
        const expected = ((BigInt(LOGARITHM_TABLE[index]!) + h) >> 7n) - shift * 11629080n;
        worst = Math.max(worst, Math.abs(ln31(v) / 2 ** 24 - Math.log(v / 2 ** 31)));
        return ln31(v) === Number(expected);
      },
    ),
    { numRuns: 5000 },
  );
  t.comment(`logarithm: largest error ${worst.toExponential(2)}`);
  t.ok(worst < 2 ** -22);
});

t.test('a shuffled epoch visits every sample once, in an order of its seed', async (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 700 }), uint32, (samples, seed) => {
      const order = Array.from({ length: samples }, (_, i) => shuffledIndex(i, samples, seed));
      return new Set(order).size === samples && order.every((i) => i >= 0 && i < samples);
    }),
  );
  const order = (seed: number) => Array.from({ length: 50 }, (_, i) => shuffledIndex(i, 50, seed));
  t.not(order(1).join(), order(2).join());
  t.same(order(1), order(1));
  t.equal(shuffledIndex(0, 1, 99), 0);
});

/** Inner loops of schedules as a core runs them: their sums, with operands that are as large as can be, and their cycles. */
import { deepStrictEqual } from 'node:assert/strict';
import { decodeAplx } from '@spin-tools/scp';
import fc from 'fast-check';
import t from 'tap';
import { layersImage } from './index.js';
import { callKernel } from './kernel-call.js';
import { layersSymbols } from './programs.js';
import {
  measureScheduleKernels,
  type OuterWork,
  outerWords,
  type ProductWork,
  productWords,
  SCHEDULE_KERNEL_BUDGETS,
  scheduleKernelMemory,
} from './schedule-kernel-cycles.js';

const { operands, weights, sums, work: workAt } = scheduleKernelMemory;
const [image] = decodeAplx(layersImage());
const code = image?.operation === 'place' ? image.data : new Uint8Array();

/** Numbers of a seed: all extremes, extremes and small ones mixed, or any. */
function numbers(count: number, least: number, seed: number): Int16Array {
  let state = seed >>> 0;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 8;
  };
  const style = next() % 5;
  return Int16Array.from({ length: count }, () => {
    const random = next();
    const extreme = random % 2 === 0 ? least : 32767;
    if (style === 0) return least;
    if (style === 1) return 32767;
    if (style === 2) return extreme;
    if (style === 3) return random % 7 === 0 ? extreme : (random % 33) - 16;
    return Math.max(least, ((random % 65536) - 32768) >> (seed & 7));
  });
}

const wordsOf = (halves: Int16Array): Uint32Array => {
  const even = new Int16Array(halves.length + (halves.length % 2));
  even.set(halves);
  return new Uint32Array(even.buffer);
};

t.test('products are sums of 32 bits that wrap, for all sizes', async () => {
  const works = fc.record({
    positions: fc.integer({ min: 1, max: 7 }),
    outputs: fc.integer({ min: 1, max: 9 }),
    depth: fc.integer({ min: 1, max: 7 }).map((eights) => 8 * eights),
    add: fc.constantFrom(0 as const, 1 as const),
    seed: fc.integer(),
  });
  fc.assert(
    fc.property(works, ({ seed, ...work }) => {
      const { positions, outputs, depth, add } = work;
      const x = numbers(positions * depth, -32768, seed);
      const w = numbers(outputs * depth, -32768, seed ^ 0x5bd1e995);
      const before = Int32Array.from({ length: positions * outputs + 4 }, (_, i) => seed ^ i);
      const { read } = callKernel(code, {
        address: layersSymbols.product16,
        arguments: [workAt, sums],
        memory: new Map([
          [workAt, productWords(work satisfies ProductWork)],
          [operands, wordsOf(x)],
          [weights, wordsOf(w)],
          [sums, new Uint32Array(before.buffer)],
        ]),
      });
      const wanted = before.map((old, at) => {
        if (at >= positions * outputs) return old;
        const [p, o] = [Math.floor(at / outputs), at % outputs];
        let sum = add ? BigInt(old) : 0n;
        for (let k = 0; k < depth; k++)
          sum += BigInt(x[p * depth + k]!) * BigInt(w[o * depth + k]!);
        return Number(BigInt.asIntN(32, sum));
      });
      deepStrictEqual(new Int32Array(read(sums, before.byteLength).buffer), wanted);
    }),
  );
});

t.test('weight gradients are exact sums of 64 bits, for all sizes and operands', async () => {
  const works = fc.record({
    positions: fc.integer({ min: 1, max: 33 }),
    outputs: fc.integer({ min: 1, max: 9 }),
    depth: fc.integer({ min: 1, max: 5 }).map((quads) => 4 * quads),
    seed: fc.integer(),
  });
  fc.assert(
    fc.property(works, ({ seed, ...work }) => {
      const { positions, outputs, depth } = work;
      const d = numbers(positions * outputs, -32767, seed ^ 0x5bd1e995);
      const x = numbers(positions * depth, -32768, seed);
      const deltas = Math.ceil(outputs / 4) * 4;
      const pitch = deltas + depth;
      const rows = new Int16Array((positions + 1) * pitch).fill(-32768);
      for (let p = 0; p < positions; p++) {
        rows.fill(0, p * pitch, p * pitch + deltas);
        rows.set(d.subarray(p * outputs, (p + 1) * outputs), p * pitch);
        rows.set(x.subarray(p * depth, (p + 1) * depth), p * pitch + deltas);
      }
      const before = BigInt64Array.from({ length: deltas * depth + 2 }, (_, i) =>
        BigInt.asIntN(64, BigInt(seed) ** 3n + BigInt(i)),
      );
      const { read } = callKernel(code, {
        address: layersSymbols.outer16,
        arguments: [workAt],
        memory: new Map([
          [workAt, outerWords(work satisfies OuterWork)],
          [operands, wordsOf(rows)],
          [sums, new Uint32Array(before.buffer)],
        ]),
      });
      const wanted = before.map((old, at) => {
        const [o, k] = [Math.floor(at / depth), at % depth];
        let sum = old;
        for (let p = 0; o < outputs && p < positions; p++)
          sum += BigInt(d[p * outputs + o]!) * BigInt(x[p * depth + k]!);
        return sum;
      });
      deepStrictEqual(new BigInt64Array(read(sums, before.byteLength).buffer), wanted);
    }),
    { numRuns: 300 },
  );
});

/** Words of a seed: extremes, what lies around the edges of int16 after a shift, and any. */
function words(count: number, seed: number, shift: number): Int32Array {
  const any = numbers(2 * count, -32768, seed);
  return Int32Array.from({ length: count }, (_, i) => {
    const [low, high] = [any[2 * i]!, any[2 * i + 1]!];
    if (i % 5 === 0) return 32767 * 2 ** shift + low > 2147483647 ? 2147483647 : low;
    if (i % 5 === 1) return Math.max(-2147483648, -32768 * 2 ** shift + low);
    return (high << 16) ^ low;
  });
}

const rounded = (value: number, shift: number): number =>
  (value >> shift) + ((value >> (shift - 1)) & 1);

t.test(
  'rows are rounded, raised and clamped, and what was clamped or lost is counted',
  async () => {
    const rows = fc.record({
      count: fc.integer({ min: 1, max: 20 }),
      shift: fc.integer({ min: 1, max: 31 }),
      given: fc.boolean(),
      seed: fc.integer(),
    });
    const [biasesAt, counterAt] = [weights, weights + 0x400];
    fc.assert(
      fc.property(rows, ({ count, shift, given, seed }) => {
        const z = words(count, seed, shift);
        const biases = words(count, seed + 1, 3);
        const values = numbers(count, -32768, seed + 2);
        const call = (address: number, given: readonly number[], stack: readonly number[]) =>
          callKernel(code, {
            address,
            arguments: given,
            stack,
            memory: new Map([
              [operands, new Uint32Array(z.buffer)],
              [biasesAt, new Uint32Array(biases.buffer)],
              [workAt, wordsOf(values)],
              [counterAt, Uint32Array.of(7)],
            ]),
          });
        const { round_row, raise, narrow, narrow_deltas } = layersSymbols;
        const summed = z.map((each, i) => (each + (given ? biases[i]! : 0)) | 0);
        const from = [sums, operands, given ? biasesAt : 0, count];

        const roundedSums = call(round_row, from, [shift]);
        deepStrictEqual(
          new Int32Array(roundedSums.read(sums, 4 * count).buffer),
          summed.map((sum) => rounded(sum, shift)),
        );

        const raised = call(raise, from, [shift & 7]);
        const exact = Array.from(summed, (sum) => sum * 2 ** (shift & 7));
        const within = exact.map((sum) => Math.min(2147483647, Math.max(-2147483648, sum)));
        deepStrictEqual(Array.from(new Int32Array(raised.read(sums, 4 * count).buffer)), within);
        deepStrictEqual(raised.value, exact.filter((sum, i) => sum !== within[i]).length);

        const [least, most] = given ? [0, 2 ** 30] : [-2147483648, 2147483647];
        const narrowed = call(narrow, [sums, operands, count, shift], [least, most]);
        const limited = Array.from(z, (each) =>
          rounded(Math.min(most, Math.max(least, each)), shift),
        );
        const halves = limited.map((each) => Math.min(32767, Math.max(-32768, each)));
        deepStrictEqual(Array.from(new Int16Array(narrowed.read(sums, 2 * count).buffer)), halves);
        deepStrictEqual(narrowed.value, limited.filter((each, i) => each !== halves[i]).length);

        const deltas = call(
          narrow_deltas,
          [sums, operands, given ? workAt : 0, count],
          [shift, counterAt],
        );
        const errors = Array.from(z, (each, i) => (!given || values[i]! > 0 ? each : 0));
        const full = errors.map((each) => rounded(each, shift));
        const clamped = full.map((each) => Math.min(32767, Math.max(-32767, each)));
        deepStrictEqual(Array.from(new Int16Array(deltas.read(sums, 2 * count).buffer)), clamped);
        deepStrictEqual(deltas.value, full.filter((each, i) => each !== clamped[i]).length);
        const lost = full.filter((each, i) => each === 0 && errors[i] !== 0).length;
        deepStrictEqual(new Int32Array(deltas.read(counterAt, 4).buffer)[0], 7 + lost);
      }),
      { numRuns: 300 },
    );
  },
);

t.test('rows are copied and cleared whatever their size and place', async () => {
  const rows = fc.record({
    elements: fc.integer({ min: 0, max: 70 }),
    from: fc.integer({ min: 0, max: 3 }),
    to: fc.integer({ min: 0, max: 3 }),
    seed: fc.integer(),
  });
  fc.assert(
    fc.property(rows, ({ elements, from, to, seed }) => {
      const source = numbers(80, -32768, seed);
      const target = numbers(80, -32768, seed + 1);
      const call = (address: number, ...values: readonly number[]) =>
        callKernel(code, {
          address,
          arguments: values,
          memory: new Map([
            [operands, wordsOf(source)],
            [sums, wordsOf(target)],
          ]),
        }).read(sums, 160);
      const { copy_row, clear_row } = layersSymbols;
      const copied = call(copy_row, sums + 2 * to, operands + 2 * from, 2 * elements);
      const wanted = target.slice();
      wanted.set(source.subarray(from, from + elements), to);
      deepStrictEqual(new Int16Array(copied.buffer), wanted);
      const cleared = call(clear_row, sums + 2 * to, 2 * elements);
      deepStrictEqual(new Int16Array(cleared.buffer), target.slice().fill(0, to, to + elements));
    }),
  );
});

t.test('inner loops of schedules stay within their budgets', async (t) => {
  const found = measureScheduleKernels(layersImage(), layersSymbols);
  t.same(
    found.map(({ kernel }) => kernel),
    Object.keys(SCHEDULE_KERNEL_BUDGETS),
    'every loop is measured',
  );
  for (const { kernel, cycles } of found) {
    t.comment(`${kernel}: ${cycles.toFixed(2)} cycles`);
    t.ok(cycles <= SCHEDULE_KERNEL_BUDGETS[kernel], `${kernel}: ${cycles}`);
  }
});

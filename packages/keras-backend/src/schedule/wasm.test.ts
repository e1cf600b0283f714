import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import t from 'tap';
import { operationsHeader } from './operations/c-header.js';
import {
  denseTensor,
  ElementType,
  encodeSchedule,
  OPERATION_BYTES,
  type Operation,
  POINT_WINDOW,
} from './operations.js';

const near = (path: string) => new URL(`../../${path}`, import.meta.url);
const compiler = spawnSync('clang', ['--version'], { encoding: 'utf8' });
const isOurs =
  /version 14\./.test(compiler.stdout ?? '') && spawnSync('wasm-ld', ['--version']).status === 0;

t.test('operations.h is what the tables say', async (t) => {
  t.equal(operationsHeader(), await readFile(near('kernels/layers/operations.h'), 'utf8'));
});

t.test(
  'the committed module is what the sources give',
  { skip: isOurs ? false : 'clang 14 and wasm-ld are not here' },
  async (t) => {
    const script = (await import(near('kernels/scripts/build-wasm.mjs').href)) as {
      compileModule(): Buffer;
    };
    const { layersBase64 } = await import('./wasm.generated.js');
    t.equal(script.compileModule().toString('base64'), layersBase64);
  },
);

const dense: Operation = {
  kind: 'matrix',
  input: denseTensor(0x100, [1, 1, 784], ElementType.Int16, 15),
  output: denseTensor(0x10000, [1, 1, 10], ElementType.Int32, 24),
  window: POINT_WINDOW,
  weights: 0x20000,
  weightStride: 784,
  weightFraction: 12,
  bias: 0x30000,
  accumulate: 0,
};

t.test('a descriptor is its fields as little-endian words, one behind the other', async (t) => {
  const limits = { arenaBytes: 40_000, workers: 16, samples: 32 };
  const bytes = encodeSchedule(
    [
      { kind: 'combine', source: 0x40, slices: 2, sliceBytes: 0x80, target: 0x1000, count: 16 },
      dense,
    ],
    limits,
  );
  t.equal(bytes.length, 2 * OPERATION_BYTES);
  const words = (from: number, count: number) =>
    Array.from(new Uint32Array(bytes.buffer, from, count), (word) => word.toString(16));
  // combine, when training, with a barrier behind it, counter 0; source, slices, bytes of one, target, count
  t.strictSame(words(0, 9), ['17', '2', '0', '0', '40', '2', '80', '1000', '10']);
  // matrix, always; counter 1; input: address, 1 x 1 x 784, strides in elements, bytes of a sample, int16, fraction
  t.strictSame(words(OPERATION_BYTES, 13), [
    '2',
    '0',
    '0',
    '1',
    '100',
    '1',
    '1',
    '310',
    '310',
    '310',
    '620',
    '0',
    'f',
  ]);
});

t.test('what no arena can hold is refused by name', async (t) => {
  t.throws(() => encodeSchedule([dense], { arenaBytes: 100, workers: 1, samples: 1 }), {
    name: 'UnsupportedError',
    message: /^in fixed point, the size of layer matrix .* has \d+ bytes, of 100/,
  });
  const { bias, ...unbiased } = dense;
  t.throws(
    () => encodeSchedule([unbiased as Operation], { arenaBytes: 40_000, workers: 1, samples: 1 }),
    {
      name: 'RangeError',
      message: 'matrix.bias is undefined: give a number',
    },
  );
});

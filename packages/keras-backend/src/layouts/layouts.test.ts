import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { test } from 'tap';
import { layoutsHeader, tablesHeader } from './c-headers.js';
import {
  DTCM_ARENA_BYTES,
  declareLayout,
  decodeLayout,
  denseConfiguration,
  dtcmBytes,
  encodeLayout,
  sequencerProgress,
} from './index.js';

const committed = (name: string): string =>
  readFileSync(fileURLToPath(new URL(`../../kernels/include/${name}`, import.meta.url)), 'utf8');

const sample = declareLayout('Sample', 'For the tests.', [
  { name: 'wide', type: 'i64', about: '' },
  { name: 'signed', type: 'i32', about: '' },
  { name: 'pair', type: 'u32', count: 2, about: '' },
] as const);

test('the committed C headers are those of the layouts', async (t) => {
  t.equal(committed('layouts.h'), layoutsHeader(), 'run kernels/scripts/generate-headers.mjs');
  t.equal(committed('tables.h'), tablesHeader(), 'run kernels/scripts/generate-headers.mjs');
});

test('a structure has the bytes that C gives it', async (t) => {
  const bytes = encodeLayout(sample, { wide: -2n, signed: -3, pair: [0xffffffff, 1] });
  t.equal(
    Buffer.from(bytes).toString('hex'),
    // wide            signed   pair             padding to 8 bytes
    'feffffffffffffff fdffffff ffffffff01000000 00000000'.replaceAll(' ', ''),
  );
  t.same(decodeLayout(sample, bytes), { wide: -2n, signed: -3, pair: [0xffffffff, 1] });
});

test('too many elements and too few bytes are refused', async (t) => {
  t.throws(() => encodeLayout(sample, { wide: 0n, signed: 0, pair: [1, 2, 3] }), RangeError);
  t.throws(() => decodeLayout(sample, new Uint8Array(8)), RangeError);
});

test('a 64-bit field off its boundary is refused', async (t) => {
  t.throws(
    () =>
      declareLayout('Bad', '', [
        { name: 'word', type: 'u32', about: '' },
        { name: 'wide', type: 'u64', about: '' },
      ] as const),
    RangeError,
  );
});

test('fields of a layout lie one after the other', async (t) => {
  t.equal(denseConfiguration.offsets.bytes, 0);
  t.equal(denseConfiguration.offsets.mode, 4);
  t.equal(
    denseConfiguration.offsets.inputsRowBytes,
    denseConfiguration.offsets.inputsAddress + 8,
    'arrays count with all their elements',
  );
  t.equal(sequencerProgress.size % 8, 0);
});

test('memory needs grow with what a core keeps', async (t) => {
  const tile = { rows: 8, columns: 392, firstLayer: true, localHead: true };
  const head = { units: 8, outputLayer: false };
  const both = dtcmBytes({ mode: 'fast', batch: 32, tile, head });
  // weights 8 x 392 x (4 + 2), inputs 392 x 32 x 2, deltas 8 x 32 x 2, sample numbers 4 x 32
  t.equal(dtcmBytes({ mode: 'fast', batch: 32, tile }), 18816 + 25088 + 512 + 128);
  t.ok(both > dtcmBytes({ mode: 'fast', batch: 32, tile }));
  t.ok(both <= DTCM_ARENA_BYTES);
  t.ok(dtcmBytes({ mode: 'exact', batch: 32, tile, head }) > DTCM_ARENA_BYTES);
});

/** Samples from NumPy's files and from folders of images. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { randomWord } from '@spin-tools/sim/fixed';
import { zipSync } from 'fflate';
import jpeg from 'jpeg-js';
import { PNG } from 'pngjs';
import t from 'tap';
import { FileError } from './file-error.js';
import { loadSamples } from './load.js';
import { parseNpy } from './npy.js';

/** Pictures of each kind. */
const DAMAGED = process.env.SPIN_TOOLS_LARGE === '1' ? 5000 : 200;

/** A .npy file of version 1.0 as numpy.save writes it. */
function npy(
  descr: string,
  shape: readonly number[],
  bytes: Uint8Array,
  fortran = false,
): Uint8Array {
  const text = `{'descr': '${descr}', 'fortran_order': ${fortran ? 'True' : 'False'}, 'shape': (${shape.join(', ')}${shape.length === 1 ? ',' : ''}), }`;
  const header = `${text.padEnd(117)}\n`;
  const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length & 255, header.length >> 8];
  return Buffer.concat([Uint8Array.from(magic), Buffer.from(header, 'latin1'), bytes]);
}

const floats = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer);

t.test('.npy files give their values in all types of numbers', async (t) => {
  t.strictSame(
    parseNpy('x', npy('<f4', [2, 2], floats(1, 2, 3, 0.5))).values,
    Float64Array.of(1, 2, 3, 0.5),
  );
  t.strictSame(
    parseNpy('x', npy('|u1', [3], Uint8Array.of(1, 2, 255))).values,
    Float64Array.of(1, 2, 255),
  );
  const longs = new Uint8Array(BigInt64Array.of(-5n, 7n).buffer);
  t.strictSame(parseNpy('x', npy('<i8', [2], longs)), {
    shape: [2],
    values: Float64Array.of(-5, 7),
  });
  t.throws(() => parseNpy('x', npy('<c8', [1], floats(1, 2))), {
    name: 'FileError',
    message: /type/,
  });
  t.throws(() => parseNpy('x', npy('<f4', [2], floats(1))), {
    message: /ends before its 2 values/,
  });
  t.throws(() => parseNpy('x', npy('<f4', [1], floats(1), true)), { message: /Fortran order/ });
  t.throws(() => parseNpy('x', Uint8Array.of(1, 2, 3)), { message: /is no .npy file/ });
});

t.test('.npz files hold inputs with classes or targets', async (t) => {
  const source = `${t.testdir({})}/data.npz`;
  const x = npy('<f4', [2, 3], floats(1, 2, 3, 4, 5, 6));
  await writeFile(source, zipSync({ 'x.npy': x, 'y.npy': npy('|u1', [2], Uint8Array.of(4, 0)) }));
  const samples = await loadSamples({ source, shape: [3] });
  t.strictSame([samples.count, samples.features, [...samples.labels!]], [2, 3, [4, 0]]);
  await writeFile(source, zipSync({ 'x.npy': x, 'y.npy': npy('<f4', [2, 1], floats(0.5, 1)) }));
  t.strictSame([...(await loadSamples({ source, shape: [3] })).targets!], [0.5, 1]);
  await writeFile(source, zipSync({ 'z.npy': x }));
  await t.rejects(loadSamples({ source, shape: [3] }), { message: /has z.npy, but no x, inputs/ });
  const damaged = zipSync({ 'x.npy': x }, { level: 0 });
  damaged[30 + 'x.npy'.length + x.length - 1]! ^= 1;
  await writeFile(source, damaged);
  await t.rejects(loadSamples({ source, shape: [3] }), { message: /x\.npy: Invalid CRC32/ });
  await writeFile(source, 'no zip');
  await t.rejects(loadSamples({ source, shape: [3] }), {
    name: 'FileError',
    message: /is no .npz file/,
  });
});

t.test('folders of images give classes by their names, in grey or colour', async (t) => {
  const folder = t.testdir({});
  const png = new PNG({ width: 2, height: 1 });
  png.data = Buffer.from([255, 0, 0, 255, 255, 255, 255, 255]);
  for (const name of ['cat', 'dog']) await mkdir(`${folder}/${name}`);
  await writeFile(`${folder}/dog/a.png`, PNG.sync.write(png));
  const black = { width: 2, height: 1, data: Buffer.from([0, 0, 0, 255, 0, 0, 0, 255]) };
  await writeFile(`${folder}/cat/a.jpg`, jpeg.encode(black, 100).data);
  await writeFile(`${folder}/cat/notes.txt`, 'no image');
  const grey = await loadSamples({ source: folder, shape: [1, 2, 1] });
  t.strictSame([grey.count, grey.features, [...grey.labels!]], [2, 2, [0, 1]]);
  t.strictSame(
    [...grey.inputs].map((value) => Math.round(value * 1000)),
    [0, 0, 299, 1000],
  );
  const colour = await loadSamples({ source: folder, shape: [1, 2, 3] });
  t.strictSame([...colour.inputs.subarray(6)], [1, 0, 0, 1, 1, 1]);
  await t.rejects(loadSamples({ source: folder, shape: [4, 4] }), {
    message: /1 x 2 pixels, but the model takes 4 x 4/,
  });
  await t.rejects(loadSamples({ source: folder, shape: [7] }), {
    message: /has images, but the model takes samples of shape \[7\]/,
  });
  await writeFile(`${folder}/dog/b.png`, 'broken');
  await t.rejects(loadSamples({ source: folder, shape: [1, 2] }), {
    message: /b.png: is no image/,
  });
});

t.test(
  'damaged pictures get an error that says so, and no memory',
  { timeout: 600_000 },
  async (t) => {
    const folder = t.testdir({ cat: {} });
    const [width, height] = [40, 24];
    const data = Buffer.from(
      Uint8Array.from({ length: 4 * width * height }, (_, at) => at * 37 + (at >> 5)),
    );
    const png = new PNG({ width, height });
    data.copy(png.data);
    const pictures = {
      'a.jpg': jpeg.encode({ width, height, data }, 70).data,
      'a.png': PNG.sync.write(png),
    };
    const place = (i: number, kind: number, length: number) => randomWord(i, kind) % length;
    for (const [name, whole] of Object.entries(pictures)) {
      let refused = 0;
      for (let i = 0; i < DAMAGED; i++) {
        const damaged = Buffer.from(whole);
        for (let n = 0; n <= i % 4; n++) {
          // Tables lie in front.
          const at = place(i, 3 * n, n % 2 ? whole.length : Math.min(whole.length, 640));
          damaged[at] = [0, 255, place(i, 3 * n + 1, 256)][place(i, 3 * n + 2, 3)]!;
        }
        const cut = i % 10 === 0 ? damaged.subarray(0, place(i, 99, whole.length)) : damaged;
        await writeFile(`${folder}/cat/${name}`, cut);
        try {
          await loadSamples({ source: folder, shape: [height, width, 3] });
        } catch (error) {
          refused += 1;
          if (!(error instanceof FileError)) t.fail(`${name} ${i}: ${error}`);
        }
      }
      t.ok(refused > DAMAGED / 4, `${refused} of ${DAMAGED} were refused`);
      t.ok(process.memoryUsage().rss < 700 * 2 ** 20, `${name}: memory`);
      await rm(`${folder}/cat/${name}`);
    }
  },
);

t.test('a picture that says it is huge is refused before memory is taken for it', async (t) => {
  const folder = t.testdir({ cat: {} });
  const bytes = PNG.sync.write(new PNG({ width: 1, height: 1 }));
  bytes.writeUInt32BE(60_000, 16);
  bytes.writeUInt32BE(60_000, 20);
  await writeFile(`${folder}/cat/a.png`, bytes);
  await t.rejects(loadSamples({ source: folder, shape: [1, 1] }), {
    name: 'FileError',
    message: /cat.a.png: .*says that it has 3600000000 pixels, but at most 50 million are read/,
  });
});

t.test(
  'arrays and tables with any byte changed are read, or refused with the name of the file',
  async (t) => {
    const npy = (header: string, values: number) => {
      const text = header.padEnd(117, ' ');
      return Buffer.concat([
        Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, 118, 0]),
        Buffer.from(`${text}\n`),
        Buffer.alloc(values, 1),
      ]);
    };
    const array = npy("{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3), }", 6);
    const labels = npy("{'descr': '|u1', 'fortran_order': False, 'shape': (2,), }", 2);
    const files = {
      'a.npy': array,
      'a.npz': Buffer.from(zipSync({ 'x.npy': array, 'y.npy': labels }, { level: 0 })),
      'a.csv': Buffer.from('a,b,c\n1,2,0\n3,4,1\n'),
      'a.json': Buffer.from('{"inputs": [[1, 2], [3, 4]], "labels": [0, 1]}'),
    };
    const folder = t.testdir({});
    for (const [name, bytes] of Object.entries(files)) {
      const path = `${folder}/${name}`;
      for (let i = 0; i < 300; i++) {
        const damaged = Buffer.from(bytes);
        const place = (i * 7919) % bytes.length;
        damaged[place] = (i * 104_729) % 256;
        await writeFile(path, i % 5 === 4 ? damaged.subarray(0, place) : damaged);
        try {
          const { count, inputs, features } = await loadSamples({ source: path, shape: [3] });
          if (inputs.length !== count * features) t.fail(`${name} ${i}: ${count} of ${features}`);
        } catch (error) {
          if (!(error as Error).message.includes(name)) t.fail(`${name} ${i}: ${error}`);
        }
      }
      t.pass(name);
    }
    await writeFile(
      `${folder}/a.npy`,
      npy("{'descr': '|u1', 'fortran_order': False, 'shape': (1 2,), }", 2),
    );
    await t.rejects(loadSamples({ source: `${folder}/a.npy`, shape: [3] }), {
      message: /shape that cannot be read: \(1 2,\)/,
    });
  },
);

/** Samples from NumPy's files: `.npy`, one array, and `.npz`, a zip of them (numpy/lib/format.py). */
import { readFile } from 'node:fs/promises';
import { Uint8ArrayReader, Uint8ArrayWriter, ZipReader } from '@zip.js/zip.js';
import { FileError } from './file-error.js';
import type { Samples } from './samples.js';

/** An array. */
export interface NumpyArray {
  readonly shape: readonly number[];
  readonly values: Float64Array;
}

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
/** Deflate makes at most this of a byte. */
const MOST_INFLATION = 1032;

type ReadValue = (view: DataView, at: number) => number;

/** Values by the code of their type, without byte order; little endian. */
const TYPES: Readonly<Record<string, { readonly bytes: number; readonly read: ReadValue }>> = {
  b1: { bytes: 1, read: (view, at) => view.getUint8(at) },
  u1: { bytes: 1, read: (view, at) => view.getUint8(at) },
  i1: { bytes: 1, read: (view, at) => view.getInt8(at) },
  u2: { bytes: 2, read: (view, at) => view.getUint16(at, true) },
  i2: { bytes: 2, read: (view, at) => view.getInt16(at, true) },
  u4: { bytes: 4, read: (view, at) => view.getUint32(at, true) },
  i4: { bytes: 4, read: (view, at) => view.getInt32(at, true) },
  u8: { bytes: 8, read: (view, at) => Number(view.getBigUint64(at, true)) },
  i8: { bytes: 8, read: (view, at) => Number(view.getBigInt64(at, true)) },
  f4: { bytes: 4, read: (view, at) => view.getFloat32(at, true) },
  f8: { bytes: 8, read: (view, at) => view.getFloat64(at, true) },
};

/**
 * An array of a `.npy` file.
 *
 * @param source name for messages
 * @throws FileError when it is none, or of a type or order that cannot be read
 */
export function parseNpy(source: string, bytes: Uint8Array): NumpyArray {
  if (bytes.length < 10 || MAGIC.some((byte, i) => bytes[i] !== byte)) {
    throw new FileError(source, 'is no .npy file');
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const long = (bytes[6] as number) >= 2;
  const start = long ? 12 : 10;
  const length = long && bytes.length >= 12 ? view.getUint32(8, true) : view.getUint16(8, true);
  const header = new TextDecoder('latin1').decode(bytes.subarray(start, start + length));
  const [, type = ''] = /'descr':\s*'[<|=]([a-z]\d)'/.exec(header) ?? [];
  const [, list] = /'shape':\s*\(([\d,\s]*)\)/.exec(header) ?? [];
  const known = Object.hasOwn(TYPES, type) ? TYPES[type] : undefined;
  if (list === undefined || known === undefined) {
    throw new FileError(source, `has numbers of a type that cannot be read: ${header.trim()}`);
  }
  if (/'fortran_order':\s*True/.test(header)) {
    throw new FileError(source, 'is in Fortran order: save numpy.ascontiguousarray(x)');
  }
  const shape = list
    .split(',')
    .filter((size) => size.trim() !== '')
    .map(Number);
  if (shape.some((size) => !Number.isSafeInteger(size))) {
    throw new FileError(source, `has a shape that cannot be read: (${list})`);
  }
  const count = shape.reduce((size, each) => size * each, 1);
  const at = start + length;
  if (at + count * known.bytes > bytes.length) {
    throw new FileError(source, `ends before its ${count} values do`);
  }
  const values = Float64Array.from({ length: count }, (_, i) =>
    known.read(view, at + i * known.bytes),
  );
  return { shape, values };
}

/** Inputs alone, as to predict from. @throws FileError */
export async function readNpy(path: string): Promise<Samples> {
  return inputsOf(path, parseNpy(path, new Uint8Array(await readFile(path))));
}

/** Names that the arrays of a `.npz` file may have. */
const INPUTS = ['x', 'inputs', 'x_train'];
const LABELS = ['y', 'labels', 'targets', 'y_train'];

/**
 * Inputs `x` and labels or targets `y`: whole numbers, one a sample, are classes.
 *
 * @throws FileError naming what is missing
 */
export async function readNpz(path: string): Promise<Samples> {
  const bytes = new Uint8Array(await readFile(path));
  const arrays = await unzip(path, bytes);
  const find = (names: readonly string[]) =>
    names.find((name) => arrays[`${name}.npy`] !== undefined);
  const [x, y] = [find(INPUTS), find(LABELS)];
  if (x === undefined) {
    throw new FileError(path, `has ${Object.keys(arrays).join(', ')}, but no ${INPUTS.join(', ')}`);
  }
  const samples = inputsOf(path, parseNpy(`${path}: ${x}`, arrays[`${x}.npy`] as Uint8Array));
  if (y === undefined) return samples;
  const targets = parseNpy(`${path}: ${y}`, arrays[`${y}.npy`] as Uint8Array);
  if (targets.shape[0] !== samples.count) {
    throw new FileError(path, `has ${targets.shape[0]} "${y}" for ${samples.count} "${x}"`);
  }
  const { values } = targets;
  const classes =
    values.length === samples.count &&
    values.every((v) => Number.isInteger(v) && v >= 0 && v < 2 ** 32);
  return classes
    ? { ...samples, labels: Uint32Array.from(values) }
    : { ...samples, targets: Float32Array.from(values) };
}

async function unzip(
  path: string,
  bytes: Uint8Array,
): Promise<Readonly<Record<string, Uint8Array>>> {
  const arrays: Record<string, Uint8Array> = {};
  try {
    for await (const entry of new ZipReader(new Uint8ArrayReader(bytes)).getEntriesGenerator()) {
      const { filename: name, compressedSize, uncompressedSize, compressionMethod } = entry;
      if (entry.directory || !name.endsWith('.npy')) continue;
      const most = compressionMethod === 0 ? compressedSize : compressedSize * MOST_INFLATION;
      if (uncompressedSize > most || compressedSize > bytes.length) {
        throw new Error(`${name} is damaged`);
      }
      arrays[name] = await entry
        .getData(new Uint8ArrayWriter(), { checkSignature: true })
        .catch(({ message }) => {
          throw new Error(`${name}: ${message}`);
        });
    }
  } catch (cause) {
    throw new FileError(path, `is no .npz file: ${(cause as Error).message}`, { cause });
  }
  return arrays;
}

function inputsOf(path: string, { shape, values }: NumpyArray): Samples {
  const [count = 0] = shape;
  if (values.length === 0) throw new FileError(path, 'has no samples');
  if (values.some((value) => !Number.isFinite(value))) {
    throw new FileError(path, 'has values that are no finite numbers');
  }
  return { count, features: values.length / count, inputs: Float32Array.from(values) };
}

/** HDF5 files in memory, read and written with the HDF5 library (h5wasm), which is loaded at first use. */

import type { Dataset, File, Group } from 'h5wasm';
import { ModelFileError } from '../errors.js';
import { checkHeaps } from './hdf5-heaps.js';
import { mostInflated } from './inflation.js';

/** A group of an open file. */
export type Hdf5Group = Group;

/** Names of files in the library's own memory: each call has one of its own. */
let files = 0;

/** Bytes of the files that are open, by the library's number of each. */
const fileBytes = new Map<bigint, number>();

/** How often the library was loaded, the one in use, and whether it broke and no other could be loaded. */
let loads = 0;
let loaded: ReturnType<typeof load> | undefined;
let isBroken = false;

/** Loads a library with memory of its own. */
async function load() {
  loads += 1;
  const { default: h5wasm }: typeof import('h5wasm') =
    loads === 1
      ? await import('h5wasm')
      : await import(`${import.meta.resolve('h5wasm')}?load=${loads}`);
  const module = await h5wasm.ready;
  // Errors of the library are thrown instead of printed.
  module.activate_throwing_error_handler();
  return { h5wasm, module };
}

/** @throws ModelFileError once the library broke where no other can be loaded, as in a bundle */
async function library(field: string) {
  if (isBroken) {
    const reason = 'cannot be used: the HDF5 library broke at an earlier, damaged file. Start anew';
    throw new ModelFileError(field, reason);
  }
  loaded ??= load();
  return loaded;
}

/**
 * WebAssembly that stopped in the middle of things leaves its memory in any state: even a probe may never end. So another
 * library takes its place.
 */
async function replaceLibrary(): Promise<void> {
  loaded = load();
  try {
    await loaded;
  } catch {
    isBroken = true;
  }
}

/**
 * Opens a file for the time of `work`.
 *
 * @param field what the file is called in messages
 * @throws ModelFileError when it is no HDF5 file, or damaged
 */
export async function readHdf5<T>(
  bytes: Uint8Array,
  field: string,
  work: (root: Hdf5Group) => T,
): Promise<T> {
  checkHeaps(bytes, field);
  const { h5wasm, module } = await library(field);
  files += 1;
  const name = `/read-${files}.h5`;
  module.FS.writeFile(name, bytes);
  try {
    let file: File;
    try {
      file = new h5wasm.File(name, 'r');
    } catch (cause) {
      if (hasStopped(cause)) throw cause;
      throw new ModelFileError(field, 'is no HDF5 file', { cause });
    }
    if (file.file_id < 0n) throw new ModelFileError(field, 'is no HDF5 file');
    fileBytes.set(file.file_id, bytes.length);
    try {
      return closing(file, work);
    } finally {
      fileBytes.delete(file.file_id);
    }
  } catch (error) {
    if (hasStopped(error)) await replaceLibrary();
    throw error;
  } finally {
    module.FS.unlink(name);
  }
}

/** Closes a file behind `work`, unless the library is in no state to. */
function closing<T>(file: File, work: (root: Hdf5Group) => T): T {
  let result: T;
  try {
    result = work(file);
  } catch (error) {
    if (!hasStopped(error)) file.close();
    throw error;
  }
  file.close();
  return result;
}

/** Whether WebAssembly stopped in the middle of things. */
const hasStopped = (error: unknown): boolean =>
  error instanceof Error && error.name === 'RuntimeError';

/** The bytes of a file that `work` fills. */
export async function writeHdf5(work: (root: Hdf5Group) => void): Promise<Uint8Array> {
  const { h5wasm, module } = await library('file');
  files += 1;
  const name = `/write-${files}.h5`;
  const file = new h5wasm.File(name, 'w');
  closing(file, work);
  const bytes = module.FS.readFile(name) as Uint8Array;
  module.FS.unlink(name);
  return bytes;
}

/** The group at a path, or undefined. */
export function groupAt(parent: Hdf5Group, path: string): Hdf5Group | undefined {
  const found = entityAt(parent, path);
  return found?.type === 'Group' ? (found as Group) : undefined;
}

function entityAt(parent: Hdf5Group, path: string): { readonly type?: string } | undefined {
  try {
    return (parent.get(path) as { readonly type?: string } | null) ?? undefined;
  } catch (error) {
    if (hasStopped(error)) throw error;
    return undefined;
  }
}

/** Types of numbers that weights may be stored as. */
const NUMBERS = /^[<>|]?[fbBhHiIlLqQd]\d?$/;

/**
 * Numbers of a shape.
 *
 * @throws ModelFileError naming `field` when there are none, or of another shape
 */
export function floatsAt(
  parent: Hdf5Group,
  path: string,
  shape: readonly number[],
  field: string,
): Float32Array {
  const found = entityAt(parent, path);
  if (found?.type !== 'Dataset') throw new ModelFileError(field, 'is missing');
  const dataset = found as Dataset;
  const own = dataset.shape ?? [];
  // The shape comes first: a damaged one must not have the library reserve what it says.
  if (own.join() !== shape.join()) {
    throw new ModelFileError(field, `has shape [${own}], but the layer needs [${shape}]`);
  }
  if (typeof dataset.dtype !== 'string' || !NUMBERS.test(dataset.dtype)) {
    throw new ModelFileError(
      field,
      `holds ${JSON.stringify(dataset.dtype)}: only numbers can be used`,
    );
  }
  const count = shape.reduce((size, each) => size * each, 1);
  checkBytes(dataset, count, field);
  const { value } = dataset;
  const numbers = typeof value === 'number' || typeof value === 'bigint' ? [value] : value;
  if (!(Array.isArray(numbers) || ArrayBuffer.isView(numbers)) || lengthOf(numbers) !== count) {
    throw new ModelFileError(field, `does not hold ${count} numbers`);
  }
  return Float32Array.from(numbers as ArrayLike<number | bigint>, Number);
}

/** More would not fit into the library's memory, and it wraps counts of 32 bits. */
const MOST_DATASET_BYTES = 2 ** 30;

/**
 * A file can say that a dataset is larger than the file is, which is filled up with zeros.
 *
 * @throws ModelFileError when so many numbers cannot be in a file of this size
 */
function checkBytes({ metadata, file_id }: Dataset, count: number, field: string): void {
  const bytes = count * metadata.size;
  const held = fileBytes.get(file_id) ?? 0;
  const most = metadata.chunks === null ? held : mostInflated(held);
  if (bytes <= Math.min(most, MOST_DATASET_BYTES)) return;
  const reason =
    bytes > most
      ? `cannot be ${bytes} bytes in a file of ${held}`
      : `has ${bytes} bytes: at most ${MOST_DATASET_BYTES} can be read`;
  throw new ModelFileError(field, reason);
}

function lengthOf(values: unknown): number {
  return (values as ArrayLike<unknown>).length;
}

/** More than the longest `model_config` of Keras, so that a damaged shape cannot take all memory. */
const MOST_ATTRIBUTE_BYTES = 64 * 2 ** 20;

function attributeValue(group: Hdf5Group, name: string): unknown {
  const attribute = group.attrs[name];
  if (attribute === undefined) return undefined;
  const { shape, metadata } = attribute;
  const bytes = (shape ?? []).reduce((size, each) => size * each, metadata.size);
  if (bytes > MOST_ATTRIBUTE_BYTES) {
    throw new ModelFileError(name, `is damaged: it says that it has ${bytes} bytes`);
  }
  return attribute.value;
}

/** Text of an attribute, or undefined. */
export function textAttribute(group: Hdf5Group, name: string): string | undefined {
  const value = attributeValue(group, name);
  if (typeof value === 'string') return value;
  return value instanceof Uint8Array ? new TextDecoder().decode(value) : undefined;
}

/** Texts of an attribute, which Keras splits into `name0`, `name1` ... where they are many. */
export function textsAttribute(group: Hdf5Group, name: string): string[] {
  const { attrs } = group;
  if (attrs[name] !== undefined) return textsOf(attributeValue(group, name));
  const texts: string[] = [];
  for (let part = 0; attrs[`${name}${part}`] !== undefined; part++) {
    texts.push(...textsOf(attributeValue(group, `${name}${part}`)));
  }
  return texts;
}

function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
}

/** Writes text. */
export function writeText(group: Hdf5Group, name: string, text: string): void {
  group.create_attribute(name, text);
}

/** Writes texts, split as Keras does where they are many. */
export function writeTexts(group: Hdf5Group, name: string, texts: readonly string[]): void {
  if (texts.length === 0) {
    group.create_attribute(name, [], [0], 'S1');
    return;
  }
  // Texts of variable length take 16 bytes each in an attribute, which has room for 64,512 bytes.
  const most = 4000;
  if (texts.length <= most) {
    group.create_attribute(name, [...texts]);
    return;
  }
  for (let part = 0; part * most < texts.length; part++) {
    group.create_attribute(`${name}${part}`, texts.slice(part * most, (part + 1) * most));
  }
}

/** Writes float32 of a shape under a name, which may be a path. */
export function writeFloats(
  group: Hdf5Group,
  path: string,
  data: Float32Array,
  shape: readonly number[],
): void {
  const steps = path.split('/');
  const name = steps.pop() as string;
  const owner = steps.reduce(
    (parent, step) => groupAt(parent, step) ?? parent.create_group(step),
    group,
  );
  owner.create_dataset({ name, data, shape: [...shape], dtype: '<f4' });
}

/** Samples as they come from a caller: checked, made flat, and turned into operands. */
import type { Operands } from '../engine.js';
import { DataError } from '../errors.js';
import { sizeOf } from '../layers/kinds/kind.js';
import type { Shape } from '../layers/layers.js';

/** Nested arrays of numbers, one level per dimension. */
export type NestedNumbers = ArrayLike<number> | readonly NestedNumbers[];

/** Values with their shape; the first dimension counts samples. */
export interface Tensor {
  readonly data: ArrayLike<number>;
  readonly shape: Shape;
}

/** What `fit`, `evaluate` and `predict` take: nested arrays, or flat values with a shape. */
export type Samples = NestedNumbers | Tensor;

/** Samples of a model: of its input or, where there are several, a list or a record by their names. */
export type ModelSamples = Samples | readonly Samples[] | Readonly<Record<string, Samples>>;

/** Samples as a flat array, all of them finite. */
export interface FlatSamples {
  readonly samples: number;
  readonly values: ArrayLike<number>;
  /** Values in a sample. */
  readonly size: number;
  /** Largest magnitude. */
  readonly peak: number;
}

/**
 * Checks samples and lays them out flat.
 *
 * @param field name of the data in error messages, for example `x`
 * @param shapes what one sample may look like; the first is named in messages
 * @throws {@link DataError} when there are none, or their shape is another, or a value is not finite
 */
export function flatSamples(data: Samples, field: string, ...shapes: Shape[]): FlatSamples {
  const tensor = isTensor(data) ? data : tensorOf(data, field);
  checkTensor(tensor, field, shapes);
  const size = sizeOf(tensor.shape.slice(1));
  const values = tensor.data;
  let peak = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (!Number.isFinite(value)) {
      const place = placeOf(i, tensor.shape);
      throw new DataError(
        field,
        `holds ${value} at ${place}: only finite numbers can be used`,
        Math.floor(i / size),
        value,
      );
    }
    peak = Math.max(peak, Math.abs(value));
  }
  return { samples: tensor.shape[0] as number, values, size, peak };
}

/** Whether data are flat values with their shape. */
export function isTensor(data: unknown): data is Tensor {
  return data !== null && typeof data === 'object' && 'data' in data && 'shape' in data;
}

function tensorOf(data: NestedNumbers, field: string): Tensor {
  if (data === null || typeof data !== 'object' || typeof data.length !== 'number') {
    throw new DataError(field, 'is no data: give nested arrays, or { data, shape }');
  }
  const shape: number[] = [];
  for (let level: unknown = data; isList(level); level = level[0]) shape.push(level.length);
  const values: number[] = [];
  collect(data, shape, 0, values, field);
  return { data: values, shape };
}

/** Whether a value is an array of any kind. */
function isList(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
}

function collect(
  data: unknown,
  shape: Shape,
  depth: number,
  values: number[],
  field: string,
): void {
  if (depth === shape.length) {
    values.push(typeof data === 'number' ? data : Number.NaN);
    return;
  }
  if (!isList(data) || data.length !== shape[depth]) {
    const size = Math.max(1, sizeOf(shape.slice(1)));
    const sample = Math.floor(values.length / size);
    throw new DataError(
      field,
      `is ragged: sample ${sample} does not have the shape [${shape.slice(1)}] of the first`,
      sample,
    );
  }
  for (let i = 0; i < data.length; i++) collect(data[i], shape, depth + 1, values, field);
}

function checkTensor(tensor: Tensor, field: string, shapes: readonly Shape[]): void {
  const [samples, ...sample] = tensor.shape;
  if (samples === undefined || samples === 0 || !Number.isInteger(samples)) {
    throw new DataError(field, 'is empty: at least one sample is needed');
  }
  if (!shapes.some((shape) => shape.length === sample.length && shape.join() === sample.join())) {
    const [shape] = shapes;
    throw new DataError(field, `has samples of shape [${sample}], but the model takes [${shape}]`);
  }
  if (tensor.data.length !== sizeOf(tensor.shape)) {
    const needed = sizeOf(tensor.shape);
    throw new DataError(
      field,
      `has ${tensor.data.length} values, but its shape [${tensor.shape}] needs ${needed}`,
    );
  }
}

function placeOf(index: number, shape: Shape): string {
  const place: number[] = [];
  let rest = index;
  for (const size of [...shape].reverse()) {
    place.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  return `[${place.join('][')}]`;
}

/**
 * Refuses targets that a cross-entropy cannot have: probabilities are within 0 .. 1.
 *
 * @throws {@link DataError} that names the sample
 */
export function checkProbabilities({ values, size, samples }: FlatSamples, field: string): void {
  for (let i = 0; i < samples * size; i++) {
    const value = values[i] as number;
    if (value < 0 || value > 1) {
      const sample = Math.floor(i / size);
      throw new DataError(
        field,
        `holds ${value} at [${sample}][${i % size}]: cross-entropies take labels of 0 to 1`,
        sample,
        value,
      );
    }
  }
}

/**
 * Refuses targets that are no class numbers.
 *
 * @param classes how many there are
 * @throws {@link DataError} that names the sample
 */
export function checkClasses(
  { values, size, samples }: FlatSamples,
  field: string,
  classes: number,
): void {
  for (let i = 0; i < samples * size; i++) {
    const value = values[i] as number;
    if (!(Number.isInteger(value) && value >= 0 && value < classes)) {
      const sample = Math.floor(i / size);
      const reason = `holds ${value} for sample ${sample}: the classes are 0 to ${classes - 1}`;
      throw new DataError(field, reason, sample, value);
    }
  }
}

/**
 * Data for each name: the data themselves where there is one name, else a list or a record.
 *
 * @throws {@link DataError} when there are not as many as names
 */
export function perName<Data>(
  data: Data | readonly Data[] | Readonly<Record<string, Data>>,
  names: readonly string[],
  field: string,
): Data[] {
  const record = typeof data === 'object' && data !== null && !isList(data) && !isTensor(data);
  if (record) {
    const byName = data as Readonly<Record<string, Data>>;
    return names.map((name) => {
      if (Object.hasOwn(byName, name)) return byName[name] as Data;
      throw new DataError(
        field,
        `has nothing for ${name}: it has ${Object.keys(byName).join(', ')}`,
      );
    });
  }
  if (names.length === 1) return [data as Data];
  if (Array.isArray(data) && data.length === names.length) return data;
  throw new DataError(field, `must be a list of ${names.length}, or by name: ${names.join(', ')}`);
}

/** Integers of a fraction, to nearest and clamped to operands. */
export function toOperands(
  values: ArrayLike<number>,
  count: number,
  fraction: number,
  exact: boolean,
): Operands {
  const result = exact ? new Int32Array(count) : new Int16Array(count);
  const limit = exact ? 2 ** 31 : 2 ** 15;
  const factor = 2 ** fraction;
  for (let i = 0; i < count; i++) {
    const value = Math.round((values[i] as number) * factor);
    result[i] = Math.min(limit - 1, Math.max(-limit, value));
  }
  return result;
}

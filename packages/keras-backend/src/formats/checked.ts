/** Values of files as what they should be, or an error that names the field. */
import { ModelFileError } from '../errors.js';

/** An object of a file. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Whether a value is an object rather than an array, a scalar or null. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** @throws ModelFileError */
export function asObject(value: unknown, field: string): JsonObject {
  if (isObject(value)) return value;
  throw new ModelFileError(field, 'should be an object');
}

/** @throws ModelFileError */
export function asArray(value: unknown, field: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new ModelFileError(field, 'should be a list');
}

/** @throws ModelFileError */
export function asText(value: unknown, field: string): string {
  if (typeof value === 'string') return value;
  throw new ModelFileError(field, 'should be text');
}

/** A whole number of at least 0, below `limit` where one is given. @throws ModelFileError */
export function asCount(value: unknown, field: string, limit = 2 ** 53): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0) {
    if (value < limit) return value;
    throw new ModelFileError(field, `is ${value}, but should be below ${limit}`);
  }
  throw new ModelFileError(field, 'should be a whole number');
}

/** A shape: whole numbers above 0. @throws ModelFileError */
export function asShape(value: unknown, field: string): number[] {
  return asArray(value, field).map((size, axis) => {
    if (typeof size === 'number' && Number.isSafeInteger(size) && size > 0) return size;
    throw new ModelFileError(`${field}[${axis}]`, 'should be a whole number above 0');
  });
}

/** Text as JSON. @throws ModelFileError */
export function parseJson(text: string, field: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ModelFileError(field, 'is not JSON', { cause });
  }
}

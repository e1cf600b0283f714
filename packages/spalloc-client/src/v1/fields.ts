/** Reads fields of what a server sent, which may be anything, and names the field that is wrong. */
import { SpallocProtocolError } from '../errors.js';

/** A JSON object whose fields nobody has checked yet, and where it came from (for messages). */
export interface Fields {
  readonly source: string;
  readonly values: Readonly<Record<string, unknown>>;
}

/** @throws SpallocProtocolError when `value` is not a JSON object. */
export function fieldsOf(source: string, value: unknown): Fields {
  if (!isObject(value)) throw wrong(source, value, 'an object');
  return { source, values: value };
}

/** @throws SpallocProtocolError when `value` is not an array, or `parse` refuses one of its items. */
export function arrayOf<T>(
  source: string,
  value: unknown,
  parse: (source: string, item: unknown) => T,
): T[] {
  if (!Array.isArray(value)) throw wrong(source, value, 'an array');
  return value.map((item, index) => parse(`${source}[${index}]`, item));
}

/** @throws SpallocProtocolError when `value` is not an array of exactly `length` integers. */
export function integers(source: string, value: unknown, length: number): number[] {
  const items = arrayOf(source, value, integer);
  if (items.length !== length) throw wrong(source, value, `${length} integers`);
  return items;
}

/** @throws SpallocProtocolError when `value` is not an integer. */
export function integer(source: string, value: unknown): number {
  if (typeof value !== 'number' || !Number.isInteger(value)) {
    throw wrong(source, value, 'an integer');
  }
  return value;
}

/** @throws SpallocProtocolError when `value` is not a finite number. */
export function finite(source: string, value: unknown): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw wrong(source, value, 'a number');
  return value;
}

/** @throws SpallocProtocolError when `value` is not a string. */
export function text(source: string, value: unknown): string {
  if (typeof value !== 'string') throw wrong(source, value, 'a string');
  return value;
}

/** @throws SpallocProtocolError when `value` is not a boolean. */
export function flag(source: string, value: unknown): boolean {
  if (typeof value !== 'boolean') throw wrong(source, value, 'true or false');
  return value;
}

/** Reads field `name` with `parse`, giving its full path to error messages. */
export function field<T>(
  { source, values }: Fields,
  name: string,
  parse: (source: string, value: unknown) => T,
): T {
  return parse(`${source}.${name}`, values[name]);
}

/** As {@link field}, where the field may be null or missing. */
export function optionalField<T>(
  fields: Fields,
  name: string,
  parse: (source: string, value: unknown) => T,
): T | null {
  return fields.values[name] == null ? null : field(fields, name, parse);
}

/** Whether `value` is a JSON object rather than an array, a scalar or null. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function wrong(source: string, value: unknown, expected: string): SpallocProtocolError {
  const shown = JSON.stringify(value)?.slice(0, 80) ?? 'missing';
  return new SpallocProtocolError(
    `the allocation server sent ${shown} as ${source}, where ${expected} belongs`,
  );
}

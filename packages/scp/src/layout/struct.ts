/**
 * Structures of bytes declared once: a table of named fields over `buffer-layout`, from which come
 * offsets, sizes, and both directions of conversion.
 */
import { Layout, nu64, Structure, s32, seq, u8, u16, u16be, u32, u32be } from 'buffer-layout';
import { MalformedMessageError } from '../errors.js';
import { FieldBytes } from './field-bytes.js';

/** How one value lies in bytes; the part of a layout of `buffer-layout`, which has no types, that shows. */
export interface FieldLayout<T> {
  /** Bytes. */
  readonly span: number;
  /** Reads the value at `offset`. */
  decode(bytes: Uint8Array, offset?: number): T;
  /** Writes the value at `offset` and returns how many bytes that took. */
  encode(value: T, bytes: Uint8Array, offset?: number): number;
}

/** A kind of field: how its value is stored, once it is given a name. */
export interface Field<T> {
  readonly kind: 'value';
  readonly layout: (name: string) => FieldLayout<T>;
}

/** Bytes that mean nothing: skipped when decoding, left alone when encoding. */
export interface Padding {
  readonly kind: 'padding';
  readonly size: number;
}

/** Where a field lies inside its structure, in bytes. */
export interface Place {
  readonly offset: number;
  readonly size: number;
}

type Fields = Readonly<Record<string, Field<unknown> | Padding>>;

/** The value type of a table of fields. */
export type FieldValues<F extends Fields> = {
  -readonly [K in keyof F as F[K] extends Padding ? never : K]: F[K] extends Field<infer T>
    ? T
    : never;
};

/** A structure: its size, where its fields are, and both directions of conversion. */
export interface Struct<T> {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  readonly places: { readonly [K in keyof T]: Place };
  /** Reads the structure at `offset`. Throws {@link MalformedMessageError} when bytes are missing. */
  decode(bytes: Uint8Array, offset?: number): T;
  /** Writes the fields given into `bytes`, by default new zeroed ones, and returns those bytes. */
  encode(value: Partial<T>, bytes?: Uint8Array, offset?: number): Uint8Array;
}

const value = <T>(layout: (name: string) => Layout<T>): Field<T> => ({ kind: 'value', layout });

/** Unsigned byte. */
export const byte = value(u8);
/** Unsigned 16-bit, little-endian. */
export const half = value(u16);
/** Unsigned 32-bit, little-endian. */
export const word = value(u32);
/** Signed 32-bit, little-endian. */
export const signedWord = value(s32);
/** Unsigned 64-bit, little-endian; exact up to 2^53. */
export const longWord = value(nu64);
/** Unsigned 16-bit, big-endian. */
export const networkHalf = value(u16be);
/** Unsigned 32-bit, big-endian. */
export const networkWord = value(u32be);
/** `count` little-endian words. */
export const words = (count: number): Field<number[]> => value((name) => seq(u32(), count, name));
/** `count` bytes as they are. */
export const bytes = (count: number): Field<Uint8Array> =>
  value((name) => new BytesLayout(count, name));
/** Text of at most `count` bytes, zero-filled. */
export const text = (count: number): Field<string> => value((name) => new TextLayout(count, name));
/** `size` bytes without meaning. */
export const padding = (size: number): Padding => ({ kind: 'padding', size });

/** Declares a structure; the fields lie one after the other in the order of the table. */
export function struct<F extends Fields>(name: string, fields: F): Struct<FieldValues<F>> {
  type T = FieldValues<F>;
  const layout = new Structure(
    Object.entries(fields).map(([key, field]) =>
      field.kind === 'value' ? (field.layout(key) as Layout<unknown>) : seq(u8(), field.size),
    ),
  );
  return {
    name,
    size: layout.span,
    places: placesOf(fields, layout) as Struct<T>['places'],
    decode(source, offset = 0) {
      if (offset + layout.span > source.length) {
        throw new MalformedMessageError(
          name,
          `needs ${layout.span} bytes at ${offset} of only ${source.length}`,
        );
      }
      return layout.decode(FieldBytes.over(source), offset) as T;
    },
    encode(values, target = new Uint8Array(layout.span), offset = 0) {
      if (offset + layout.span > target.length) {
        throw new RangeError(`no room for ${name} at ${offset} of ${target.length} bytes`);
      }
      layout.encode(values as Record<string, unknown>, FieldBytes.over(target), offset);
      return target;
    },
  };
}

function placesOf(fields: Fields, layout: Structure): Record<string, Place> {
  const named = Object.entries(fields).flatMap(([key, field]) =>
    field.kind === 'value' ? [[key, field] as const] : [],
  );
  return Object.fromEntries(
    named.map(([key, field]) => [
      key,
      { offset: layout.offsetOf(key) as number, size: field.layout(key).span },
    ]),
  );
}

class BytesLayout extends Layout<Uint8Array> {
  override decode(source: Uint8Array, offset = 0): Uint8Array {
    return Uint8Array.from(source.subarray(offset, offset + this.span));
  }

  override encode(given: Uint8Array, target: Uint8Array, offset = 0): number {
    if (given.length !== this.span) {
      throw new RangeError(`${this.property} is ${this.span} bytes long, not ${given.length}`);
    }
    target.set(given, offset);
    return this.span;
  }
}

class TextLayout extends Layout<string> {
  override decode(source: Uint8Array, offset = 0): string {
    const field = source.subarray(offset, offset + this.span);
    const end = field.indexOf(0);
    return String.fromCharCode(...field.subarray(0, end < 0 ? this.span : end));
  }

  override encode(given: string, target: Uint8Array, offset = 0): number {
    const field = target.subarray(offset, offset + this.span).fill(0);
    for (let index = 0; index < Math.min(given.length, this.span); index++) {
      field[index] = given.charCodeAt(index);
    }
    return this.span;
  }
}

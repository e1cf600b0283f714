/**
 * Structures that host and cores share in SDRAM, declared once.
 *
 * A layout is a table of little-endian 32- and 64-bit fields. The host encodes and decodes with it,
 * and `kernels/include/layouts.h` is generated from it, so both sides have the same offsets.
 */

/** `u32`/`i32` are numbers, `u64`/`i64` bigints; a `count` makes an array of them. */
export type FieldType = 'u32' | 'i32' | 'u64' | 'i64';

/** One field of a {@link Layout}; `about` says what it means, with its unit. */
export interface Field {
  readonly name: string;
  readonly type: FieldType;
  readonly count?: number;
  readonly about: string;
}

/** The value that a field takes on the host. */
export type FieldValue<F extends Field> = F extends { readonly count: number }
  ? readonly ScalarValue<F>[]
  : ScalarValue<F>;

type ScalarValue<F extends Field> = F['type'] extends 'u64' | 'i64' ? bigint : number;

/** A value for every field of a layout, by name. */
export type LayoutValues<Fields extends readonly Field[]> = {
  readonly [F in Fields[number] as F['name']]: FieldValue<F>;
};

/** A structure: name as in C, its fields in order, and where each lies. */
export interface Layout<Fields extends readonly Field[] = readonly Field[]> {
  /** C structure name. */
  readonly name: string;
  readonly about: string;
  readonly fields: Fields;
  /** Byte offset of each field, by name. */
  readonly offsets: { readonly [F in Fields[number] as F['name']]: number };
  /** Size in bytes as in C: a multiple of 8 when some field has 64 bits, else of 4. */
  readonly size: number;
}

const offsetOf = (layout: Layout, field: Field): number =>
  (layout.offsets as Readonly<Record<string, number>>)[field.name] as number;

const elementBytes = (field: Field): number =>
  field.type === 'u64' || field.type === 'i64' ? 8 : 4;

/** Lays the fields out one after the other. Throws RangeError for a 64-bit field off an 8-byte boundary. */
export const declareLayout = <const Fields extends readonly Field[]>(
  name: string,
  about: string,
  fields: Fields,
): Layout<Fields> => {
  const offsets: Record<string, number> = {};
  let size = 0;
  for (const field of fields) {
    if (size % elementBytes(field) !== 0) {
      throw new RangeError(`${name}.${field.name} would lie at ${size}; put 64-bit fields first`);
    }
    offsets[field.name] = size;
    size += elementBytes(field) * (field.count ?? 1);
  }
  const alignment = Math.max(...fields.map(elementBytes));
  size = Math.ceil(size / alignment) * alignment;
  return { name, about, fields, offsets: offsets as Layout<Fields>['offsets'], size };
};

const writeElement = (
  view: DataView,
  at: number,
  type: FieldType,
  value: number | bigint,
): void => {
  if (type === 'u32') view.setUint32(at, Number(value), true);
  else if (type === 'i32') view.setInt32(at, Number(value), true);
  else view.setBigUint64(at, BigInt.asUintN(64, BigInt(value)), true);
};

const readElement = (view: DataView, at: number, type: FieldType): number | bigint => {
  if (type === 'u32') return view.getUint32(at, true);
  if (type === 'i32') return view.getInt32(at, true);
  return type === 'u64' ? view.getBigUint64(at, true) : view.getBigInt64(at, true);
};

/** The bytes of a structure. Throws RangeError when an array has more elements than its field. */
export const encodeLayout = <Fields extends readonly Field[]>(
  layout: Layout<Fields>,
  values: LayoutValues<Fields>,
): Uint8Array => {
  const bytes = new Uint8Array(layout.size);
  const view = new DataView(bytes.buffer);
  const byName = values as Readonly<Record<string, number | bigint | readonly (number | bigint)[]>>;
  for (const field of layout.fields) {
    const value = byName[field.name];
    const elements = Array.isArray(value) ? value : [value as number | bigint];
    if (elements.length > (field.count ?? 1)) {
      throw new RangeError(
        `${layout.name}.${field.name} holds ${field.count ?? 1} elements, not ${elements.length}`,
      );
    }
    const start = offsetOf(layout, field);
    elements.forEach((element, index) => {
      writeElement(view, start + index * elementBytes(field), field.type, element);
    });
  }
  return bytes;
};

/** The values in a structure's bytes. Throws RangeError when there are fewer bytes than the structure has. */
export const decodeLayout = <Fields extends readonly Field[]>(
  layout: Layout<Fields>,
  bytes: Uint8Array,
): LayoutValues<Fields> => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values: Record<string, unknown> = {};
  for (const field of layout.fields) {
    const start = offsetOf(layout, field);
    const elements = Array.from({ length: field.count ?? 1 }, (_, index) =>
      readElement(view, start + index * elementBytes(field), field.type),
    );
    values[field.name] = field.count === undefined ? elements[0] : elements;
  }
  return values as LayoutValues<Fields>;
};

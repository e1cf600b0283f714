/**
 * What a region of SDRAM holds: structures, arrays, reserved space and addresses of other regions,
 * straight from typed arrays. Everything is laid out as C does on ARM: little-endian, each scalar
 * aligned to its size.
 */
import { InvalidImageError } from './errors.js';

/** Types of a structure's fields; an `address` is resolved when the image's place is known. */
export type FieldType = 'u8' | 'u16' | 'u32' | 'i8' | 'i16' | 'i32' | 'f32' | 'address';

/** The place of a region: of the same image, or of another image on the same chip. */
export interface RegionAddress {
  readonly region: number;
  /** Name of the other image; default the same image. */
  readonly image?: string;
  /** Bytes from the start of the region. Default 0. */
  readonly offset?: number;
}

/** Fields of a structure in the order of memory. */
export type StructureFields = Readonly<Record<string, FieldType>>;

/** Values for the fields of a structure; address 0 is the null pointer. */
export type StructureValues<Fields extends StructureFields> = {
  readonly [Name in keyof Fields]: Fields[Name] extends 'address' ? RegionAddress | 0 : number;
};

/** Typed arrays that a region may hold. */
export type ArrayData =
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | Int8Array
  | Int16Array
  | Int32Array
  | Float32Array;

/** A piece of a region. */
export interface RegionContent {
  /** Bytes to which the piece is aligned: 1, 2 or 4. */
  readonly alignment: number;
  readonly bytes: number;
  /** Writes the piece; absent for space that is only reserved. */
  readonly write?: (view: DataView, resolve: (address: RegionAddress) => number) => void;
}

const SIZES: Readonly<Record<FieldType, number>> = {
  u8: 1,
  u16: 2,
  u32: 4,
  i8: 1,
  i16: 2,
  i32: 4,
  f32: 4,
  address: 4,
};

const LIMITS: Readonly<Record<Exclude<FieldType, 'f32' | 'address'>, readonly [number, number]>> = {
  u8: [0, 2 ** 8 - 1],
  u16: [0, 2 ** 16 - 1],
  u32: [0, 2 ** 32 - 1],
  i8: [-(2 ** 7), 2 ** 7 - 1],
  i16: [-(2 ** 15), 2 ** 15 - 1],
  i32: [-(2 ** 31), 2 ** 31 - 1],
};

/** Bytes before the next multiple of `alignment`. */
export const padding = (offset: number, alignment: number): number =>
  (alignment - (offset % alignment)) % alignment;

/**
 * One C structure.
 * @throws InvalidImageError when an integer does not fit its field
 */
export function structure<Fields extends StructureFields>(
  fields: Fields,
  values: StructureValues<Fields>,
): RegionContent {
  const names = Object.keys(fields);
  const offsets = new Map<string, number>();
  let bytes = 0;
  let alignment = 1;
  for (const name of names) {
    const type = fields[name] as FieldType;
    checkValue(name, type, values[name] as number | RegionAddress);
    bytes += padding(bytes, SIZES[type]);
    offsets.set(name, bytes);
    bytes += SIZES[type];
    alignment = Math.max(alignment, SIZES[type]);
  }
  return {
    alignment,
    bytes: bytes + padding(bytes, alignment),
    write(view, resolve) {
      for (const [name, offset] of offsets) {
        const value = values[name] as number | RegionAddress;
        const resolved = typeof value === 'number' ? value : resolve(value);
        writeField(view, offset, fields[name] as FieldType, resolved);
      }
    },
  };
}

/** The elements of a typed array, as they are when the image is built. */
export const array = (data: ArrayData): RegionContent => ({
  alignment: data.BYTES_PER_ELEMENT,
  bytes: data.byteLength,
  write(view) {
    const source = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    new Uint8Array(view.buffer, view.byteOffset, view.byteLength).set(source);
  },
});

/** A table of pointers. */
export const addresses = (targets: readonly RegionAddress[]): RegionContent => ({
  alignment: 4,
  bytes: 4 * targets.length,
  write(view, resolve) {
    targets.forEach((target, index) => {
      view.setUint32(4 * index, resolve(target), true);
    });
  },
});

/**
 * Space for a program to fill; nothing is sent for it and it holds whatever was there.
 * @throws InvalidImageError when the size is not a whole number of bytes
 */
export function reserved(bytes: number): RegionContent {
  if (!Number.isSafeInteger(bytes) || bytes < 0) {
    throw new InvalidImageError(`cannot reserve ${bytes} bytes; give a whole number, 0 or more`);
  }
  return { alignment: 4, bytes };
}

function checkValue(name: string, type: FieldType, value: number | RegionAddress): void {
  if (type === 'f32' || type === 'address') return;
  const [least, most] = LIMITS[type];
  if (!(Number.isInteger(value) && (value as number) >= least && (value as number) <= most)) {
    throw new InvalidImageError(
      `field "${name}" is ${JSON.stringify(value)}; ${type} takes whole numbers from ${least} to ${most}`,
    );
  }
}

function writeField(view: DataView, offset: number, type: FieldType, value: number): void {
  if (type === 'f32') view.setFloat32(offset, value, true);
  else if (SIZES[type] === 4) view.setUint32(offset, value, true);
  else if (SIZES[type] === 2) view.setUint16(offset, value, true);
  else view.setUint8(offset, value);
}

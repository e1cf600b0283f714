/**
 * The SDRAM image of one core: a table of regions, then the regions, so that the program finds
 * each by its number. Layouts of the region table after DataSpecification 6.0.0 (`plain`) and
 * SpiNNFrontEndCommon since March 2022 (`checked`).
 */
import { padding, type RegionAddress, type RegionContent } from './contents.js';
import { InvalidImageError } from './errors.js';

/** First word of a region table. */
const MAGIC = 0xad130ad6;

/** Second word of a region table: version 1.0. */
const VERSION = 0x00010000;

const HEADER_BYTES = 8;
const WORD_BYTES = 4;

/**
 * Region tables: `plain` has 16 pointers, `checked` 32 records of pointer, checksum and number of
 * words that the checksum covers (0: not checked).
 */
export type RegionTableFormat = 'plain' | 'checked';

const TABLES: Readonly<
  Record<RegionTableFormat, { readonly regions: number; readonly recordBytes: number }>
> = {
  plain: { regions: 16, recordBytes: 4 },
  checked: { regions: 32, recordBytes: 12 },
};

/** A numbered part of an image. */
export interface Region {
  readonly number: number;
  readonly contents: readonly RegionContent[];
}

/** All that one core finds in SDRAM. */
export interface SdramImage {
  /** Names the image in references from others on its chip, and in errors. */
  readonly name: string;
  /** Default `checked`. */
  readonly format?: RegionTableFormat;
  readonly regions: readonly Region[];
}

/** Where everything is, from the start of the image. */
export interface ImageLayout {
  /** Bytes to allocate. */
  readonly bytes: number;
  /** Offset of each region, by number. */
  readonly regions: ReadonlyMap<number, { readonly offset: number; readonly bytes: number }>;
}

/** Bytes to write to SDRAM. */
export interface ImageSegment {
  readonly address: number;
  readonly bytes: Uint8Array;
}

/** An image whose place is known. */
export interface BuiltImage {
  readonly base: number;
  readonly bytes: number;
  /** Address of each region, by number. */
  readonly regions: ReadonlyMap<number, number>;
  /** What to write, ascending; reserved space is left out. */
  readonly segments: readonly ImageSegment[];
}

/**
 * Lays out the region table and the regions, word aligned, in the order of their numbers.
 * @throws InvalidImageError when a region number is out of range or used twice
 */
export function layoutImage(image: SdramImage): ImageLayout {
  const table = tableOf(image);
  const regions = new Map<number, { offset: number; bytes: number }>();
  let offset = HEADER_BYTES + table.regions * table.recordBytes;
  for (const { number, contents } of inOrder(image.regions)) {
    if (!Number.isInteger(number) || number < 0 || number >= table.regions) {
      throw new InvalidImageError(
        `image "${image.name}" has a region ${number}; its table numbers 0 to ${table.regions - 1}`,
      );
    }
    if (regions.has(number)) {
      throw new InvalidImageError(`image "${image.name}" has region ${number} twice`);
    }
    const bytes = place(contents).bytes;
    regions.set(number, { offset, bytes });
    offset += bytes + padding(bytes, WORD_BYTES);
  }
  return { bytes: offset, regions };
}

/**
 * The bytes of an image at its place in SDRAM, references resolved.
 * @param base word-aligned address of the image
 * @param others addresses of the other images on the chip, by name, for references to them
 * @throws InvalidImageError when the base is not word aligned or a reference leads nowhere
 */
export function buildImage(
  image: SdramImage,
  base: number,
  others: ReadonlyMap<string, Pick<BuiltImage, 'regions'>> = new Map(),
): BuiltImage {
  if (!Number.isInteger(base) || base < 0 || base % WORD_BYTES !== 0) {
    throw new InvalidImageError(`image "${image.name}" cannot start at ${base}; use whole words`);
  }
  const layout = layoutImage(image);
  const regions = regionAddresses(layout, base);
  const resolve = resolver(image, regions, others);
  const built = inOrder(image.regions).map(({ number, contents }) => ({
    number,
    address: regions.get(number) as number,
    pieces: writePieces(contents, resolve),
  }));
  const segments = built.flatMap(({ address, pieces }) =>
    pieces.map(({ offset, bytes }) => ({ address: address + offset, bytes })),
  );
  return {
    base,
    bytes: layout.bytes,
    regions,
    segments: [{ address: base, bytes: regionTable(image, built) }, ...segments],
  };
}

/**
 * Addresses of the regions of an image at `base`: what other images need to refer to it, before
 * any of them is built.
 */
export const regionAddresses = (layout: ImageLayout, base: number): ReadonlyMap<number, number> =>
  new Map([...layout.regions].map(([number, { offset }]) => [number, base + offset]));

interface Piece {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

interface BuiltRegion {
  readonly number: number;
  readonly address: number;
  readonly pieces: readonly Piece[];
}

const tableOf = ({ format = 'checked' }: SdramImage) => TABLES[format];

const inOrder = (regions: readonly Region[]): readonly Region[] =>
  [...regions].sort((a, b) => a.number - b.number);

/** Offsets of the contents of a region, and its size. */
function place(contents: readonly RegionContent[]): { offsets: number[]; bytes: number } {
  let bytes = 0;
  const offsets = contents.map((content) => {
    const offset = bytes + padding(bytes, content.alignment);
    bytes = offset + content.bytes;
    return offset;
  });
  return { offsets, bytes };
}

/** The written parts of a region, each as long as possible and filled up to whole words. */
function writePieces(
  contents: readonly RegionContent[],
  resolve: (address: RegionAddress) => number,
): Piece[] {
  const { offsets } = place(contents);
  const pieces: Piece[] = [];
  for (let from = 0; from < contents.length; ) {
    let to = from;
    while (contents[to]?.write) to++;
    if (to > from)
      pieces.push(writePiece(contents.slice(from, to), offsets.slice(from, to), resolve));
    from = Math.max(to, from + 1);
  }
  return pieces.filter(({ bytes }) => bytes.length > 0);
}

function writePiece(
  contents: readonly RegionContent[],
  offsets: readonly number[],
  resolve: (address: RegionAddress) => number,
): Piece {
  const start = offsets[0] as number;
  const end = (offsets.at(-1) as number) + (contents.at(-1) as RegionContent).bytes;
  const bytes = new Uint8Array(end + padding(end, WORD_BYTES) - start);
  contents.forEach((content, index) => {
    const view = new DataView(bytes.buffer, (offsets[index] as number) - start, content.bytes);
    content.write?.(view, resolve);
  });
  return { offset: start, bytes };
}

function regionTable(image: SdramImage, regions: readonly BuiltRegion[]): Uint8Array {
  const table = tableOf(image);
  const bytes = new Uint8Array(HEADER_BYTES + table.regions * table.recordBytes);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, VERSION, true);
  for (const { number, address, pieces } of regions) {
    const record = HEADER_BYTES + number * table.recordBytes;
    view.setUint32(record, address, true);
    if (image.format === 'plain') continue;
    const checked = checkedBytes(pieces);
    view.setUint32(record + 4, checksum(checked), true);
    view.setUint32(record + 8, Math.ceil(checked.length / WORD_BYTES), true);
  }
  return bytes;
}

/** A checksum covers a region from its start: one with reserved space before data has none. */
function checkedBytes(pieces: readonly Piece[]): Uint8Array {
  const [first] = pieces;
  return pieces.length === 1 && first?.offset === 0 ? first.bytes : new Uint8Array(0);
}

/** Sum of the little-endian words, modulo 2^32; the last may be partial. */
function checksum(bytes: Uint8Array): number {
  let sum = 0;
  for (let index = 0; index < bytes.length; index++) {
    sum = (sum + ((bytes[index] as number) << (8 * (index % WORD_BYTES)))) >>> 0;
  }
  return sum;
}

function resolver(
  image: SdramImage,
  own: ReadonlyMap<number, number>,
  others: ReadonlyMap<string, Pick<BuiltImage, 'regions'>>,
) {
  return ({ image: name = image.name, region, offset = 0 }: RegionAddress): number => {
    const regions = name === image.name ? own : others.get(name)?.regions;
    const address = regions?.get(region);
    if (address === undefined) {
      throw new InvalidImageError(
        `image "${image.name}" refers to region ${region} of "${name}", which does not exist`,
      );
    }
    return address + offset;
  };
}

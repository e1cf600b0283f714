import fc from 'fast-check';
import t from 'tap';
import {
  addresses,
  array,
  type BuiltImage,
  buildImage,
  checkChipMemory,
  layoutImage,
  regionAddresses,
  reserved,
  type SdramImage,
  structure,
} from '../index.js';

const BASE = 0x60001000;
const CHECKED_TABLE_BYTES = 392;
const PLAIN_TABLE_BYTES = 72;

/** What SDRAM holds after the segments are written over garbage. */
function memoryOf(image: BuiltImage): DataView {
  const memory = new Uint8Array(image.bytes).fill(0xee);
  for (const { address, bytes } of image.segments) memory.set(bytes, address - image.base);
  return new DataView(memory.buffer);
}

const wordAt = (memory: DataView, address: number) => memory.getUint32(address - BASE, true);

t.test('a program finds each region by its number', async (t) => {
  const image: SdramImage = {
    name: 'core',
    regions: [
      { number: 3, contents: [array(Uint32Array.of(7, 8))] },
      { number: 1, contents: [array(Uint8Array.of(1, 2, 3))] },
    ],
  };
  const built = buildImage(image, BASE);
  const memory = memoryOf(built);
  t.equal(memory.getUint32(0, true), 0xad130ad6, 'magic');
  t.equal(memory.getUint32(4, true), 0x00010000, 'version');
  t.equal(memory.getUint32(8, true), 0, 'region 0 is absent');
  t.equal(memory.getUint32(8 + 12, true), BASE + CHECKED_TABLE_BYTES, 'region 1');
  t.equal(memory.getUint32(8 + 36, true), BASE + CHECKED_TABLE_BYTES + 4, 'region 3');
  t.equal(wordAt(memory, built.regions.get(3)!), 7);
  t.equal(built.bytes, CHECKED_TABLE_BYTES + 4 + 8);
});

t.test('the checksum is the sum of the words, the last filled up with zeros', async (t) => {
  const contents = [array(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x03))];
  const memory = memoryOf(buildImage({ name: 'core', regions: [{ number: 0, contents }] }, BASE));
  t.equal(memory.getUint32(12, true), 2, 'ffffffff + 00000003, modulo 2^32');
  t.equal(memory.getUint32(16, true), 2, 'words covered');
});

t.test('a region with space before data is not checked', async (t) => {
  const contents = [reserved(8), array(Uint32Array.of(5))];
  const built = buildImage({ name: 'core', regions: [{ number: 0, contents }] }, BASE);
  const memory = memoryOf(built);
  t.equal(memory.getUint32(16, true), 0);
  t.equal(wordAt(memory, built.regions.get(0)! + 8), 5);
});

t.test('a plain table is 16 pointers', async (t) => {
  const image: SdramImage = {
    name: 'core',
    format: 'plain',
    regions: [{ number: 15, contents: [array(Int16Array.of(-2))] }],
  };
  const memory = memoryOf(buildImage(image, BASE));
  t.equal(memory.getUint32(8 + 60, true), BASE + PLAIN_TABLE_BYTES);
  t.equal(memory.getInt16(PLAIN_TABLE_BYTES, true), -2);
});

t.test('a structure is laid out as C does', async (t) => {
  const contents = [
    structure(
      { flag: 'u8', count: 'u16', scale: 'f32', shift: 'i8', next: 'address' },
      { flag: 1, count: 0x1234, scale: 1.5, shift: -3, next: 0 },
    ),
  ];
  const built = buildImage({ name: 'core', regions: [{ number: 0, contents }] }, BASE);
  const [, region] = built.segments;
  // flag at 0, count at 2, scale (0x3fc00000) at 4, shift at 8, next at 12
  t.same([...region!.bytes], [1, 0, 0x34, 0x12, 0, 0, 0xc0, 0x3f, 0xfd, 0, 0, 0, 0, 0, 0, 0]);
});

t.test('references within an image and between images are resolved', async (t) => {
  const owner: SdramImage = {
    name: 'owner',
    regions: [{ number: 2, contents: [reserved(64)] }],
  };
  const user: SdramImage = {
    name: 'user',
    regions: [
      {
        number: 0,
        contents: [
          structure(
            { shared: 'address', own: 'address' },
            { shared: { image: 'owner', region: 2, offset: 16 }, own: { region: 1 } },
          ),
        ],
      },
      { number: 1, contents: [addresses([{ region: 0 }, { region: 1, offset: 4 }])] },
    ],
  };
  const ownerBase = 0x60100000;
  const others = new Map([['owner', { regions: regionAddresses(layoutImage(owner), ownerBase) }]]);
  const built = buildImage(user, BASE, others);
  const memory = memoryOf(built);
  const [first, second] = [built.regions.get(0)!, built.regions.get(1)!];
  t.equal(wordAt(memory, first), ownerBase + CHECKED_TABLE_BYTES + 16);
  t.equal(wordAt(memory, first + 4), second);
  t.equal(wordAt(memory, second), first);
  t.equal(wordAt(memory, second + 4), second + 4);
});

t.test('reserved space is allocated but not sent', async (t) => {
  const contents = [array(Uint32Array.of(1)), reserved(1_000_000), array(Uint32Array.of(2))];
  const built = buildImage({ name: 'core', regions: [{ number: 0, contents }] }, BASE);
  t.equal(built.bytes, CHECKED_TABLE_BYTES + 1_000_008);
  const sent = built.segments.reduce((total, { bytes }) => total + bytes.length, 0);
  t.equal(sent, CHECKED_TABLE_BYTES + 8);
});

t.test('any arrays come out where the layout says', async (t) => {
  const data = fc.oneof(
    fc.uint8Array({ maxLength: 9 }),
    fc.int16Array({ maxLength: 9 }),
    fc.uint32Array({ maxLength: 9 }),
  );
  const regions = fc.array(fc.array(data, { maxLength: 4 }), { maxLength: 6 });
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(regions, (all) => {
        const image: SdramImage = {
          name: 'core',
          regions: all.map((arrays, number) => ({ number, contents: arrays.map(array) })),
        };
        const built = buildImage(image, BASE);
        const memory = memoryOf(built);
        for (const [number, arrays] of all.entries()) {
          let at = built.regions.get(number)! - BASE;
          for (const expected of arrays) {
            at = Math.ceil(at / expected.BYTES_PER_ELEMENT) * expected.BYTES_PER_ELEMENT;
            const bytes = new Uint8Array(memory.buffer, at, expected.byteLength);
            const wanted = new Uint8Array(
              expected.buffer,
              expected.byteOffset,
              expected.byteLength,
            );
            if (Buffer.compare(bytes, wanted) !== 0) return false;
            at += expected.byteLength;
          }
        }
        return true;
      }),
    ),
  );
});

t.test('mistakes are refused with the image, region or field named', async (t) => {
  const region = (number: number) => ({ number, contents: [] });
  const image = (...regions: { number: number; contents: [] }[]) => ({ name: 'core', regions });
  const empty = (number: number) => region(number) as { number: number; contents: [] };
  t.throws(() => layoutImage(image(empty(32))), /image "core" has a region 32/);
  t.throws(() => layoutImage(image(empty(1), empty(1))), /region 1 twice/);
  t.throws(() => buildImage(image(), BASE + 2), /whole words/);
  t.throws(() => structure({ size: 'u8' }, { size: 256 }), /field "size" is 256; u8 takes/);
  t.throws(() => reserved(-1), /cannot reserve -1 bytes/);
  const dangling = {
    name: 'core',
    regions: [{ number: 0, contents: [addresses([{ region: 9 }])] }],
  };
  t.throws(() => buildImage(dangling, BASE), /refers to region 9 of "core", which does not exist/);
});

t.test('images that do not fit are refused before anything is sent', async (t) => {
  const image = { name: 'big', regions: [{ number: 0, contents: [reserved(5000)] }] };
  const onChip = { x: 1, y: 2, image };
  const chip = { x: 1, y: 2, sdramBytes: 10_799 };
  t.throws(() => checkChipMemory([onChip, onChip], [chip]), {
    name: 'SdramOverflowError',
    chips: [{ x: 1, y: 2, bytesNeeded: 10_800, bytesAvailable: 10_799 }],
  });
  t.doesNotThrow(() => checkChipMemory([onChip, onChip], [{ ...chip, sdramBytes: 10_800 }]));
});

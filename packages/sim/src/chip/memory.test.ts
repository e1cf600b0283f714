import fc from 'fast-check';
import t from 'tap';
import { type CommonWrite, SDRAM_BYTES, Sdram } from './sdram.js';
import { SYSTEM_RAM_BYTES, SystemRam } from './system-ram.js';

/** Places around the ends of pages, of regions and of the memory, and some between. */
const places = (bytes: number) =>
  fc
    .tuple(fc.constantFrom(0, 0x400, 0x1000, 0x2000, 0x100000, bytes - 0x1000), fc.nat(0x2fc))
    .map(([start, more]) => (start + more) % (bytes - 0x400));
const CHIPS = 3;
/** Enough for translated code to get past the bus. */
const MANY_USES = 1000;

/** What a chip may do with its memory. */
const steps = (bytes: number) =>
  fc.record({
    chip: fc.nat(CHIPS - 1),
    kind: fc.constantFrom('write', 'block', 'adopt', 'common', 'use'),
    other: fc.nat(CHIPS - 1),
    at: places(bytes),
    size: fc.constantFrom(1 as const, 2 as const, 4 as const),
    value: fc.nat(0xffffffff),
    block: fc.uint8Array({ minLength: 1, maxLength: 0x300 }),
  });

/** Memory to compare with: what was written, byte by byte. */
class Model {
  constructor(readonly bytes = new Map<number, number>()) {}

  set(at: number, values: Iterable<number>): void {
    let next = at;
    for (const value of values) this.bytes.set(next++, value & 0xff);
  }

  get(at: number, length: number): number[] {
    return Array.from({ length }, (_, index) => this.bytes.get(at + index) ?? 0);
  }
}

const littleEndian = (value: number, size: number): number[] =>
  Array.from({ length: size }, (_, byte) => value >>> (8 * byte));

/** What both memories can do; `Shared` is what their chips share. */
interface Shareable<Shared> {
  read(offset: number, size: 1 | 2 | 4): number;
  write(offset: number, value: number, size: 1 | 2 | 4): void;
  readBlock(offset: number, target: Uint8Array): void;
  writeBlock(offset: number, source: Uint8Array): void;
  /** Translated code used an address. */
  used(address: number): void;
  share(): Shared;
  adopt(shared: Shared): void;
}

/** Whether chips with such memories read what they would if they shared nothing. */
function sharesUnseen<Shared>(make: () => Shareable<Shared>, bytes: number): void {
  const property = fc.property(fc.array(steps(bytes), { maxLength: 30 }), (all) => {
    const chips = Array.from({ length: CHIPS }, () => ({ memory: make(), model: new Model() }));
    type Pair = (typeof chips)[number];
    for (const { chip, kind, other, at, size, value, block } of all) {
      const [here, there] = [chips[chip] as Pair, chips[other] as Pair];
      const aligned = at - (at % size);
      if (kind === 'write') {
        here.memory.write(aligned, value, size);
        here.model.set(aligned, littleEndian(value, size));
      } else if (kind === 'block') {
        here.memory.writeBlock(at, block);
        here.model.set(at, block);
      } else if (kind === 'adopt') {
        here.memory.adopt(there.memory.share());
        here.model = new Model(new Map(there.model.bytes));
      } else if (kind === 'use') {
        for (let use = 0; use < MANY_USES; use++) here.memory.used(at);
      } else {
        const write: CommonWrite = new Map();
        for (const { memory, model } of chips) {
          if (memory instanceof Sdram) memory.writeCommonBlock(at, block, write);
          else memory.writeBlock(at, block);
          model.set(at, block);
        }
      }
      for (const { memory, model } of chips) {
        const expected = model.get(aligned, 0x200);
        const found = new Uint8Array(0x200);
        memory.readBlock(aligned, found);
        const one = littleEndian(memory.read(aligned, size), size).map((byte) => byte & 0xff);
        if ([...found, ...one].some((byte, index) => byte !== expected[index % 0x200]))
          return false;
      }
    }
    return true;
  });
  fc.assert(property, { numRuns: 200 });
}

t.test('chips that share SDRAM never see what another writes afterwards', async () => {
  sharesUnseen(() => new Sdram(), SDRAM_BYTES);
});

t.test('chips that share System RAM never see what another writes afterwards', async () => {
  sharesUnseen(() => new SystemRam(), SYSTEM_RAM_BYTES);
});

t.test('memory is taken for what was written, and once for what chips share', async (t) => {
  const [first, second] = [new Sdram(), new Sdram()];
  const committed = () => {
    const counted = new Set<object>();
    return first.committedBytes(counted) + second.committedBytes(counted);
  };
  t.equal(committed(), 0);
  first.write(0x1000, 1, 4);
  t.equal(committed(), 0x1000);
  second.adopt(first.share());
  t.equal(committed(), 0x1000);
  const write: CommonWrite = new Map();
  for (const memory of [first, second]) {
    memory.writeCommonBlock(0x1ffe, Uint8Array.of(1, 2, 3, 4), write);
  }
  t.equal(committed(), 0x2000, 'two pages, of both');
  second.write(0x1000, 2, 1);
  t.equal(committed(), 0x3000);
});

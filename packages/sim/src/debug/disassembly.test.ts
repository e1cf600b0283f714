/** Disassembly against objdump, on random instructions of every class and on whole programs. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { decodeArm } from '../arm/decode-arm.js';
import { decodeThumb } from '../arm/decode-thumb.js';
import { Op } from '../arm/opcodes.js';
import { disassemble, disassembleOne } from './disassembly/disassemble.js';
import { readElf } from './elf.js';
import { SymbolTable } from './symbols.js';

const SEED = Number(process.env.SPIN_TOOLS_SEED ?? 1);
const ELF = fileURLToPath(new URL('./fixtures/counter.elf', import.meta.url));
const OBJDUMP = 'arm-none-eabi-objdump';
const hasObjdump = spawnSync(OBJDUMP, ['--version']).status === 0;
const skip = hasObjdump ? false : `needs ${OBJDUMP}, of Debian's binutils-arm-none-eabi`;

/** mulberry32: 32 random bits. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}

/** What objdump makes of a file, by address, without its comments and in single spaces. */
function objdump(t: Test, bytes: Uint8Array, options: readonly string[]): Map<number, string> {
  const folder = mkdtempSync(join(tmpdir(), 'spin-tools-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'code.bin');
  writeFileSync(path, bytes);
  const args = ['-D', '-b', 'binary', '-m', 'armv5te', '-z', ...options, path];
  const { stdout } = spawnSync(OBJDUMP, args, { encoding: 'utf8', maxBuffer: 1 << 28 });
  const lines = stdout.matchAll(/^ *([\da-f]+):\t[\da-f ]+\t(.*)$/gm);
  return new Map(
    Array.from(lines, ([, address, text]) => [
      Number.parseInt(address!, 16),
      text!
        .replace(/\s*@.*$/, '')
        .replace(/\s+/g, ' ')
        .trim(),
    ]),
  );
}

/** Classes of ARM instructions: bits that are fixed, and their values. Should-be-zero bits are fixed. */
const ARM_CLASSES: readonly (readonly [mask: number, value: number])[] = [
  ...[0, 1, 2, 3, 4, 5, 6, 7, 12, 14].flatMap((operation): [number, number][] => [
    [0x0fe00010, operation << 21],
    [0x0fe00090, (operation << 21) | 0x10],
    [0x0fe00000, (operation << 21) | 0x02000000],
  ]),
  ...[8, 9, 10, 11].flatMap((operation): [number, number][] => [
    [0x0ff0f010, (operation << 21) | 0x00100000],
    [0x0ff0f090, (operation << 21) | 0x00100010],
    [0x0ff0f000, (operation << 21) | 0x02100000],
    [0x0ff0f000, (operation << 21) | 0x0210f000],
  ]),
  ...[13, 15].flatMap((operation): [number, number][] => [
    [0x0fef0010, operation << 21],
    [0x0fef0ff0, operation << 21],
    [0x0fef0090, (operation << 21) | 0x10],
    [0x0fef0000, (operation << 21) | 0x02000000],
  ]),
  ...([
    [0x0fe0f0f0, 0x00000090],
    [0x0fe000f0, 0x00200090],
    [0x0f8000f0, 0x00800090],
  ] as const),
  ...([
    [0x0fb00ff0, 0x01000090],
    [0x0fbf0fff, 0x010f0000],
    [0x0fb0fff0, 0x0120f000],
  ] as const),
  ...([
    [0x0ff0f000, 0x0320f000],
    [0x0ff0f000, 0x0360f000],
  ] as const),
  ...([
    [0x0ffffff0, 0x012fff10],
    [0x0ffffff0, 0x012fff30],
    [0x0fff0ff0, 0x016f0f10],
  ] as const),
  ...([
    [0x0f900ff0, 0x01000050],
    [0xfff000f0, 0xe1200070],
  ] as const),
  ...([
    [0x0ff00090, 0x01000080],
    [0x0ff000b0, 0x01200080],
    [0x0ff0f0b0, 0x012000a0],
  ] as const),
  ...([
    [0x0ff00090, 0x01400080],
    [0x0ff0f090, 0x01600080],
  ] as const),
  ...[0xb0, 0xd0, 0xf0].flatMap((kind): [number, number][] => [
    [0x0f400ff0, 0x01000000 | kind],
    [0x0f4000f0, 0x01400000 | kind],
    [0x0f600ff0, 0x00000000 | kind],
    [0x0f6000f0, 0x00400000 | kind],
  ]),
  ...([
    [0x0e000000, 0x04000000],
    [0x0e000010, 0x06000000],
    [0x0e000000, 0x08000000],
  ] as const),
  ...([
    [0x0fff0fff, 0x052d0004],
    [0x0fff0fff, 0x049d0004],
  ] as const),
  ...([
    [0x0fff0000, 0x08bd0000],
    [0x0fff0000, 0x092d0000],
  ] as const),
  ...([
    [0x0e000000, 0x0a000000],
    [0xfe000000, 0xfa000000],
    [0x0f000000, 0x0f000000],
  ] as const),
  ...([
    [0xff70f000, 0xf550f000],
    [0xff70f010, 0xf750f000],
  ] as const),
  ...[3, 7, 14, 15].flatMap((coprocessor): [number, number][] => [
    [0x0f000f10, 0x0e000000 | (coprocessor << 8)],
    [0x0f000f10, 0x0e000010 | (coprocessor << 8)],
    [0x0f000f00, 0x0d000000 | (coprocessor << 8)],
    [0x0fa00f00, 0x0c800000 | (coprocessor << 8)],
    [0x0fe00f00, 0x0c400000 | (coprocessor << 8)],
    [0xff000f10, 0xfe000000 | (coprocessor << 8)],
    [0xff000f10, 0xfe000010 | (coprocessor << 8)],
    [0xff000f00, 0xfd000000 | (coprocessor << 8)],
  ]),
];

/** Half of them are always executed, the others on any condition. */
function randomArm(random: () => number, [mask, value]: readonly [number, number]): number {
  const word = ((random() & ~mask) | value) >>> 0;
  if ((mask & 0xf0000000) !== 0) return word;
  const condition = (random() & 1) === 0 ? 14 : random() % 15;
  return ((word & 0x0fffffff) | (condition << 28)) >>> 0;
}

/** Encodings that objdump reads as instructions of later architectures, or ARMv5TE leaves open. */
function isUnsure(text: string): boolean {
  return text === '' || /UNDEF|<und>|^hlt|^bl?xns|^nop|^msr [CS]PSR_,|^\W|^v(ld|st)r/.test(text);
}

/** Transfers that objdump shows without their `!`: by pc, and of coprocessors without an offset. */
function losesWriteBack(word: number): boolean {
  const isHalf = (word & 0x0e6f0090) === 0x006f0090 && (word & 0x01000000) !== 0;
  return isHalf || (word & 0x0f2000ff) === 0x0d200000;
}

t.test('ARM instructions of every class read as in objdump', { skip }, async (t) => {
  const random = generator(SEED);
  const words = ARM_CLASSES.flatMap((kind) =>
    Array.from({ length: 200 }, () => randomArm(random, kind)),
  );
  const expected = objdump(t, new Uint8Array(Uint32Array.from(words).buffer), []);
  const wrong: string[] = [];
  let compared = 0;
  for (const [index, word] of words.entries()) {
    const address = index * 4;
    const wanted = expected.get(address) ?? '';
    if (isUnsure(wanted) || losesWriteBack(word)) continue;
    compared++;
    const { text } = disassembleOne(new Uint8Array(Uint32Array.of(word).buffer), address);
    if (text !== wanted) wrong.push(`${word.toString(16).padStart(8, '0')} ${wanted} | ${text}`);
  }
  t.same(wrong.slice(0, 40), [], `seed ${SEED}`);
  t.ok(compared > 0.9 * words.length, `${compared} of ${words.length} compared`);
});

t.test('all Thumb instructions read as in objdump', { skip }, async (t) => {
  // All halfwords that stand alone, each at an address of its own; then calls.
  const random = generator(SEED);
  const halves: number[] = [];
  for (let half = 0; half < 0xe800; half++) halves.push(half);
  if (halves.length % 2 !== 0) halves.push(0);
  for (let count = 0; count < 2000; count++) {
    halves.push(
      0xf000 | (random() & 0x7ff),
      (random() & 1) === 0 ? 0xf800 | (random() & 0x7ff) : 0xe800 | (random() & 0x7fe),
    );
  }
  const bytes = new Uint8Array(Uint16Array.from(halves).buffer);
  const expected = objdump(t, bytes, ['-Mforce-thumb']);
  const wrong: string[] = [];
  let compared = 0;
  for (const { address, text } of disassemble(bytes, 0, { isThumb: true })) {
    const wanted = expected.get(address) ?? '';
    if (text.startsWith('.short') || isUnsure(wanted)) continue;
    compared++;
    if (text !== wanted) wrong.push(`${halves[address / 2]!.toString(16)} ${wanted} | ${text}`);
  }
  t.same(wrong.slice(0, 40), []);
  t.ok(compared > 55_000, `${compared} compared`);
});

t.test('what reads as an instruction is executed as one, and nothing else is', async (t) => {
  const random = generator(SEED);
  const wrong: string[] = [];
  for (let count = 0; count < 30_000; count++) {
    const word = random();
    const isCoprocessor = ((word >>> 26) & 3) === 3 && ((word >>> 24) & 15) !== 15;
    if (isCoprocessor) continue;
    const { text } = disassembleOne(new Uint8Array(Uint32Array.of(word).buffer), 0);
    const { op } = decodeArm(word, { address: 0, size: 4, pageBytes: 0 });
    if (text.startsWith('.word') !== (op === Op.UndefinedInstruction))
      wrong.push(`${word.toString(16)} ${text}`);
  }
  for (let half = 0; half < 0xe800; half++) {
    const { text } = disassembleOne(new Uint8Array(Uint16Array.of(half).buffer), 0, {
      isThumb: true,
    });
    const { op } = decodeThumb(half, undefined, { address: 0, size: 2, pageBytes: 0 });
    if (text.startsWith('.short') !== (op === Op.UndefinedInstruction))
      wrong.push(`${half.toString(16)} ${text}`);
  }
  t.same(wrong.slice(0, 40), [], `seed ${SEED}`);
});

t.test('a program reads with its names, its Thumb code and its data', async (t) => {
  const file = readElf(readFileSync(ELF));
  const symbols = new SymbolTable(file);
  const { bytes, address } = file.sections.find(({ name }) => name === '.text')!;
  const lines = disassemble(bytes, address, { symbols });
  const at = (name: string) => symbols.find(name)!.address;
  const text = (place: number) => {
    const { text, reference } = lines.find(({ address }) => address === place)!;
    return `${text} ${reference}`.trim();
  };
  t.equal(text(at('_start')), 'ldr sp, [pc, #12] 0x14');
  t.equal(text(at('_start') + 0x14), '.word 0x0040f000');
  t.match(text(at('add') + 8), /^bl 0x[\da-f]+ 0x[\da-f]+ <__scaled_from_arm>$/);
  t.match(text(at('scaled')), /^subs r3, r1, #1$/);
  t.match(text(at('add') + 0x20), /^\.word 0x00400000 0x400000 <total>$/);
});

t.test('a program reads as in objdump', { skip }, async (t) => {
  const symbols = new SymbolTable(readElf(readFileSync(ELF)));
  const { bytes } = readElf(readFileSync(ELF)).sections.find(({ name }) => name === '.text')!;
  const { stdout } = spawnSync(OBJDUMP, ['-d', '-z', ELF], { encoding: 'utf8' });
  const ours = disassemble(bytes, 0, { symbols });
  for (const { address, text } of ours) {
    const line = new RegExp(`^ *${address.toString(16)}:\t[\\da-f ]+\t(.*)$`, 'm').exec(stdout);
    const wanted = line?.[1]
      ?.replace(/\s*@.*$/, '')
      .replace(/\t([\da-f]+) <.*>$/, ' 0x$1')
      .replace(/\s+/g, ' ');
    t.equal(text, wanted?.trim(), address.toString(16));
  }
});

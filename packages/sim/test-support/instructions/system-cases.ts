/**
 * Cases with modes, banked registers and exceptions: one bare program, fixtures/system-cases.S, runs them here and
 * on QEMU's ARM946E-S, an independent implementation of the same architecture.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ArmCore } from '../../src/arm/arm-core.js';
import { BusError, type ChipBus } from '../../src/core/core.js';
import { INDEX, POINTERS } from './arm.js';
import { armSystemSequence, MODES, USER } from './arm-system.js';
import { pick, type Random, value } from './random.js';
import { thumbSystemSequence } from './thumb-system.js';

const PROGRAMS = JSON.parse(
  readFileSync(new URL('../../src/arm/fixtures/programs.json', import.meta.url), 'utf8'),
) as Record<string, string>;
const PROGRAM = Buffer.from(PROGRAMS['system-cases']!, 'base64');

/** Where the program expects what. Addresses and bytes. */
const CASES = 0x00800000;
const FIRST_CASE = 0x100;
const CASE_BYTES = 0x200;
const RESULTS = 0x01000000;
const RESULT_BYTES = 0x400;
const PATH = 0x20;
const CODE = 0x1000;
const CODE_WORDS = 64;
const FINISH = 0x800;
const DATA = 0x00401000;

/** LDR pc, [pc, #-4]: continues at the word behind. */
const JUMP = 0xe51ff004;
const NO_OPERATION = 0xe1a00000;
const THUMB_NO_OPERATION = 0x46c0;
const BX_PC = 0x4778;

/** One case, as the program reads it. */
export interface SystemCase {
  readonly words: Uint32Array;
  readonly instructions: number;
  readonly endMode: number;
}

/** Offsets of a case's fields, in words. */
const CaseField = {
  Registers: 64,
  Status: 79,
  Entry: 80,
  Fast: 81,
  Banked: 88,
  User: 96,
  Saved: 103,
};

/** A random case of at least `length` instructions that begins in any mode. */
export function makeSystemCase(random: Random, thumb: 0 | 1, length: number): SystemCase {
  const words = new Uint32Array(CASE_BYTES / 4);
  const mode = pick(random, MODES);
  const tracker = { mode };
  const instructions =
    thumb === 1
      ? writeThumb(words, thumbSystemSequence(random, length))
      : writeArm(words, armSystemSequence(random, tracker, length));
  const dataAddress = () => DATA + 192 + 8 * random(16);
  const registers = Array.from({ length: 15 }, () => value(random));
  const pointers = thumb === 1 ? [6, 7, 13] : POINTERS;
  for (const number of pointers) registers[number] = dataAddress();
  registers[thumb === 1 ? 5 : INDEX] = 4 * random(4);
  words.set(registers, CaseField.Registers);
  const flags = () => random(32) * 2 ** 27;
  words[CaseField.Status] = flags() + 0xc0 + mode;
  words[CaseField.Entry] = CODE + thumb;
  const high = () => [
    value(random),
    4 * random(4),
    dataAddress(),
    dataAddress(),
    value(random),
    dataAddress(),
    value(random),
  ];
  words.set(high(), CaseField.Fast);
  for (let bank = 0; bank < 4; bank++)
    words.set([dataAddress(), value(random)], CaseField.Banked + 2 * bank);
  words.set(high(), CaseField.User);
  for (let bank = 0; bank < 5; bank++)
    words[CaseField.Saved + bank] = flags() + 0xc0 + pick(random, MODES);
  return { words, instructions, endMode: tracker.mode };
}

function writeArm(words: Uint32Array, sequence: readonly number[]): number {
  if (sequence.length > CODE_WORDS - 4) throw new RangeError(`${sequence.length} words`);
  words.set([...sequence, NO_OPERATION, NO_OPERATION, JUMP, FINISH]);
  return sequence.length;
}

function writeThumb(words: Uint32Array, sequence: readonly number[]): number {
  const padding = Array<number>(sequence.length % 2 === 0 ? 2 : 3).fill(THUMB_NO_OPERATION);
  const halves = [...sequence, ...padding, BX_PC, THUMB_NO_OPERATION];
  new Uint16Array(words.buffer).set(halves);
  words.set([JUMP, FINISH], halves.length / 2);
  return sequence.length;
}

/** The memory image of a number of cases, with the path of the file that results go to, if they do. */
function image(cases: readonly SystemCase[], path?: string): Uint8Array {
  const bytes = new Uint8Array(FIRST_CASE + cases.length * CASE_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, cases.length, true);
  if (path !== undefined) {
    view.setUint32(4, 1, true);
    view.setUint32(8, path.length, true);
    bytes.set(Buffer.from(path), PATH);
  }
  for (const [index, { words }] of cases.entries())
    bytes.set(new Uint8Array(words.buffer), FIRST_CASE + index * CASE_BYTES);
  return bytes;
}

/** A chip of nothing but memory for cases and results. */
function memoryChip(cases: Uint8Array, count: number): { bus: ChipBus; results: Uint8Array } {
  const results = new Uint8Array(count * RESULT_BYTES);
  const regions = [
    { start: CASES, view: new DataView(cases.buffer, cases.byteOffset, cases.length) },
    { start: RESULTS, view: new DataView(results.buffer) },
  ];
  const find = (address: number) => {
    const region = regions.find(
      ({ start, view }) => address >= start && address < start + view.byteLength,
    );
    if (region === undefined) throw new BusError(address);
    return { view: region.view, at: address - region.start };
  };
  const refuse = (address: number): never => {
    throw new BusError(address);
  };
  const bus: ChipBus = {
    read(_, address, size) {
      const { view, at } = find(address);
      if (size === 1) return view.getUint8(at);
      return size === 2 ? view.getUint16(at, true) : view.getUint32(at, true);
    },
    write(_, address, data, size) {
      const { view, at } = find(address);
      if (size === 1) view.setUint8(at, data);
      else if (size === 2) view.setUint16(at, data, true);
      else view.setUint32(at, data, true);
    },
    readBlock: refuse,
    writeBlock: refuse,
    send: () => true,
  };
  return { bus, results };
}

/** What is left of each case here. */
export function runHere(cases: readonly SystemCase[]): Uint8Array {
  const { bus, results } = memoryChip(image(cases), cases.length);
  const core = new ArmCore(0, bus);
  core.writeTcm(0, PROGRAM);
  core.start(0);
  core.run(cases.length * 1_000_000);
  if (!core.asleep) throw new Error(`stopped at 0x${core.registers[15]!.toString(16)}`);
  return results;
}

/** What QEMU leaves of each case; undefined where it is not installed. */
export function runOnQemu(cases: readonly SystemCase[]): Uint8Array | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'spin-tools-'));
  try {
    const files = {
      program: join(folder, 'p'),
      cases: join(folder, 'c'),
      results: join(folder, 'r'),
    };
    writeFileSync(files.program, PROGRAM);
    writeFileSync(files.cases, image(cases, files.results));
    const load = (file: string, address: number, more = '') =>
      `loader,file=${file},addr=${address},force-raw=on${more}`;
    const result = spawnSync(
      'qemu-system-arm',
      [
        ...['-M', 'none', '-cpu', 'arm946', '-m', '64', '-display', 'none', '-monitor', 'none'],
        ...['-serial', 'none', '-semihosting-config', 'enable=on,target=native'],
        ...['-device', load(files.program, 0, ',cpu-num=0')],
        ...['-device', load(files.cases, CASES)],
      ],
      { encoding: 'utf8', timeout: 60_000 },
    );
    if (result.error !== undefined && 'code' in result.error && result.error.code === 'ENOENT')
      return undefined;
    if (result.error !== undefined) throw result.error;
    if (result.status !== 0) throw new Error(result.stderr);
    return readFileSync(files.results);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const NAMES = [
  ...Array.from({ length: 15 }, (_, number) => `r${number}`),
  'cpsr',
  ...['fiq r8', 'fiq r9', 'fiq r10', 'fiq r11', 'fiq r12', 'fiq r13', 'fiq r14'],
  ...['irq r13', 'irq r14', 'svc r13', 'svc r14', 'abt r13', 'abt r14', 'und r13', 'und r14'],
  ...['usr r8', 'usr r9', 'usr r10', 'usr r11', 'usr r12', 'usr r13', 'usr r14'],
  ...['spsr fiq', 'spsr irq', 'spsr svc', 'spsr abt', 'spsr und', 'exceptions'],
];
const LOG = 44;
const LOG_NAMES = ['vector', 'r14', 'spsr', 'cpsr'];
const DATA_WORD = 128;
/** Asynchronous-abort disable of later architectures, which QEMU sets on an abort. */
const ABORT_DISABLE = 0x100;

function nameOf(word: number): string {
  if (word >= DATA_WORD) return `data + ${4 * (word - DATA_WORD)}`;
  const logged = word - LOG;
  return NAMES[word] ?? `exception ${logged >> 2} ${LOG_NAMES[logged & 3]}`;
}

const isStatus = (name: string) => /[cs]psr/.test(name);
/** A case that ends in user mode comes back by SWI, which overwrites these. */
const lostByReturn = new Set(['svc r14', 'spsr svc']);

/** Names and values of what differs in the results of one case: ours, theirs. */
export function differences(
  index: number,
  { endMode }: SystemCase,
  ours: Uint8Array,
  theirs: Uint8Array,
): string[] {
  const start = index * RESULT_BYTES;
  const word = (bytes: Uint8Array, at: number) =>
    new DataView(bytes.buffer, bytes.byteOffset).getUint32(start + 4 * at, true);
  const found: string[] = [];
  for (let at = 0; at < RESULT_BYTES / 4; at++) {
    const name = nameOf(at);
    if (endMode === USER && lostByReturn.has(name)) continue;
    const mask = isStatus(name) ? ~ABORT_DISABLE : -1;
    const [a, b] = [word(ours, at) & mask, word(theirs, at) & mask];
    const hex = (number: number) => (number >>> 0).toString(16);
    if (a !== b) found.push(`${name}: ${hex(a)}, not ${hex(b)}`);
  }
  return found;
}

/** The case in hex for a message. */
export function describeCase({ words }: SystemCase): string {
  return [...words].map((word) => word.toString(16)).join(' ');
}

/** How many exceptions were taken in all. */
export function exceptionsIn(results: Uint8Array): number {
  const view = new DataView(results.buffer, results.byteOffset, results.length);
  let sum = 0;
  for (let at = 0xac; at < results.length; at += RESULT_BYTES) sum += view.getUint32(at, true);
  return sum;
}

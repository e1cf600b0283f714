/** Sequences in one mode, executed here and by Unicorn, an independent ARMv5TE implementation. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Cpu } from '../../src/arm/cpu.js';
import { interpret } from '../../src/arm/interpreter.js';
import { CoreMemory } from '../../src/arm/memory.js';
import { activeState, Slot } from '../../src/arm/state.js';
import { ARM_CLASSES, armSequence, INDEX, POINTERS } from './arm.js';
import { type Random, value } from './random.js';
import { THUMB_CLASSES, thumbSequence } from './thumb.js';

const CODE = 0x1000;
/** Pointers start in the middle of what is compared; what lies around it keeps what earlier sequences left. */
const DATA = 0x00401000;
const DATA_BYTES = 512;
const DATA_OFFSET = DATA & 0xffff;
const REFERENCE = fileURLToPath(
  new URL('../../src/arm/fixtures/reference.py', import.meta.url).href,
);

const WAIT_FOR_INTERRUPT = 0xee070f90;
const NO_OPERATION = 0xe1a00000;
const THUMB_NO_OPERATION = 0x46c0;
/** BX pc and a halfword of padding. */
const THUMB_TO_ARM = 0x46c04778;

/** A sequence and the state that it starts in. */
export interface Sequence {
  readonly thumb: 0 | 1;
  /** Instructions and, behind {@link end}, what puts our core to sleep. */
  readonly code: Uint8Array;
  readonly end: number;
  readonly instructions: number;
  readonly registers: number[];
  readonly status: number;
}

/** What a sequence leaves. */
export interface Outcome {
  readonly registers: number[];
  readonly status: number;
  readonly memory: string;
}

function armCode(random: Random, length: number) {
  const words = armSequence(random, ARM_CLASSES, length);
  const all = Uint32Array.of(...words, NO_OPERATION, NO_OPERATION, WAIT_FOR_INTERRUPT);
  const code = new Uint8Array(all.buffer);
  return { code, end: code.length - 4, instructions: words.length };
}

function thumbCode(random: Random, length: number) {
  const halves = thumbSequence(random, THUMB_CLASSES, length);
  const padding = halves.length % 2 === 0 ? 2 : 3;
  const padded = [...halves, ...Array<number>(padding).fill(THUMB_NO_OPERATION)];
  const end = 2 * padded.length;
  const code = new DataView(new ArrayBuffer(end + 8));
  for (const [index, half] of padded.entries()) code.setUint16(2 * index, half, true);
  code.setUint32(end, THUMB_TO_ARM, true);
  code.setUint32(end + 4, WAIT_FOR_INTERRUPT, true);
  return { code: new Uint8Array(code.buffer), end, instructions: halves.length };
}

/** A random sequence of at least `length` instructions, with random registers and flags. */
export function makeSequence(random: Random, thumb: 0 | 1, length: number): Sequence {
  const registers = Array.from({ length: 15 }, () => value(random));
  for (const pointer of thumb === 1 ? [6, 7, 13] : POINTERS)
    registers[pointer] = DATA + 192 + 8 * random(16);
  registers[thumb === 1 ? 5 : INDEX] = 4 * random(4);
  const status = random(32) * 2 ** 27 + 0xd3 + 0x20 * thumb;
  const made = thumb === 1 ? thumbCode(random, length) : armCode(random, length);
  return { thumb, ...made, registers, status };
}

const noBus = { read: () => 0, write: () => {} };
const memory = new CoreMemory(noBus, () => {});
const pattern = Uint8Array.from({ length: DATA_BYTES }, (_, index) => (index * 37 + 11) & 255);

/** Forgets what earlier sequences left in memory. */
export function forget(): void {
  memory.dtcm8.fill(0);
}

/** Executes a sequence on the interpreter. */
export function execute({ thumb, code, registers, status }: Sequence): Outcome {
  const cpu = new Cpu(memory);
  memory.itcm8.fill(0);
  memory.itcm8.set(code, CODE);
  memory.dtcm8.set(pattern, DATA_OFFSET);
  cpu.reset();
  cpu.resume();
  cpu.status = status;
  activeState.set(registers);
  activeState[15] = CODE;
  activeState[Slot.Limit] = 8000;
  interpret(cpu);
  if (!cpu.asleep) throw new Error(`sequence stopped at 0x${activeState[15]!.toString(16)}`);
  cpu.thumb = thumb;
  return {
    registers: [...activeState.subarray(0, 15)].map((each) => each >>> 0),
    status: cpu.status >>> 0,
    memory: Buffer.from(memory.dtcm8.subarray(DATA_OFFSET, DATA_OFFSET + DATA_BYTES)).toString(
      'hex',
    ),
  };
}

/** What Unicorn makes of sequences; undefined where it is not installed. */
export function unicornOutcomes(sequences: readonly Sequence[]): Outcome[] | undefined {
  const input = JSON.stringify(
    sequences.map((each) => ({ ...each, code: Buffer.from(each.code).toString('hex') })),
  );
  const result = spawnSync('/usr/bin/python3', [REFERENCE], {
    input,
    encoding: 'utf8',
    maxBuffer: 2 ** 30,
  });
  if (result.error !== undefined || /No module named/.test(result.stderr)) return undefined;
  if (result.status !== 0) throw new Error(result.stderr);
  return JSON.parse(result.stdout) as Outcome[];
}

/** A sequence for a message: its code and state in hex. */
export function describeSequence({ thumb, code, registers, status }: Sequence): string {
  const words = thumb === 1 ? new Uint16Array(code.buffer) : new Uint32Array(code.buffer);
  const hex = (values: Iterable<number>) => [...values].map((each) => each.toString(16)).join(' ');
  return `code ${hex(words)}, registers ${hex(registers)}, status ${status.toString(16)}`;
}

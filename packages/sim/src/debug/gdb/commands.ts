/**
 * Packets of GDB's remote serial protocol that are answered at once: registers, memory, breakpoints,
 * threads, descriptions. GDB manual, appendix "Remote Protocol". A packet that is not known gets the
 * empty reply.
 */

import { NoProgramError } from '../core.js';
import type { MachineDebugger } from '../debugger.js';
import type { WatchKind } from '../follower.js';
import { MemoryError } from '../memory-view.js';
import { CORE_REGISTERS, RegisterError } from '../registers.js';
import { MEMORY_MAP, registerName, TARGET_DESCRIPTION, threadList } from './description.js';
import { PACKET_BYTES } from './framing.js';
import {
  bytesOf,
  hexOf,
  hexOfText,
  hexWord,
  MalformedPacketError,
  numberOf,
  textOf,
  wordOf,
} from './hex.js';
import { runMonitorCommand } from './monitor-commands.js';
import { stateOf, type Threads } from './threads.js';

/** What commands work on. */
export interface CommandContext {
  readonly target: MachineDebugger;
  readonly threads: Threads;
  /** Breakpoints and watchpoints that GDB has set: what takes each back, by its packet. */
  readonly inserted: Map<string, () => void>;
}

const OK = 'OK';
/** Errors by their numbers in the protocol's own list: no such thing, bad address, invalid argument. */
const Failure = { NoSuchThing: 'E02', BadAddress: 'E0e', InvalidArgument: 'E16' } as const;

type Handler = (rest: string, context: CommandContext) => string;

/** By how a packet begins; longer beginnings come first. */
const HANDLERS: readonly (readonly [start: string, handler: Handler])[] = [
  ['qXfer:features:read:target.xml:', (rest) => part(TARGET_DESCRIPTION, rest)],
  ['qXfer:memory-map:read::', (rest) => part(MEMORY_MAP, rest)],
  ['qXfer:threads:read::', (rest, { threads }) => part(threadListOf(threads), rest)],
  ['qThreadExtraInfo,', (rest, { threads }) => hexOfText(threads.describe(rest))],
  ['qfThreadInfo', (_, { threads }) => threads.list(true)],
  ['qsThreadInfo', (_, { threads }) => threads.list(false)],
  ['qAttached', () => '1'],
  ['qSymbol:', () => OK],
  ['qRcmd,', monitorCommand],
  ['qC', (rest, { threads }) => (rest === '' ? `QC${threads.current.id.toString(16)}` : '')],
  ['Hg', selectThread],
  ['Hc', () => OK],
  ['T', isAlive],
  ['g', readAllRegisters],
  ['G', writeAllRegisters],
  ['p', readOneRegister],
  ['P', writeOneRegister],
  ['m', readMemory],
  ['M', writeHexMemory],
  ['X', writeBinaryMemory],
  ['Z', insert],
  ['z', remove],
];

/** The reply to a packet; empty for one that is not known. */
export function answer(packet: string, context: CommandContext): string {
  const found = HANDLERS.find(([start]) => packet.startsWith(start));
  if (found === undefined) return '';
  const [start, handler] = found;
  try {
    return handler(packet.slice(start.length), context);
  } catch (error) {
    const failure = failureOf(error);
    if (failure === undefined) throw error;
    return failure;
  }
}

/** The reply to a packet whose handling failed; undefined for an error that is a bug of ours. */
export function failureOf(error: unknown): string | undefined {
  if (error instanceof MalformedPacketError) return Failure.InvalidArgument;
  if (error instanceof RegisterError) return Failure.InvalidArgument;
  if (error instanceof MemoryError) return Failure.BadAddress;
  if (error instanceof NoProgramError) return Failure.NoSuchThing;
  return undefined;
}

/** Part of a long text, `offset,length`: behind `l` what ends it, behind `m` another part. */
function part(text: string, range: string): string {
  const [offset, length] = numbersOf(range, 2);
  const end = (offset as number) + Math.min(length as number, PACKET_BYTES);
  return (end >= text.length ? 'l' : 'm') + text.slice(offset, end);
}

function numbersOf(text: string, count: number): number[] {
  const parts = text.split(',');
  if (parts.length !== count) throw new MalformedPacketError(`${count} numbers are needed`);
  return parts.map(numberOf);
}

function monitorCommand(digits: string, { target, threads }: CommandContext): string {
  return hexOfText(runMonitorCommand(textOf(digits), target, threads.current));
}

function threadListOf(threads: Threads): string {
  return threadList(
    threads.all().map((core) => ({ id: core.id, name: core.name, state: stateOf(core) })),
  );
}

function selectThread(text: string, { threads }: CommandContext): string {
  return threads.select(text) ? OK : Failure.NoSuchThing;
}

function isAlive(text: string, { threads }: CommandContext): string {
  const core = threads.find(text);
  const isKnown =
    core !== undefined && core !== 'any' && threads.all().some(({ id }) => id === core.id);
  return isKnown ? OK : Failure.NoSuchThing;
}

function readAllRegisters(_: string, { threads: { current } }: CommandContext): string {
  // Before any program runs GDB still wants to see something.
  if (current.arm === undefined) return hexWord(0).repeat(CORE_REGISTERS.length);
  return current.registers(CORE_REGISTERS).map(hexWord).join('');
}

function writeAllRegisters(digits: string, { threads: { current } }: CommandContext): string {
  const words = digits.match(/.{8}/g) ?? [];
  if (words.length * 8 !== digits.length || words.length > CORE_REGISTERS.length) {
    throw new MalformedPacketError('a whole number of registers is needed');
  }
  const values = words.map(wordOf);
  // The status comes first: which r8 to r14 are meant depends on the mode, how pc is rounded on the state.
  for (const index of [...values.keys()].reverse()) {
    current.setRegister(CORE_REGISTERS[index] as string, values[index] as number);
  }
  return OK;
}

function readOneRegister(digits: string, { threads: { current } }: CommandContext): string {
  const name = nameOf(digits);
  return current.arm === undefined ? hexWord(0) : hexWord(current.register(name));
}

function writeOneRegister(text: string, { threads: { current } }: CommandContext): string {
  const [number, value = ''] = text.split('=');
  current.setRegister(nameOf(number), wordOf(value));
  return OK;
}

function nameOf(digits: string | undefined): string {
  const name = registerName(numberOf(digits));
  if (name === undefined) throw new MalformedPacketError(`there is no register ${digits}`);
  return name;
}

function readMemory(range: string, { threads: { current } }: CommandContext): string {
  const [address, length] = numbersOf(range, 2) as [number, number];
  if (length === 0) return '';
  return hexOf(current.readMemory(address, Math.min(length, PACKET_BYTES / 2)));
}

function writeHexMemory(text: string, context: CommandContext): string {
  const [range = '', digits = ''] = text.split(':');
  return writeMemory(range, bytesOf(digits), context);
}

function writeBinaryMemory(text: string, context: CommandContext): string {
  const colon = text.indexOf(':');
  if (colon < 0) throw new MalformedPacketError('data are missing');
  const bytes = Uint8Array.from(text.slice(colon + 1), (character) => character.charCodeAt(0));
  return writeMemory(text.slice(0, colon), bytes, context);
}

function writeMemory(range: string, bytes: Uint8Array, { threads }: CommandContext): string {
  const [address, length] = numbersOf(range, 2) as [number, number];
  if (length !== bytes.length) {
    throw new MalformedPacketError(`${length} bytes were announced, ${bytes.length} came`);
  }
  threads.current.writeMemory(address, bytes);
  return OK;
}

const WATCH_KINDS: Readonly<Record<string, WatchKind>> = { 2: 'write', 3: 'read', 4: 'access' };

/** `type,address,kind`: software and hardware breakpoints are the same here; `kind` is the length of what is watched. */
function insert(text: string, { target, inserted }: CommandContext): string {
  const [type = '', ...rest] = (text.split(';')[0] ?? '').split(',');
  const [address, length] = numbersOf(rest.join(','), 2) as [number, number];
  const key = `${type},${address},${length}`;
  if (inserted.has(key)) return OK;
  if (type === '0' || type === '1') {
    target.addBreakpoint(address);
    inserted.set(key, () => target.removeBreakpoint(address));
    return OK;
  }
  const kind = WATCH_KINDS[type];
  if (kind === undefined) return '';
  const watchpoint = { kind, address, length: Math.max(1, length) };
  target.addWatchpoint(watchpoint);
  inserted.set(key, () => target.removeWatchpoint(watchpoint));
  return OK;
}

function remove(text: string, { inserted }: CommandContext): string {
  const [type = '', ...rest] = text.split(',');
  if (!/^[0-4]$/.test(type)) return '';
  const [address, length] = numbersOf(rest.join(','), 2);
  const key = `${type},${address},${length}`;
  inserted.get(key)?.();
  inserted.delete(key);
  return OK;
}

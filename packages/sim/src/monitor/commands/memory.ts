/** CMD_READ, CMD_WRITE, CMD_FILL, CMD_LINK_READ, CMD_LINK_WRITE. Source: `sark_base.c`, `scamp-cmd.c`. */
import {
  Fill,
  LinkRead,
  LinkWrite,
  MemoryUnit,
  Read,
  ReturnCode,
  SCP_MOST_DATA_BYTES,
  type ScpRequest,
  Write,
} from '@spin-tools/scp';
import { type Chip, MONITOR_ACCESS } from '../../chip/chip.js';
import { BusError } from '../../core/core.js';
import type { AccessSize, CoreView } from '../core-view.js';
import { Refusal, RunTimeError } from '../refusal.js';
import type { ChipMonitor } from '../world.js';
import { bufferOf, type CommandEntry, dataOf, type Place } from './command.js';

/** Fills are carried out in pieces of this, bytes. */
const FILL_BYTES = 0x4000;
/** More than a chip's memory cannot be filled. */
const MOST_FILL_BYTES = 0x8000000;
const LINKS = 6;

/** Also what the idle program of application cores does. */
export const memoryCommands: readonly CommandEntry[] = [
  [Read.code, read],
  [Write.code, write],
  [Fill.code, fill],
];

export const linkCommands: readonly CommandEntry[] = [
  [LinkRead.code, readLink],
  [LinkWrite.code, writeLink],
];

/** Half words and words are read as many as are whole; the rest of the reply is what was in the buffer. */
function read({ view }: Place, request: ScpRequest): Uint8Array {
  const [address, length, unit] = request.arguments;
  const size = sizeOf(length, unit);
  const whole = length - (length % size);
  const bytes = whole === length ? new Uint8Array(length) : bufferOf(request).subarray(0, length);
  checkAligned(address, whole, size);
  if (view.isBulk(address, whole)) view.copyOut(address, bytes.subarray(0, whole));
  else readUnits(view, address, bytes.subarray(0, whole), size);
  return bytes;
}

function write({ view }: Place, request: ScpRequest): Uint8Array {
  const [address, length, unit] = request.arguments;
  const size = sizeOf(length, unit);
  const whole = length - (length % size);
  const data = dataOf(request, whole);
  checkAligned(address, whole, size);
  if (view.isBulk(address, whole)) view.copyIn(address, data);
  else writeUnits(view, address, data, size);
  return NOTHING;
}

/** The lowest two bits of the length do not count. */
function fill({ view }: Place, { arguments: [address, value, length] }: ScpRequest): Uint8Array {
  const whole = length - (length % 4);
  checkAligned(address, whole, 4);
  if (whole > MOST_FILL_BYTES) throw new RunTimeError();
  if (!view.isBulk(address, whole)) {
    for (let offset = 0; offset < whole; offset += 4) {
      view.write((address + offset) >>> 0, value, 4);
    }
    return NOTHING;
  }
  const bytes = new Uint8Array(new Uint32Array(Math.min(FILL_BYTES, whole) / 4).fill(value).buffer);
  for (let done = 0; done < whole; done += FILL_BYTES) {
    view.copyIn(address + done, bytes.subarray(0, Math.min(FILL_BYTES, whole - done)));
  }
  return NOTHING;
}

/** A neighbour answers a bad address with an error that the monitor does not take for its answer. */
function readLink({ monitor }: Place, request: ScpRequest): Uint8Array {
  const [start, length, link] = request.arguments;
  const chip = behind(monitor, link, length);
  const address = align(start, 4);
  const bytes = bufferOf(request).subarray(0, length);
  const whole = bytes.subarray(0, length - (length % 4));
  try {
    readUnits(sharedOf(chip), address, whole, 4);
  } catch (error) {
    throw error instanceof BusError ? new Refusal(ReturnCode.Timeout) : error;
  }
  return bytes;
}

/** The acknowledgement of a write to a bad address counts as one. */
function writeLink({ monitor }: Place, request: ScpRequest): Uint8Array {
  const [start, length, link] = request.arguments;
  const chip = behind(monitor, link, length);
  const address = align(start, 4);
  const data = dataOf(request, length - (length % 4));
  for (let offset = 0; offset < data.length; offset += 4) {
    try {
      const word = data.subarray(offset, offset + 4);
      writeUnits(sharedOf(chip), (address + offset) >>> 0, word, 4);
    } catch (error) {
      if (!(error instanceof BusError)) throw error;
    }
  }
  return NOTHING;
}

const NOTHING = new Uint8Array(0);

/** The chip behind a link. A link that does not work never answers. */
function behind(monitor: ChipMonitor, link: number, length: number): Chip {
  if (link >= LINKS || length > SCP_MOST_DATA_BYTES) throw new Refusal(ReturnCode.Argument);
  const neighbour = monitor.world.neighbour(monitor, link);
  if (neighbour === undefined) throw new Refusal(ReturnCode.Timeout);
  return neighbour.chip;
}

type Words = Pick<CoreView, 'read' | 'write'>;

/** What a neighbour can reach of a chip. */
function sharedOf(chip: Chip): Words {
  return {
    read: (address, size) => chip.read(MONITOR_ACCESS, address, size),
    write: (address, value, size) => chip.write(MONITOR_ACCESS, address, value, size),
  };
}

function readUnits(from: Words, address: number, target: Uint8Array, size: AccessSize): void {
  for (let offset = 0; offset < target.length; offset += size) {
    const value = from.read((address + offset) >>> 0, size);
    for (let byte = 0; byte < size; byte++) target[offset + byte] = value >>> (8 * byte);
  }
}

function writeUnits(to: Words, address: number, source: Uint8Array, size: AccessSize): void {
  for (let offset = 0; offset < source.length; offset += size) {
    let value = 0;
    for (let byte = 0; byte < size; byte++) {
      value |= (source[offset + byte] as number) << (8 * byte);
    }
    to.write((address + offset) >>> 0, value >>> 0, size);
  }
}

/** Monitors have the alignment of addresses checked, and stop where one is wrong. Source: `reset_entry` of SARK. */
function checkAligned(address: number, length: number, size: AccessSize): void {
  if (length > 0 && address % size !== 0) throw new BusError(address);
}

function align(address: number, size: AccessSize): number {
  return (address & -size) >>> 0;
}

function sizeOf(length: number, unit: number): AccessSize {
  if (length > SCP_MOST_DATA_BYTES || unit > MemoryUnit.Word) {
    throw new Refusal(ReturnCode.Argument);
  }
  return (1 << unit) as AccessSize;
}

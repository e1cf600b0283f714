/** CMD_READ, CMD_WRITE, CMD_FILL, CMD_LINK_READ, CMD_LINK_WRITE. */
import { Fill, LinkRead, LinkWrite, MemoryUnit, Read, ReturnCode, Write } from '@spin-tools/scp';
import { type Chip, MONITOR_ACCESS } from '../../chip/chip.js';
import { isSdram } from '../../chip/sdram.js';
import { Refusal } from '../refusal.js';
import type { ChipMonitor } from '../world.js';
import { command } from './command.js';

/** Fills are carried out in pieces of this, bytes. */
const FILL_BYTES = 0x4000;
/** More than a chip's memory cannot be filled. */
const MOST_FILL_BYTES = 0x8000000;

export const memoryCommands = [
  command(Read, ({ chip }, { address, length, unit }) => {
    const bytes = new Uint8Array(length);
    readUnits(chip, address, bytes, unit);
    return bytes;
  }),
  command(Write, ({ chip }, { address, data, unit }) => writeUnits(chip, address, data, unit)),
  command(Fill, ({ chip }, { address, value, length }) => fill(chip, address, value, length)),
];

export const linkCommands = [
  command(LinkRead, (monitor, { address, length, link }) => {
    const bytes = new Uint8Array(length);
    readUnits(behind(monitor, link), address, bytes, MemoryUnit.Word);
    return bytes;
  }),
  command(LinkWrite, (monitor, { address, link, data }) =>
    writeUnits(behind(monitor, link), address, data, MemoryUnit.Word),
  ),
];

/** The chip behind a link. A link that does not work never answers. */
function behind(monitor: ChipMonitor, link: number): Chip {
  const neighbour = monitor.world.neighbour(monitor, link);
  if (neighbour === undefined) throw new Refusal(ReturnCode.Timeout);
  return neighbour.chip;
}

/** Reads in accesses of one size; a length that is no multiple of it is cut off. */
function readUnits(chip: Chip, address: number, target: Uint8Array, unit: MemoryUnit): void {
  const size = sizeOf(address, unit);
  const length = target.length - (target.length % size);
  if (isSdram(address, length)) {
    chip.copyOut(address, target.subarray(0, length));
    return;
  }
  for (let offset = 0; offset < length; offset += size) {
    const value = chip.read(MONITOR_ACCESS, (address + offset) >>> 0, size);
    for (let byte = 0; byte < size; byte++) target[offset + byte] = value >>> (8 * byte);
  }
}

function writeUnits(chip: Chip, address: number, source: Uint8Array, unit: MemoryUnit): void {
  const size = sizeOf(address, unit);
  const length = source.length - (source.length % size);
  if (isSdram(address, length)) {
    chip.copyIn(address, source.subarray(0, length));
    return;
  }
  for (let offset = 0; offset < length; offset += size) {
    let value = 0;
    for (let byte = 0; byte < size; byte++)
      value |= (source[offset + byte] as number) << (8 * byte);
    chip.write(MONITOR_ACCESS, (address + offset) >>> 0, value >>> 0, size);
  }
}

function fill(chip: Chip, address: number, value: number, length: number): void {
  const whole = length - (length % 4);
  if ((address & 3) !== 0 || whole > MOST_FILL_BYTES) throw new Refusal(ReturnCode.Argument);
  if (!isSdram(address, whole)) {
    for (let offset = 0; offset < whole; offset += 4)
      chip.write(MONITOR_ACCESS, address + offset, value, 4);
    return;
  }
  const words = new Uint32Array(Math.min(FILL_BYTES, whole) / 4).fill(value);
  const bytes = new Uint8Array(words.buffer);
  for (let done = 0; done < whole; done += FILL_BYTES) {
    chip.copyIn(address + done, bytes.subarray(0, Math.min(FILL_BYTES, whole - done)));
  }
}

function sizeOf(address: number, unit: MemoryUnit): 1 | 2 | 4 {
  const size = (1 << unit) as 1 | 2 | 4;
  if (address % size !== 0) throw new Refusal(ReturnCode.Argument);
  return size;
}

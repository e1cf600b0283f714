/** Memory of chips: ranges of any length and alignment, allocation. */
import type { ChipAddress } from '../addresses.js';
import { allocateSdram } from '../commands/allocation.js';
import type { Command } from '../commands/command.js';
import { fill, linkRead, read, write } from '../commands/memory.js';
import type { Scp, Target } from '../connection/scp.js';
import { SCP_MOST_DATA_BYTES } from '../messages/scp.js';
import { AllocationError } from './errors.js';

/** Bytes filled by one command, so that each is answered well before it counts as lost. */
const FILL_CHUNK_BYTES = 1 << 20;

/** A piece of a range of memory that one message carries. */
interface Chunk {
  readonly offset: number;
  readonly size: number;
}

/**
 * Cuts a range into pieces for one message each. All but the first start at a word, so that the
 * chip can use accesses of words.
 */
export function* chunks(address: number, length: number): Generator<Chunk> {
  let offset = 0;
  let most = SCP_MOST_DATA_BYTES - (length > SCP_MOST_DATA_BYTES ? address & 3 : 0);
  while (offset < length) {
    const size = Math.min(most, length - offset);
    yield { offset, size };
    offset += size;
    most = SCP_MOST_DATA_BYTES;
  }
}

/** Reads memory of any length and alignment, many messages at once. */
export async function readMemory(
  scp: Scp,
  to: Target,
  address: number,
  length: number,
): Promise<Uint8Array> {
  return gather(scp, to, address, length, read);
}

/** Writes memory of any length and alignment, many messages at once. */
export async function writeMemory(
  scp: Scp,
  to: Target,
  address: number,
  bytes: Uint8Array,
): Promise<void> {
  checkRange(address, bytes.length);
  await leadingTo(scp, to).all(
    requests(address, bytes.length, ({ offset, size }) => ({
      to,
      command: write(address + offset, bytes.subarray(offset, offset + size)),
    })),
  );
}

/** Sets each byte of a range to one value. */
export async function fillMemory(
  scp: Scp,
  to: Target,
  address: number,
  length: number,
  value: number,
): Promise<void> {
  checkRange(address, length);
  if (!Number.isInteger(value) || value < 0 || value > 255) {
    throw new RangeError(`"value" is a byte, 0 to 255: ${value}`);
  }
  const end = address + length;
  const firstWord = Math.min(end, Math.ceil(address / 4) * 4);
  const lastWord = Math.max(firstWord, Math.floor(end / 4) * 4);
  const bytes = (count: number): Uint8Array => new Uint8Array(count).fill(value);
  await writeMemory(scp, to, address, bytes(firstWord - address));
  for (let at = firstWord; at < lastWord; at += FILL_CHUNK_BYTES) {
    const size = Math.min(FILL_CHUNK_BYTES, lastWord - at);
    await scp.send(to, fill(at, (value * 0x01010101) >>> 0, size));
  }
  await writeMemory(scp, to, lastWord, bytes(end - lastWord));
}

/** Reads memory of the neighbour behind a link, even of a dead one; whole words only. */
export async function readNeighbour(
  scp: Scp,
  from: ChipAddress,
  link: number,
  address: number,
  length: number,
): Promise<Uint8Array> {
  return gather(scp, from, address, length, (at, size) => linkRead(link, at, size));
}

/** Allocates SDRAM, see `MachineController.allocateSdram`. */
export async function allocateMemory(
  scp: Scp,
  chip: ChipAddress,
  size: number,
  { appId, tag = 0 }: { readonly appId: number; readonly tag?: number },
): Promise<number> {
  const address = await scp.send(chip, allocateSdram(appId, size, tag));
  if (address === 0) throw new AllocationError(chip, `${size} bytes of SDRAM`, appId);
  return address;
}

/** Joins what many commands read. */
async function gather(
  scp: Scp,
  to: Target,
  address: number,
  length: number,
  command: (address: number, size: number) => Command<Uint8Array>,
): Promise<Uint8Array> {
  checkRange(address, length);
  const result = new Uint8Array(length);
  await leadingTo(scp, to).all(
    requests(address, length, ({ offset, size }) => ({
      to,
      command: command(address + offset, size),
      done: (bytes: Uint8Array) => result.set(bytes, offset),
    })),
  );
  return result;
}

/** The way that all requests to one chip share. */
function leadingTo(scp: Scp, chip: ChipAddress): Scp {
  return scp.leadingTo?.(chip) ?? scp;
}

function* requests<R>(address: number, length: number, request: (chunk: Chunk) => R): Generator<R> {
  for (const chunk of chunks(address, length)) yield request(chunk);
}

function checkRange(address: number, length: number): void {
  const last = address + length;
  if (!Number.isInteger(address) || !Number.isInteger(length) || address < 0 || length < 0) {
    throw new RangeError(`${address} and ${length} make no range of memory`);
  }
  if (last > 2 ** 32)
    throw new RangeError(`${length} bytes at ${address} leave the 4 GB of memory`);
}

/**
 * One WebAssembly memory in which translated code finds what it works on: the registers of the running
 * core and the tightly coupled memories of the cores. The interpreter and the devices see the same
 * bytes by typed arrays, so changing between them costs nothing.
 *
 * The memory never grows, which would detach those arrays. What is not written to takes no memory of this
 * computer. When all is taken, or this computer refuses it, cores get memory elsewhere and are interpreted.
 */

const WASM_PAGE_BYTES = 0x10000;
/** Sizes to ask for, the largest first, in bytes. 1 GiB holds the memories of 10,000 cores. */
const SIZES = [1 << 30, 1 << 28, 1 << 26, 1 << 20] as const;
/** Blocks are multiples of this, bytes, or parts of one. */
const GRAIN = 4096;

/** A piece of the arena. */
export interface ArenaBlock {
  readonly address: number;
  readonly bytes: number;
}

/** The memory, for modules to import. */
export const arena = newMemory();

/** Blocks that nobody uses any more, by size. */
const free = new Map<number, number[]>();
const owners = new FinalizationRegistry<ArenaBlock>(giveBack);
/** The first grain holds the registers, see state.ts. */
let next = GRAIN;

function newMemory(): WebAssembly.Memory {
  for (const bytes of SIZES) {
    const pages = bytes / WASM_PAGE_BYTES;
    try {
      return new WebAssembly.Memory({ initial: pages, maximum: pages });
    } catch {
      // Asks for less.
    }
  }
  return new WebAssembly.Memory({ initial: 1, maximum: 1 });
}

/**
 * A block of zeros that is given back when its owner is collected; undefined when there is no room. Small ones lie
 * close together: what many cores look at in turns then takes fewer pages of this computer's memory.
 *
 * @param bytes a multiple of 4096, or a part of it
 */
export function takeArenaBlock(owner: object, bytes: number): ArenaBlock | undefined {
  const address = recycled(bytes) ?? (bytes < GRAIN ? firstOfGrain(bytes) : takeNext(bytes));
  if (address === undefined) return undefined;
  const block = { address, bytes };
  owners.register(owner, block);
  return block;
}

function recycled(bytes: number): number | undefined {
  const address = free.get(bytes)?.pop();
  if (address !== undefined) new Uint8Array(arena.buffer, address, bytes).fill(0);
  return address;
}

/** Cuts a new grain into blocks and takes the first. */
function firstOfGrain(bytes: number): number | undefined {
  const grain = takeNext(GRAIN);
  if (grain === undefined) return undefined;
  for (let offset = GRAIN - bytes; offset > 0; offset -= bytes) {
    giveBack({ address: grain + offset, bytes });
  }
  return grain;
}

function takeNext(bytes: number): number | undefined {
  const address = next;
  if (address + bytes > arena.buffer.byteLength) return undefined;
  next += bytes;
  return address;
}

function giveBack({ address, bytes }: ArenaBlock): void {
  const blocks = free.get(bytes);
  if (blocks === undefined) free.set(bytes, [address]);
  else blocks.push(address);
}

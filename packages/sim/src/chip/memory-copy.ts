/** What the memories of a chip hold as plain data, to be sent to another thread. Pages that nothing was written to are left out. */
import type { ChipMemory } from './chip.js';
import { Page } from './page.js';

/** A copy of shared memories. */
export interface MemoryCopy {
  /** By region, what is in each of its pages. */
  readonly sdram: readonly (readonly (Uint8Array | undefined)[] | undefined)[];
  readonly systemRam: readonly Uint8Array[];
}

/** Copies what memories hold. */
export function copyOfMemory({ sdram, systemRam }: ChipMemory): MemoryCopy {
  return {
    sdram: sdram.map((region) => region?.pages.map((page) => page?.bytes.slice())),
    systemRam: systemRam.map(({ bytes }) => bytes.slice()),
  };
}

/** Memories that hold what was copied. */
export function memoryOfCopy({ sdram, systemRam }: MemoryCopy): ChipMemory {
  return {
    sdram: sdram.map(
      (pages) => pages && { owner: undefined, pages: pages.map((bytes) => bytes && pageOf(bytes)) },
    ),
    systemRam: systemRam.map(pageOf),
  };
}

function pageOf(bytes: Uint8Array): Page {
  const page = new Page(bytes.length, undefined);
  page.bytes.set(bytes);
  return page;
}

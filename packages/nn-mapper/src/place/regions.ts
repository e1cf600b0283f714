/** Rectangles of chips and what room they offer, for placers that divide the machine. */
import { countBits, findChip, NO_CHIP, type Topology } from '../machine/topology.js';
import type { Blocks } from './blocks.js';

/** Chips (x, y) with `x0 <= x < x1` and `y0 <= y < y1`. */
export interface Region {
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
}

/**
 * Sizes of blocks and room of chips in one unit: the mean chip's cores or its SDRAM, whichever is
 * scarcer for the block or chip at hand.
 */
export interface Sizes {
  readonly ofBlock: Float64Array;
  readonly ofChip: Float64Array;
}

/** Sizes once the fixed blocks have taken their room. */
export function measure(topology: Topology, blocks: Blocks): Sizes {
  const cores = Float64Array.from(topology.coreMask, countBits);
  const sdram = topology.sdramBytes.slice();
  const meanCores = Math.max(1, cores.reduce((sum, value) => sum + value, 0) / topology.chips);
  const meanSdram = Math.max(1, sdram.reduce((sum, value) => sum + value, 0) / topology.chips);
  const ofBlock = blocks.sdramBytes.map((bytes, block) =>
    Math.max((blocks.cores[block] as number) / meanCores, bytes / meanSdram),
  );
  blocks.fixedChip.forEach((chip, block) => {
    if (chip === NO_CHIP) return;
    cores[chip] = (cores[chip] as number) - (blocks.cores[block] as number);
    sdram[chip] = (sdram[chip] as number) - (blocks.sdramBytes[block] as number);
  });
  const ofChip = cores.map((count, chip) =>
    Math.max(0, Math.min(count / meanCores, (sdram[chip] as number) / meanSdram)),
  );
  return { ofBlock, ofChip };
}

/** Sums of chip sizes, so that the room of any region takes four look-ups. */
export function regionRoom(topology: Topology, sizes: Sizes): (region: Region) => number {
  const { width, height } = topology;
  const columns = width + 1;
  const sums = new Float64Array(columns * (height + 1));
  for (let y = 0; y < height; y++) {
    let row = 0;
    for (let x = 0; x < width; x++) {
      const chip = findChip(topology, x, y);
      if (chip !== NO_CHIP) row += sizes.ofChip[chip] as number;
      sums[x + 1 + (y + 1) * columns] = (sums[x + 1 + y * columns] as number) + row;
    }
  }
  const at = (x: number, y: number) => sums[x + y * columns] as number;
  return ({ x0, y0, x1, y1 }) => at(x1, y1) - at(x0, y1) - at(x1, y0) + at(x0, y0);
}

/** The smallest nearly square region at the origin with that much room; at most the machine. */
export function compactRegion(
  { width, height }: Topology,
  room: (region: Region) => number,
  wanted: number,
): Region {
  let [x1, y1] = [1, 1];
  while (room({ x0: 0, y0: 0, x1, y1 }) < wanted && (x1 < width || y1 < height)) {
    if (x1 < width && (x1 <= y1 || y1 === height)) x1++;
    else y1++;
  }
  return { x0: 0, y0: 0, x1, y1 };
}

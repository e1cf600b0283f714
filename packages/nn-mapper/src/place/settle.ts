/** Turns wished-for chips into possible ones: a block whose chip is full goes to the closest other. */
import { type Graph, NONE } from '../graph/graph.js';
import { findChip, NO_CHIP, type Topology } from '../machine/topology.js';
import type { Blocks } from './blocks.js';
import { closestChip, placeFixed, placeNearEthernet, tooSmall } from './fill.js';
import { emptyRoom, fits, occupy } from './room.js';

/**
 * Chip of each block. Fixed ones first and those near ethernet chips, then those that find room where they wish to be, the largest
 * first, then the others, each as close as possible; those that want to be near another wish for its
 * chip.
 * @param wished chip of each block; changed in place
 * @throws MachineTooSmallError when a block finds no chip
 * @throws ImpossiblePlacementError when a fixed block does not fit where it must be
 */
export function settle(graph: Graph, topology: Topology, blocks: Blocks, wished: Int32Array): void {
  const room = emptyRoom(topology);
  const settled = new Uint8Array(blocks.count);
  const take = (block: number, chip: number) => {
    if (chip === NO_CHIP) throw tooSmall(graph, topology, blocks, block);
    occupy(room, blocks, block, chip);
    wished[block] = chip;
    settled[block] = 1;
  };
  placeFixed(graph, topology, blocks, room, take);
  placeNearEthernet(topology, blocks, room, take);
  const bySize = Uint32Array.from(blocks.cores.keys()).sort(
    (a, b) => (blocks.cores[b] as number) - (blocks.cores[a] as number) || a - b,
  );
  for (const block of bySize) {
    const chip = wished[block] as number;
    if (settled[block] || blocks.near[block] !== NONE || chip === NO_CHIP) continue;
    if (fits(room, blocks, block, chip)) take(block, chip);
  }
  const origin = topology.chipAt.find((chip) => chip !== NO_CHIP) ?? NO_CHIP;
  const hasRoom = (block: number) => (chip: number) => fits(room, blocks, block, chip);
  for (let block = 0; block < blocks.count; block++) {
    if (settled[block]) continue;
    const leader = blocks.near[block] as number;
    const wish = leader === NONE ? (wished[block] as number) : (wished[leader] as number);
    const start = wish === NO_CHIP ? origin : wish;
    const close = start === NO_CHIP ? NO_CHIP : closestChip(topology, [start], hasRoom(block));
    take(block, close === NO_CHIP ? anywhere(topology, hasRoom(block)) : close);
  }
}

/** A chip that no working link leads to from where the block would be. */
function anywhere(topology: Topology, accept: (chip: number) => boolean): number {
  for (let place = 0; place < topology.chipAt.length; place++) {
    const chip = findChip(topology, place % topology.width, Math.floor(place / topology.width));
    if (chip !== NO_CHIP && accept(chip)) return chip;
  }
  return NO_CHIP;
}

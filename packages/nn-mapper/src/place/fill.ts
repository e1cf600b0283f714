/**
 * Fills chips in a given order with blocks in a given order. Fixed blocks go first; a block that
 * wants to be near another follows it at once, on the closest chip with room.
 */

import { LINKS } from '@spin-tools/machine-model';
import { type Graph, NONE } from '../graph/graph.js';
import { chipName, NO_CHIP, type Topology } from '../machine/topology.js';
import type { Blocks } from './blocks.js';
import { ImpossiblePlacementError, MachineTooSmallError } from './errors.js';
import { layerStarts } from './layers.js';
import { emptyRoom, fits, occupy, type Room } from './room.js';

/**
 * Chip of each block.
 * @param blockOrder all blocks, in the order in which they should take chips
 * @param chipOrder all chips, in the order in which they should fill up
 * @throws MachineTooSmallError when a block finds no chip
 * @throws ImpossiblePlacementError when a fixed block does not fit where it must be
 */
export function fillChips(
  graph: Graph,
  topology: Topology,
  blocks: Blocks,
  blockOrder: Int32Array,
  chipOrder: Int32Array,
): Int32Array {
  const chipOf = new Int32Array(blocks.count).fill(NO_CHIP);
  const room = emptyRoom(topology);
  const take = (block: number, chip: number) => {
    if (chip === NO_CHIP) throw tooSmall(graph, topology, blocks, block);
    occupy(room, blocks, block, chip);
    chipOf[block] = chip;
  };
  placeFixed(graph, topology, blocks, room, take);
  placeNearEthernet(topology, blocks, room, take);

  const followers = followersOf(blocks);
  const beginsLayer = layerStarts(graph, topology, blocks, blockOrder);
  const findInOrder = chipsInOrder(chipOrder, room, blocks, beginsLayer);
  const placeWithFollowers = (first: number) => {
    const waiting = [first];
    for (let block = waiting.pop(); block !== undefined; block = waiting.pop()) {
      if (chipOf[block] === NO_CHIP) {
        const candidate = block;
        const leader = blocks.near[candidate] as number;
        const close =
          leader === NONE
            ? NO_CHIP
            : closestChip(topology, [chipOf[leader] as number], (chip) =>
                fits(room, blocks, candidate, chip),
              );
        take(block, close === NO_CHIP ? findInOrder(block) : close);
      }
      waiting.push(...(followers.get(block) ?? []).toReversed());
      followers.delete(block);
    }
  };
  for (let block = 0; block < blocks.count; block++) {
    if (chipOf[block] !== NO_CHIP) placeWithFollowers(block);
  }
  for (const block of blockOrder) {
    if (chipOf[block] === NO_CHIP && !leaderIsToCome(blocks, chipOf, block))
      placeWithFollowers(block);
  }
  return chipOf;
}

/** A leader that is not placed yet brings this block along later. */
const leaderIsToCome = (blocks: Blocks, chipOf: Int32Array, block: number): boolean => {
  const leader = blocks.near[block] as number;
  return leader !== NONE && chipOf[leader] === NO_CHIP;
};

function followersOf(blocks: Blocks): Map<number, number[]> {
  const followers = new Map<number, number[]>();
  blocks.near.forEach((leader, block) => {
    if (leader === NONE) return;
    const known = followers.get(leader);
    if (known) known.push(block);
    else followers.set(leader, [block]);
  });
  return followers;
}

export function placeFixed(
  graph: Graph,
  topology: Topology,
  blocks: Blocks,
  room: Room,
  take: (block: number, chip: number) => void,
): void {
  blocks.fixedChip.forEach((chip, block) => {
    if (chip === NO_CHIP) return;
    if (!fits(room, blocks, block, chip)) {
      const name = graph.vertices.names[blocks.firstVertex[block] as number] as string;
      throw new ImpossiblePlacementError(
        name,
        `is fixed to ${chipName(topology, chip)}, which has ${room.cores[chip]} cores and ` +
          `${room.sdramBytes[chip]} bytes of SDRAM left, or lacks the core asked for`,
      );
    }
    take(block, chip);
  });
}

/**
 * Blocks that talk with a host go to the ethernet chips, or as close to one as there is room, before
 * others fill those; where no ethernet chip is known, they are placed like all others.
 */
export function placeNearEthernet(
  topology: Topology,
  blocks: Blocks,
  room: Room,
  take: (block: number, chip: number) => void,
): void {
  const ethernets = [...new Set(topology.ethernetOf)].filter((chip) => chip !== NO_CHIP);
  blocks.nearEthernet.forEach((wants, block) => {
    if (!wants || blocks.fixedChip[block] !== NO_CHIP) return;
    const chip = closestChip(topology, ethernets, (each) => fits(room, blocks, block, each));
    if (chip !== NO_CHIP) take(block, chip);
  });
}

/**
 * Next fit along the order, from an empty chip where a layer begins; when that reaches the end, first fit
 * from the start.
 */
function chipsInOrder(chipOrder: Int32Array, room: Room, blocks: Blocks, beginsLayer: Uint8Array) {
  let position = 0;
  let isEmpty = true;
  return (block: number): number => {
    if (beginsLayer[block] && !isEmpty) position++;
    isEmpty = false;
    for (let index = position; index < chipOrder.length; index++) {
      const chip = chipOrder[index] as number;
      if (!fits(room, blocks, block, chip)) continue;
      position = index;
      return chip;
    }
    for (let index = 0; index < position; index++) {
      const chip = chipOrder[index] as number;
      if (fits(room, blocks, block, chip)) return chip;
    }
    return NO_CHIP;
  };
}

/** Breadth-first over working links; {@link NO_CHIP} when nothing reachable will do. */
export function closestChip(
  topology: Topology,
  starts: readonly number[],
  accept: (chip: number) => boolean,
): number {
  const seen = new Uint8Array(topology.chips);
  const queue = [...starts];
  for (const start of starts) seen[start] = 1;
  for (let head = 0; head < queue.length; head++) {
    const chip = queue[head] as number;
    if (accept(chip)) return chip;
    for (let link = 0; link < LINKS; link++) {
      const next = topology.neighbours[chip * LINKS + link] as number;
      if (next === NO_CHIP || seen[next]) continue;
      seen[next] = 1;
      queue.push(next);
    }
  }
  return NO_CHIP;
}

export function tooSmall(graph: Graph, topology: Topology, blocks: Blocks, block: number) {
  const free = emptyRoom(topology);
  const sum = (column: Iterable<number>) => [...column].reduce((total, value) => total + value, 0);
  const coresNeeded = sum(blocks.cores);
  const sdramBytesNeeded = sum(blocks.sdramBytes);
  const mostCores = free.cores.reduce((most, cores) => Math.max(most, cores), 1);
  const mostSdram = free.sdramBytes.reduce((most, bytes) => Math.max(most, bytes), 1);
  return new MachineTooSmallError({
    coresNeeded,
    coresAvailable: sum(free.cores),
    sdramBytesNeeded,
    sdramBytesAvailable: sum(free.sdramBytes),
    chipsNeeded: Math.ceil(Math.max(coresNeeded / mostCores, sdramBytesNeeded / mostSdram)),
    chipsAvailable: topology.chips,
    vertex: graph.vertices.names[blocks.firstVertex[block] as number] as string,
  });
}

/** What is left on each chip while blocks are being placed. */
import { countBits, type Topology } from '../machine/topology.js';
import type { Blocks } from './blocks.js';

/** Free resources, indexed by chip. */
export interface Room {
  readonly cores: Int32Array;
  readonly sdramBytes: Float64Array;
  /** Virtual cores that fixed vertices have not claimed. */
  readonly claimable: Uint32Array;
}

/** An empty machine. */
export function emptyRoom(topology: Topology): Room {
  return {
    cores: Int32Array.from(topology.coreMask, countBits),
    sdramBytes: topology.sdramBytes.slice(),
    claimable: topology.coreMask.slice(),
  };
}

/** Whether a block fits on a chip as it is now. */
export function fits(room: Room, blocks: Blocks, block: number, chip: number): boolean {
  const claimed = blocks.fixedCores[block] as number;
  return (
    (blocks.cores[block] as number) <= (room.cores[chip] as number) &&
    (blocks.sdramBytes[block] as number) <= (room.sdramBytes[chip] as number) &&
    (claimed & ~(room.claimable[chip] as number)) === 0
  );
}

/** Takes the room of a block. */
export function occupy(room: Room, blocks: Blocks, block: number, chip: number): void {
  change(room, blocks, block, chip, -1);
  room.claimable[chip] = (room.claimable[chip] as number) & ~(blocks.fixedCores[block] as number);
}

/** Gives the room of a block back. */
export function vacate(room: Room, blocks: Blocks, block: number, chip: number): void {
  change(room, blocks, block, chip, 1);
  room.claimable[chip] = (room.claimable[chip] as number) | (blocks.fixedCores[block] as number);
}

function change(room: Room, blocks: Blocks, block: number, chip: number, sign: number): void {
  room.cores[chip] = (room.cores[chip] as number) + sign * (blocks.cores[block] as number);
  room.sdramBytes[chip] =
    (room.sdramBytes[chip] as number) + sign * (blocks.sdramBytes[block] as number);
}

/** Vertices that must share a chip form a block, the unit that placers move. */
import { type Graph, NONE } from '../graph/graph.js';
import { findChip, NO_CHIP, type Topology } from '../machine/topology.js';
import { ImpossiblePlacementError } from './errors.js';

/** Columns indexed by block; blocks are in the order of their first vertex. */
export interface Blocks {
  readonly count: number;
  readonly blockOf: Int32Array;
  /** A vertex of the block, for messages. */
  readonly firstVertex: Int32Array;
  readonly cores: Int32Array;
  readonly sdramBytes: Float64Array;
  /** Chip the block is fixed to, or {@link NO_CHIP}. */
  readonly fixedChip: Int32Array;
  /** Virtual cores its vertices insist on, as a mask. */
  readonly fixedCores: Uint32Array;
  /** Block to be close to, or {@link NONE}; always an earlier one, so that there is no cycle. */
  readonly near: Int32Array;
  /** 1 for blocks that want to be close to an ethernet chip. */
  readonly nearEthernet: Uint8Array;
}

/**
 * Joins the vertices of each chip group.
 * @throws ImpossiblePlacementError when members are fixed to different chips, to a chip that the
 * machine lacks, or to one core
 */
export function formBlocks(graph: Graph, topology: Topology): Blocks {
  const { vertices } = graph;
  const blockOf = numberBlocks(vertices.chipGroup);
  const count = blockOf.reduce((most, block) => Math.max(most, block + 1), 0);
  const blocks: Blocks = {
    count,
    blockOf,
    firstVertex: new Int32Array(count).fill(NONE),
    cores: new Int32Array(count),
    sdramBytes: new Float64Array(count),
    fixedChip: new Int32Array(count).fill(NO_CHIP),
    fixedCores: new Uint32Array(count),
    near: new Int32Array(count).fill(NONE),
    nearEthernet: new Uint8Array(count),
  };
  for (let vertex = 0; vertex < vertices.count; vertex++)
    addToBlock(blocks, graph, topology, vertex);
  return blocks;
}

function numberBlocks(chipGroup: Int32Array): Int32Array {
  const blockOf = new Int32Array(chipGroup.length);
  let next = 0;
  chipGroup.forEach((root, vertex) => {
    blockOf[vertex] = root === vertex ? next++ : (blockOf[root] as number);
  });
  return blockOf;
}

function addToBlock(blocks: Blocks, graph: Graph, topology: Topology, vertex: number): void {
  const { vertices } = graph;
  const block = blocks.blockOf[vertex] as number;
  if (blocks.firstVertex[block] === NONE) blocks.firstVertex[block] = vertex;
  blocks.cores[block] = (blocks.cores[block] as number) + (vertices.cores[vertex] as number);
  blocks.sdramBytes[block] =
    (blocks.sdramBytes[block] as number) + (vertices.sdramBytes[vertex] as number);
  if (vertices.nearEthernet[vertex]) blocks.nearEthernet[block] = 1;
  const near = vertices.near[vertex] as number;
  if (near !== NONE && (blocks.blockOf[near] as number) < block && blocks.near[block] === NONE) {
    blocks.near[block] = blocks.blockOf[near] as number;
  }
  fixCore(blocks, graph, vertex, block);
  fixChip(blocks, graph, topology, vertex, block);
}

function fixCore(blocks: Blocks, { vertices }: Graph, vertex: number, block: number): void {
  const core = vertices.fixedCore[vertex] as number;
  if (core === NONE) return;
  const taken = blocks.fixedCores[block] as number;
  if (taken & (1 << core)) {
    throw new ImpossiblePlacementError(
      vertices.names[vertex] as string,
      `is fixed to core ${core}, as is another vertex of the same chip`,
    );
  }
  blocks.fixedCores[block] = taken | (1 << core);
}

function fixChip(
  blocks: Blocks,
  { vertices }: Graph,
  topology: Topology,
  vertex: number,
  block: number,
): void {
  const [x, y] = [vertices.fixedX[vertex] as number, vertices.fixedY[vertex] as number];
  if (x === NONE) return;
  const name = vertices.names[vertex] as string;
  const chip = findChip(topology, x, y);
  if (chip === NO_CHIP) {
    throw new ImpossiblePlacementError(
      name,
      `is fixed to chip (${x}, ${y}), which is absent or dead`,
    );
  }
  const before = blocks.fixedChip[block] as number;
  if (before !== NO_CHIP && before !== chip) {
    throw new ImpossiblePlacementError(
      name,
      `is fixed to chip (${x}, ${y}), but shares a chip with one that is fixed elsewhere`,
    );
  }
  blocks.fixedChip[block] = chip;
}

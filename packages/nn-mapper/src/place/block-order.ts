/** The order in which blocks take chips. */
import type { Graph } from '../graph/graph.js';
import type { Blocks } from './blocks.js';

/** As their first vertices were added: consecutive layers stay together. */
export const additionOrder = (blocks: Blocks): Int32Array =>
  Int32Array.from({ length: blocks.count }, (_, block) => block);

/**
 * Breadth-first over the nets in both directions: blocks that talk to one another come close, for
 * graphs whose order of addition means nothing.
 */
export function breadthFirstOrder(graph: Graph, blocks: Blocks): Int32Array {
  const touching = netsOfBlocks(graph, blocks);
  const order = new Int32Array(blocks.count);
  const seen = new Uint8Array(blocks.count);
  const expanded = new Uint8Array(graph.nets.count);
  let length = 0;
  const reach = (block: number) => {
    if (seen[block]) return;
    seen[block] = 1;
    order[length++] = block;
  };
  for (let root = 0, head = 0; root < blocks.count; root++) {
    reach(root);
    for (; head < length; head++) {
      for (const net of touching[order[head] as number] as number[]) {
        if (expanded[net]) continue;
        expanded[net] = 1;
        for (const vertex of verticesOfNet(graph, net)) reach(blocks.blockOf[vertex] as number);
      }
    }
  }
  return order;
}

/** For each block, the nets that start or end in it. */
function netsOfBlocks(graph: Graph, blocks: Blocks): number[][] {
  const touching: number[][] = Array.from({ length: blocks.count }, () => []);
  for (let net = 0; net < graph.nets.count; net++) {
    for (const vertex of verticesOfNet(graph, net)) {
      const nets = touching[blocks.blockOf[vertex] as number] as number[];
      if (nets.at(-1) !== net) nets.push(net);
    }
  }
  return touching;
}

function* verticesOfNet({ nets }: Graph, net: number): Generator<number> {
  yield nets.source[net] as number;
  const end = nets.sinkStart[net + 1] as number;
  for (let index = nets.sinkStart[net] as number; index < end; index++) {
    yield nets.sinks[index] as number;
  }
}

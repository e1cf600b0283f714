/** Virtual cores of the vertices once their chips are known. */
import { type Graph, NONE } from '../graph/graph.js';
import type { Topology } from '../machine/topology.js';

/**
 * Core mask of each vertex (bit v: virtual core v). Fixed cores first; the others take the lowest
 * free cores of their chip in the order of addition.
 * @param chipOf chip of each vertex, with room for it
 */
export function assignCores(graph: Graph, topology: Topology, chipOf: Int32Array): Uint32Array {
  const { vertices } = graph;
  const free = topology.coreMask.slice();
  const masks = new Uint32Array(vertices.count);
  const take = (vertex: number, cores: number) => {
    const chip = chipOf[vertex] as number;
    masks[vertex] = (masks[vertex] as number) | cores;
    free[chip] = (free[chip] as number) & ~cores;
  };
  vertices.fixedCore.forEach((core, vertex) => {
    if (core !== NONE) take(vertex, 1 << core);
  });
  for (let vertex = 0; vertex < vertices.count; vertex++) {
    if (vertices.fixedCore[vertex] !== NONE) continue;
    for (let cores = vertices.cores[vertex] as number; cores > 0; cores--) {
      const available = free[chipOf[vertex] as number] as number;
      take(vertex, available & -available);
    }
  }
  return masks;
}

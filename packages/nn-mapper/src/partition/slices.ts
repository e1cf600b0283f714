/** Cutting a population into slices that fit a core. */
import type { ApplicationVertex, CoreLimits } from './application-graph.js';

/** Atoms `from` to `to - 1` of a vertex. */
export interface Slice {
  readonly vertex: string;
  readonly from: number;
  readonly to: number;
}

/** Not even one atom of a vertex fits a core. */
export class UnsplittableVertexError extends Error {
  readonly vertex: string;
  readonly resource: string;
  readonly needed: number;
  readonly limit: number;

  constructor(vertex: string, resource: string, needed: number, limit: number) {
    super(
      `one atom of vertex "${vertex}" needs ${needed} ${resource}; a core has ${limit}. ` +
        'Make the atoms smaller, or describe the vertex in smaller atoms.',
    );
    this.name = 'UnsplittableVertexError';
    this.vertex = vertex;
    this.resource = resource;
    this.needed = needed;
    this.limit = limit;
  }
}

/**
 * The fewest slices that fit, as equal as possible, so that no core is the slowest by much.
 * @throws UnsplittableVertexError when one atom exceeds a limit
 */
export function sliceVertex(vertex: ApplicationVertex, limits: CoreLimits): Slice[] {
  const count = Math.ceil(vertex.atoms / atomsPerCore(vertex, limits));
  const boundary = (index: number) => Math.round((index * vertex.atoms) / count);
  return Array.from({ length: count }, (_, index) => ({
    vertex: vertex.name,
    from: boundary(index),
    to: boundary(index + 1),
  }));
}

function atomsPerCore(vertex: ApplicationVertex, limits: CoreLimits): number {
  let most = Math.min(vertex.atoms, vertex.mostAtoms ?? vertex.atoms);
  for (const [resource, { perAtom = 0, perSlice = 0 }] of Object.entries(vertex.resources ?? {})) {
    const limit = limits[resource] ?? Number.POSITIVE_INFINITY;
    if (perSlice + perAtom > limit) {
      throw new UnsplittableVertexError(vertex.name, resource, perSlice + perAtom, limit);
    }
    if (perAtom > 0) most = Math.min(most, Math.floor((limit - perSlice) / perAtom));
  }
  return most;
}

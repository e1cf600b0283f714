/**
 * IPTags and reverse IPTags: which ethernet chip passes the messages of a vertex to a host, and a
 * host's datagrams to a vertex. Every board has its own few.
 */
import type { Graph, VertexId } from '../graph/graph.js';
import { NO_CHIP, type Topology } from '../machine/topology.js';
import type { Placement } from '../place/place.js';

/** Messages from a vertex to a host. */
export interface IpTagRequest {
  readonly kind: 'ip';
  readonly vertex: VertexId;
  /** Name or address of the host. */
  readonly host: string;
  /** UDP port of the host, 1 to 65,535. */
  readonly port: number;
  /** Whether the SDP header stays off. Default false. */
  readonly strip?: boolean;
}

/** Datagrams from hosts to a vertex. */
export interface ReverseIpTagRequest {
  readonly kind: 'reverse';
  readonly vertex: VertexId;
  /** UDP port of the board, 1 to 65,535; a board has each only once. */
  readonly port: number;
  /** SDP port of the vertex's core, 0 to 7. Default 1. */
  readonly sdpPort?: number;
}

/** Either. */
export type TagRequest = IpTagRequest | ReverseIpTagRequest;

/** A tag of an ethernet chip for a request; several IPTag requests to one place share a tag. */
export interface PlacedTag {
  readonly request: TagRequest;
  /** The ethernet chip. */
  readonly x: number;
  readonly y: number;
  /** 1 to 7. */
  readonly tag: number;
}

/** No board has a tag left that would do. */
export class TagShortageError extends Error {
  readonly vertex: string;
  /** Ethernet chips of the machine. */
  readonly boards: number;

  constructor(vertex: string, boards: number, problem: string) {
    super(
      `no tag for vertex "${vertex}": ${problem}. A board has ${TAGS.length}; share hosts and ports ` +
        'between vertices, or use a machine with more boards.',
    );
    this.name = 'TagShortageError';
    this.vertex = vertex;
    this.boards = boards;
  }
}

/** Tags that hosts may set: SC&MP hands 8 to 15 out itself, and 0 is for text output. */
const TAGS = [1, 2, 3, 4, 5, 6, 7] as const;

/**
 * A tag for every request, on the vertex's own board where there is one left, else on the first that
 * has.
 * @throws TagShortageError when there is none
 * @throws RangeError when a port or vertex is out of range
 */
export function allocateTags(
  graph: Graph,
  topology: Topology,
  placement: Placement,
  requests: readonly TagRequest[],
): PlacedTag[] {
  const boards = new Map<number, BoardTag[]>();
  for (const chip of topology.ethernetOf) if (chip !== NO_CHIP) boards.set(chip, []);
  return requests.map((request) => {
    checkRequest(graph, request);
    const vertex = graph.vertices.names[request.vertex] as string;
    if (boards.size === 0) throw new TagShortageError(vertex, 0, 'no ethernet chip is known');
    const own = topology.ethernetOf[placement.chipOf[request.vertex] as number] as number;
    for (const chip of [own, ...boards.keys()]) {
      const tags = boards.get(chip);
      const tag = tags && takeTag(tags, request);
      if (tag === undefined) continue;
      return { request, x: topology.x[chip] as number, y: topology.y[chip] as number, tag };
    }
    throw new TagShortageError(vertex, boards.size, `all ${boards.size} boards are out of them`);
  });
}

/** A tag in use. */
interface BoardTag {
  readonly tag: number;
  /** Requests that agree in this share it. */
  readonly use: string;
  /** UDP port of the board that it listens on; undefined for an IPTag. */
  readonly listens: number | undefined;
}

/** A tag of a board, or undefined when none is left or another listens on the port. */
function takeTag(tags: BoardTag[], request: TagRequest): number | undefined {
  const isReverse = request.kind === 'reverse';
  const use = isReverse
    ? `${request.vertex} ${request.port} ${request.sdpPort ?? 1}`
    : `${request.host}:${request.port} ${request.strip === true}`;
  const same = tags.find(
    (known) => known.use === use && (known.listens !== undefined) === isReverse,
  );
  if (same) return same.tag;
  if (isReverse && tags.some(({ listens }) => listens === request.port)) return undefined;
  const tag = TAGS.find((candidate) => tags.every((known) => known.tag !== candidate));
  if (tag !== undefined) tags.push({ tag, use, listens: isReverse ? request.port : undefined });
  return tag;
}

/** UDP ports are 16 bits wide. */
const MOST_PORT = 0xffff;

function checkRequest({ vertices }: Graph, request: TagRequest): void {
  const { vertex, port } = request;
  if (vertices.names[vertex] === undefined)
    throw new RangeError(`the graph has no vertex ${vertex}`);
  if (!Number.isInteger(port) || port < 1 || port > MOST_PORT) {
    throw new RangeError(`a tag has port ${port}; give 1 to ${MOST_PORT}`);
  }
  if (request.kind !== 'reverse') return;
  const { sdpPort = 1 } = request;
  if (!Number.isInteger(sdpPort) || sdpPort < 0 || sdpPort > 7) {
    throw new RangeError(`a tag has SDP port ${sdpPort}; give 0 to 7`);
  }
}

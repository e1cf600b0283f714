/** Figures of a mapping's quality. */
import { LINKS } from '@spin-tools/machine-model';
import type { MappingStages } from './stages.js';
import type { Tables } from './tables/tables.js';

/** Traffic over one link. */
export interface LinkLoad {
  readonly x: number;
  readonly y: number;
  readonly link: number;
  /** Sum of the traffic of the nets that use the link, in the graph's unit. */
  readonly traffic: number;
  /** Nets that use the link. */
  readonly nets: number;
}

/** Sizes of a set of routing tables. */
export interface TableSizes {
  readonly total: number;
  readonly most: number;
  /** Over all chips of the machine. */
  readonly mean: number;
}

/** Figures of a whole mapping. */
export interface MappingStatistics {
  readonly vertices: number;
  readonly nets: number;
  readonly sinks: number;
  readonly chipsUsed: number;
  readonly coresUsed: number;
  /** Links used, summed over all nets. */
  readonly hops: number;
  /** Hops times the traffic of each net. */
  readonly trafficHops: number;
  readonly linksUsed: number;
  readonly mostNetsOnLink: number;
  readonly mostTrafficOnLink: number;
  readonly completeEntries: TableSizes;
  readonly entries: TableSizes;
}

/** Figures of a mapping. */
export function mappingStatistics(stages: MappingStages): MappingStatistics {
  const { graph, placement, trees } = stages;
  const { traffic, nets } = loadColumns(stages);
  const most = (values: Float64Array | Int32Array) => {
    let largest = 0;
    for (const value of values) largest = Math.max(largest, value);
    return largest;
  };
  return {
    vertices: graph.vertices.count,
    nets: graph.nets.count,
    sinks: graph.nets.sinks.length,
    chipsUsed: new Set(placement.chipOf).size,
    coresUsed: graph.vertices.cores.reduce((total, cores) => total + cores, 0),
    hops: trees.chip.length - graph.nets.count,
    trafficHops: traffic.reduce((total, each) => total + each, 0),
    linksUsed: nets.reduce((total, each) => total + (each === 0 ? 0 : 1), 0),
    mostNetsOnLink: most(nets),
    mostTrafficOnLink: most(traffic),
    completeEntries: tableSizes(stages.complete),
    entries: tableSizes(stages.tables),
  };
}

/** Links that carry any net, the busiest first. */
export function linkLoads(stages: MappingStages): LinkLoad[] {
  const { topology } = stages;
  const { traffic, nets } = loadColumns(stages);
  const used = Array.from(nets.keys()).filter((index) => nets[index] !== 0);
  return used
    .map((index) => {
      const chip = Math.floor(index / LINKS);
      return {
        x: topology.x[chip] as number,
        y: topology.y[chip] as number,
        link: index % LINKS,
        traffic: traffic[index] as number,
        nets: nets[index] as number,
      };
    })
    .sort((a, b) => b.traffic - a.traffic || b.nets - a.nets);
}

/** Traffic and nets on link l of chip c at c * 6 + l. */
function loadColumns({ graph, topology, trees }: MappingStages) {
  const traffic = new Float64Array(topology.chips * LINKS);
  const nets = new Int32Array(topology.chips * LINKS);
  for (let net = 0; net < graph.nets.count; net++) {
    const end = trees.start[net + 1] as number;
    const ofNet = graph.nets.traffic[net] as number;
    for (let node = trees.start[net] as number; node < end; node++) {
      const first = (trees.chip[node] as number) * LINKS;
      for (let links = (trees.route[node] as number) & ALL_LINKS; links !== 0; links &= links - 1) {
        const index = first + 31 - Math.clz32(links & -links);
        traffic[index] = (traffic[index] as number) + ofNet;
        nets[index] = (nets[index] as number) + 1;
      }
    }
  }
  return { traffic, nets };
}

const ALL_LINKS = (1 << LINKS) - 1;

function tableSizes({ start }: Tables): TableSizes {
  const chips = start.length - 1;
  let most = 0;
  for (let chip = 0; chip < chips; chip++) {
    most = Math.max(most, (start[chip + 1] as number) - (start[chip] as number));
  }
  const total = start[chips] as number;
  return { total, most, mean: total / Math.max(chips, 1) };
}

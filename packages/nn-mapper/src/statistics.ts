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
  const loads = linkLoads(stages);
  const most = (values: readonly number[]) =>
    values.reduce((largest, value) => Math.max(largest, value), 0);
  return {
    vertices: graph.vertices.count,
    nets: graph.nets.count,
    sinks: graph.nets.sinks.length,
    chipsUsed: new Set(placement.chipOf).size,
    coresUsed: graph.vertices.cores.reduce((total, cores) => total + cores, 0),
    hops: trees.chip.length - graph.nets.count,
    trafficHops: loads.reduce((total, { traffic }) => total + traffic, 0),
    linksUsed: loads.length,
    mostNetsOnLink: most(loads.map(({ nets }) => nets)),
    mostTrafficOnLink: most(loads.map(({ traffic }) => traffic)),
    completeEntries: tableSizes(stages.complete),
    entries: tableSizes(stages.tables),
  };
}

/** Links that carry any net, the busiest first. */
export function linkLoads({ graph, topology, trees }: MappingStages): LinkLoad[] {
  const traffic = new Float64Array(topology.chips * LINKS);
  const nets = new Int32Array(topology.chips * LINKS);
  for (let net = 0; net < graph.nets.count; net++) {
    const end = trees.start[net + 1] as number;
    for (let node = trees.start[net] as number; node < end; node++) {
      for (let link = 0; link < LINKS; link++) {
        if (((trees.route[node] as number) & (1 << link)) === 0) continue;
        const index = (trees.chip[node] as number) * LINKS + link;
        traffic[index] = (traffic[index] as number) + (graph.nets.traffic[net] as number);
        nets[index] = (nets[index] as number) + 1;
      }
    }
  }
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

function tableSizes({ start }: Tables): TableSizes {
  const chips = start.length - 1;
  let most = 0;
  for (let chip = 0; chip < chips; chip++) {
    most = Math.max(most, (start[chip + 1] as number) - (start[chip] as number));
  }
  const total = start[chips] as number;
  return { total, most, mean: total / Math.max(chips, 1) };
}

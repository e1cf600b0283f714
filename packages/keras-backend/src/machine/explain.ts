/** How a network lies on a machine, as plain JSON for reports and for people. */
import type { LinkLoad } from '@spin-tools/nn-mapper';
import { type DenseCore, vertexName } from '../tiles/index.js';
import type { Deployment } from './deployment.js';
import type { Host, LinkTraffic } from './host.js';

/** One core of a layer. */
export interface CoreExplanation {
  readonly name: string;
  readonly x: number;
  readonly y: number;
  readonly core: number;
  /** First unit and input of its weights, and how many of each; absent on a core that is only a head. */
  readonly tile?: {
    readonly row0: number;
    readonly rows: number;
    readonly column0: number;
    readonly columns: number;
  };
  /** Units that it sums up. */
  readonly head?: { readonly unit0: number; readonly units: number };
  /** Core cycles between two packets. */
  readonly sendGap: number;
}

/** One layer on the machine. */
export interface LayerExplanation {
  readonly name: string;
  readonly inputs: number;
  readonly units: number;
  readonly rows: number;
  readonly columns: number;
  readonly rowBlocks: number;
  readonly columnBlocks: number;
  readonly cores: readonly CoreExplanation[];
}

/** A network on a machine. */
export interface DeploymentExplanation {
  readonly machine: {
    readonly width: number;
    readonly height: number;
    readonly chips: readonly { readonly x: number; readonly y: number; readonly cores: number }[];
  };
  readonly coresUsed: number;
  readonly chipsUsed: number;
  readonly layers: readonly LayerExplanation[];
  readonly sequencer: { readonly x: number; readonly y: number; readonly core: number };
  /** Routing entries of the fullest router, and of all together. */
  readonly routingEntries: { readonly most: number; readonly total: number };
  /** Packets a sample over each link while training, as mapped. */
  readonly linkLoads: readonly LinkLoad[];
  /** Packets over each link so far, on machines that count them. */
  readonly linkTraffic?: readonly LinkTraffic[];
}

/** Describes a deployment. */
export function explain(deployment: Deployment, host: Host): DeploymentExplanation {
  const { plan, tiles, mapping, places, sendGaps, network } = deployment;
  const { machine } = host;
  const at = (vertex: number) => {
    const { x, y, core } = places[vertex] as Deployment['places'][number];
    return { x, y, core };
  };
  const linkTraffic = host.linkTraffic?.();
  return {
    machine: {
      width: machine.width,
      height: machine.height,
      chips: machine.chips.map(({ x, y, cores }) => ({ x, y, cores })),
    },
    coresUsed: places.length,
    chipsUsed: mapping.statistics.chipsUsed,
    layers: tiles.layers.map(({ name, shape, rowBlocks, columnBlocks, cores }, index) => ({
      name,
      inputs: plan.layers[index]?.inputs ?? 0,
      units: plan.layers[index]?.units ?? 0,
      ...shape,
      rowBlocks,
      columnBlocks,
      cores: cores.map((vertex) => {
        const core = tiles.cores[vertex] as DenseCore;
        const { tile, head } = core;
        return {
          name: vertexName(tiles, core),
          ...at(vertex),
          ...(tile && {
            tile: {
              row0: tile.row0,
              rows: tile.rows,
              column0: tile.column0,
              columns: tile.columns,
            },
          }),
          ...(head && { head }),
          sendGap: sendGaps[vertex] as number,
        };
      }),
    })),
    sequencer: at(network.sequencer),
    routingEntries: {
      most: mapping.statistics.entries.most,
      total: mapping.statistics.entries.total,
    },
    linkLoads: mapping.linkLoad(),
    ...(linkTraffic && { linkTraffic }),
  };
}

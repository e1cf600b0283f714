/** Puts a deployment on a machine: memory, regions, routing tables, programs. */
import {
  type ChipAddress,
  type CoreAddress,
  CoreState,
  Signal,
  vcpuField,
  write,
} from '@spin-tools/scp';
import { denseImage, sequencerImage } from '../images/index.js';
import { DenseRegion, SequencerRegion } from '../layouts/index.js';
import {
  type ConfigurationContext,
  configure,
  EMPTY_SLOT,
  encodeConfiguration,
  sequencerConfigurationBytes,
} from './configuration.js';
import { type Deployment, verticesByChip } from './deployment.js';
import type { ApplicationIds, Host } from './host.js';
import { encodeRegionTable, type RegionMap } from './region-map.js';

/**
 * How long programs may take to start, ms of the wall clock: on a virtual machine that grows with
 * their number.
 */
const START_MS = 10_000;
const START_MS_OF_CORE = 250;

/** Tag of the block with the regions of a chip's cores. */
const REGIONS_TAG = 1;

/** Address of the region table of each vertex. */
export type TableAddresses = readonly number[];

/** What of a deployment the sequencer is reached by. */
export interface SequencerDeployment extends Pick<Deployment, 'regions'> {
  readonly places: readonly CoreAddress[];
  readonly network: Pick<Deployment['network'], 'sequencer'>;
}

/** Address of a region of a vertex. */
export const regionAddress = (
  { regions }: Pick<Deployment, 'regions'>,
  tables: TableAddresses,
  vertex: number,
  region: number,
): number =>
  (tables[vertex] as number) + ((regions[vertex] as RegionMap).offsets[region] as number);

/** Frees what applications with these identifiers left on the chips of a deployment, and stops them. */
export async function clearApplications(
  { controller }: Host,
  deployment: Deployment,
  ids: ApplicationIds,
): Promise<void> {
  await controller.signal(Signal.Stop, ids.dense);
  await controller.signal(Signal.Stop, ids.sequencer);
  const chips = chipsInUse(deployment);
  await Promise.all(
    chips.flatMap((chip) => [
      controller.freeRoutingEntriesOfApp(chip, ids.dense),
      controller.freeSdramOfApp(chip, ids.dense),
    ]),
  );
}

/** Chips with cores or routing entries of a deployment; its packets pass others as well, by default routes. */
function chipsInUse(deployment: Deployment): ChipAddress[] {
  const chips = new Map<string, ChipAddress>();
  for (const { x, y } of [...deployment.places, ...deployment.mapping.tables()]) {
    chips.set(`${x},${y}`, { x, y });
  }
  return [...chips.values()];
}

/** Allocates the memory of all cores and writes tables and configurations into it. */
export async function loadRegions(
  host: Host,
  deployment: Deployment,
  ids: ApplicationIds,
): Promise<TableAddresses> {
  const tables = new Array<number>(deployment.places.length).fill(0);
  await Promise.all(
    verticesByChip(deployment).map(async ({ x, y, vertices }) => {
      const sizes = vertices.map((vertex) => (deployment.regions[vertex] as RegionMap).size);
      const size = sizes.reduce((total, bytes) => total + bytes, 0);
      const owner = { appId: ids.dense, tag: REGIONS_TAG };
      let address = await host.controller.allocateSdram({ x, y }, size, owner);
      vertices.forEach((vertex, index) => {
        tables[vertex] = address;
        address += sizes[index] as number;
      });
    }),
  );
  await Promise.all(
    deployment.places.map((_, vertex) => loadVertex(host, deployment, tables, vertex)),
  );
  return tables;
}

/** Writes the region table, the configuration and empty regions of one core, and tells it where. */
async function loadVertex(
  { controller }: Host,
  deployment: Deployment,
  tables: TableAddresses,
  vertex: number,
): Promise<void> {
  const { places, regions, tiles, network } = deployment;
  const { x, y, core } = places[vertex] as Deployment['places'][number];
  const map = regions[vertex] as RegionMap;
  const table = tables[vertex] as number;
  const context: ConfigurationContext = deployment;
  const dense = tiles.cores[vertex];
  const configuration = dense
    ? encodeConfiguration(configure(context, dense, [EMPTY_SLOT, EMPTY_SLOT]))
    : sequencerConfigurationBytes(context, network.sequencer);
  const image = new Uint8Array(map.offsets[1] as number);
  image.set(encodeRegionTable(map, table));
  image.set(configuration, map.offsets[DenseRegion.Configuration]);
  const chip = { x, y };
  await controller.write(chip, table, image);
  await controller.fill(chip, table + image.length, map.size - image.length);
  const user0 = new Uint8Array(4);
  new DataView(user0.buffer).setUint32(0, table, true);
  await controller.scp.send(chip, write(vcpuField(core, 'user0').address, user0));
}

/** Loads the routing tables. */
export async function loadTables(
  { controller }: Host,
  { mapping }: Deployment,
  ids: ApplicationIds,
): Promise<void> {
  await Promise.all(
    mapping
      .tables()
      .map(({ x, y, entries }) => controller.loadRoutingTable({ x, y }, entries, ids.dense)),
  );
}

/** Loads both programs and waits until all cores run. */
export async function startPrograms(
  { controller }: Host,
  deployment: Deployment,
  ids: ApplicationIds,
): Promise<void> {
  const { sequencer } = deployment.network;
  const targets = verticesByChip(deployment).map(({ x, y, vertices }) => ({
    chip: { x, y },
    cores: vertices
      .filter((vertex) => vertex !== sequencer)
      .map((vertex) => deployment.places[vertex]?.core ?? 0),
  }));
  const { x, y, core } = deployment.places[sequencer] as Deployment['places'][number];
  const last = [{ chip: { x, y }, cores: [core] }];
  const timeoutMs = START_MS + START_MS_OF_CORE * deployment.places.length;
  await controller.loadApplication(denseImage(), targets, ids.dense, { timeoutMs });
  await controller.waitForState(targets, CoreState.Run, { timeoutMs });
  await controller.loadApplication(sequencerImage(), last, ids.sequencer, { timeoutMs });
  await controller.waitForState(last, CoreState.Run, { timeoutMs });
}

/** Region 1 of the sequencer. */
export const commandAddress = (deployment: SequencerDeployment, tables: TableAddresses): number =>
  regionAddress(deployment, tables, deployment.network.sequencer, SequencerRegion.Command);

/** Region 2 of the sequencer. */
export const progressAddress = (deployment: SequencerDeployment, tables: TableAddresses): number =>
  regionAddress(deployment, tables, deployment.network.sequencer, SequencerRegion.Progress);

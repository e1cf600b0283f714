/** The `machine` engine: networks on a SpiNNaker machine, real or virtual. */
import { CoreStateError } from '@spin-tools/scp';
import type { NetworkPlan } from '../engine.js';
import { applicationIds } from './application-ids.js';
import { type Deployment, deploy, tilesFor } from './deployment.js';
import { diagnoseStart } from './diagnosis.js';
import { LoadedEngine, type MachineEngine } from './engine.js';
import type { ApplicationIds, Host } from './host.js';
import { clearApplications, loadRegions, loadTables, startPrograms } from './load.js';
import { machineAhead } from './machine-ahead.js';
import { openHost } from './open-host.js';
import type { MachineEngineOptions } from './options.js';
import { lengthenWaits } from './router-waits.js';

export type { MachineEngine } from './engine.js';
export {
  DataSetTooLargeError,
  MachineRunError,
  PacketsDroppedError,
  ScheduleTooLargeError,
} from './errors.js';
export type { DeploymentExplanation, LayerExplanation } from './explain.js';
export type {
  MachineAddress,
  MachineEngineOptions,
  MachineStage,
  MachineTransports,
} from './options.js';
export { type CoreProvenance, type LayerTime, layerTimes, type PhaseCycles } from './provenance.js';

/**
 * Puts a network on a machine and starts it there.
 *
 * @throws NetworkTooLargeError, TileTooLargeError or InvalidTilingError when the network does not
 *   fit; what the mapper and the controller throw
 */
export async function createMachineEngine(
  plan: NetworkPlan,
  options: MachineEngineOptions = {},
): Promise<MachineEngine> {
  const ids = applicationIds(options.appId);
  const ahead = machineAhead(options);
  // What is too large is refused before a machine is opened, where it is known what that will be.
  if (ahead) tilesFor(plan, ahead, options);
  const host = await openHost(options);
  try {
    options.onStage?.('map');
    const deployment = deploy(plan, host.machine, options);
    options.onStage?.('load');
    await clearApplications(host, deployment, ids);
    const tables = await loadRegions(host, deployment, ids);
    await loadTables(host, deployment, ids);
    const routers = await lengthenWaits(host);
    options.onStage?.('start');
    await start(host, deployment, ids);
    return new LoadedEngine({ host, deployment, ids, tables, routers });
  } catch (error) {
    await host.close();
    throw error;
  }
}

/** Starts the programs; when some do not, asks them why. */
async function start(host: Host, deployment: Deployment, ids: ApplicationIds): Promise<void> {
  try {
    await startPrograms(host, deployment, ids);
  } catch (error) {
    throw error instanceof CoreStateError ? await diagnoseStart(host, deployment, error) : error;
  }
}

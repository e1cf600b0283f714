/** Schedules on a SpiNNaker machine. */
import { applicationIds } from '../../machine/application-ids.js';
import { openHost } from '../../machine/open-host.js';
import type { MachineEngineOptions } from '../../machine/options.js';
import type { ScheduleEngine } from '../engine.js';
import type { Explain } from '../explain.js';
import { MachineScheduleEngine } from './engine.js';
import { exchangeGaps, replicaTimes } from './exchange.js';
import { placeSchedule, roomFor } from './place.js';
import { routeSchedule } from './routes.js';

/**
 * Opens a machine and starts workers there.
 *
 * @param explain what a network costs, from which the number of replicas is chosen; one unless told
 * @throws OptionError for more replicas than there are chips
 */
export async function createMachineScheduleEngine(
  options: MachineEngineOptions = {},
  explain?: Explain,
): Promise<ScheduleEngine> {
  const ids = applicationIds(options.appId);
  const host = await openHost(options);
  try {
    options.onStage?.('map');
    const { machine } = host;
    const room = roomFor(machine, options.workers);
    const best = () => explain && replicaTimes(machine, explain, options.workers)[0]?.replicas;
    const places = placeSchedule(room, options.replicas ?? best() ?? 1);
    const routes = routeSchedule(places, machine);
    const gaps = exchangeGaps(machine, places.replicas, routes.trees);
    const network = { places, ...routes, gaps };
    return new MachineScheduleEngine(host, network, ids, options);
  } catch (error) {
    await host.close();
    throw error;
  }
}

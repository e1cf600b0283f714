/** Schedules on a SpiNNaker machine. */
import { applicationIds } from '../../machine/application-ids.js';
import { openHost } from '../../machine/open-host.js';
import type { MachineEngineOptions } from '../../machine/options.js';
import type { ScheduleEngine } from '../engine.js';
import type { Explain } from '../explain.js';
import { MachineScheduleEngine } from './engine.js';
import { exchangeGaps } from './exchange.js';
import { placeSchedule, roomFor } from './place.js';
import { routeSchedule } from './routes.js';
import { checkRoom, chooseSpread } from './spread.js';

/**
 * Opens a machine and starts workers there.
 *
 * @param explain what a batch of a network costs, from which the number of replicas is chosen; one unless told
 * @throws ScheduleTooLargeError when there is no room for a batch, before a machine is opened where that is known then
 * @throws OptionError for more replicas than there are chips
 */
export async function createMachineScheduleEngine(
  options: MachineEngineOptions = {},
  explain?: Explain,
): Promise<ScheduleEngine> {
  const ids = applicationIds(options.appId);
  if (explain) checkRoom(options, explain);
  const host = await openHost(options);
  try {
    options.onStage?.('map');
    const { machine } = host;
    const spread = explain && chooseSpread(machine, options, explain);
    const room = roomFor(machine, spread?.workers ?? options.workers);
    const places = placeSchedule(room, spread?.chips ?? options.replicas ?? 1);
    const routes = routeSchedule(places, machine);
    const gaps = exchangeGaps(machine, places.replicas, routes.trees);
    const network = { places, ...routes, gaps, ...(spread && { spread }) };
    return new MachineScheduleEngine(host, network, ids, options);
  } catch (error) {
    await host.close();
    throw error;
  }
}

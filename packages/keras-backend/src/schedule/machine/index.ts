/** Schedules on a SpiNNaker machine. */
import { applicationIds } from '../../machine/application-ids.js';
import { openHost } from '../../machine/open-host.js';
import type { MachineEngineOptions } from '../../machine/options.js';
import type { ScheduleEngine } from '../engine.js';
import { MachineScheduleEngine } from './engine.js';
import { placeSchedule } from './place.js';

/** Opens a machine and starts workers there. */
export async function createMachineScheduleEngine(
  options: MachineEngineOptions = {},
): Promise<ScheduleEngine> {
  const ids = applicationIds(options.appId);
  const host = await openHost(options);
  try {
    options.onStage?.('map');
    const places = placeSchedule(host.machine, options.workers);
    return new MachineScheduleEngine(host, places, ids, options);
  } catch (error) {
    await host.close();
    throw error;
  }
}

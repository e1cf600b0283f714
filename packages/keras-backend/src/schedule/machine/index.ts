/** Schedules on a SpiNNaker machine. */
import type { ApplicationIds } from '../../machine/host.js';
import { openHost } from '../../machine/open-host.js';
import type { MachineEngineOptions } from '../../machine/options.js';
import type { ScheduleEngine } from '../engine.js';
import { MachineScheduleEngine } from './engine.js';
import { placeSchedule } from './place.js';

/** "MN", for no application that anyone else is likely to run. */
const DEFAULT_APP_ID = 66;

/** Opens a machine and starts workers there. */
export async function createMachineScheduleEngine(
  options: MachineEngineOptions = {},
): Promise<ScheduleEngine> {
  const first = options.appId ?? DEFAULT_APP_ID;
  const ids: ApplicationIds = { dense: first, sequencer: first + 1 };
  const host = await openHost(options);
  try {
    options.onStage?.('map');
    const places = placeSchedule(host.machine, options.workers);
    return new MachineScheduleEngine(host, places, ids, options.dataBytes);
  } catch (error) {
    await host.close();
    throw error;
  }
}

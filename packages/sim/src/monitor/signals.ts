/** Signals to applications. Source: SC&MP 4.0 `signal_app`. */
import { CoreState, decodeSignal, Signal } from '@spin-tools/scp';
import { freeSdramOfApplication } from './application-sdram.js';
import type { ChipMonitor } from './world.js';

/** Signals the applications of all chips; those far away get it later. */
export function signalAll(from: ChipMonitor, word: number): void {
  for (const monitor of from.world.monitors) {
    const latency = from.world.latency(from, monitor);
    if (latency === 0) signal(monitor, word);
    else from.world.after(latency, () => signal(monitor, word));
  }
}

/** Carries out a signal on the cores of one chip that it is for. */
export function signal(monitor: ChipMonitor, word: number): void {
  const request = decodeSignal(word);
  const cores = monitor.programs.ofApplication(request.appId, request.appMask);
  switch (request.signal) {
    case Signal.Init:
    case Signal.PowerDown:
      for (const core of cores) monitor.programs.stop(core);
      if (request.signal === Signal.PowerDown) markDown(monitor, cores);
      return;
    case Signal.Stop:
      stopApplications(monitor, cores, request.appId, request.appMask);
      return;
    case Signal.Sync0:
    case Signal.Sync1:
      synchronise(monitor, cores, request.signal === Signal.Sync1);
      return;
    default:
      for (const core of cores) {
        if (monitor.programs.isRunning(core)) monitor.mailboxes.signal(core, request.signal);
      }
  }
}

function markDown({ memory }: ChipMonitor, cores: readonly number[]): void {
  for (const core of cores) memory.setVcpu(core, 'state', CoreState.PowerDown);
}

/** Sets or clears the flag that the cores wait for and wakes them. */
function synchronise(monitor: ChipMonitor, cores: readonly number[], isSet: boolean): void {
  const { systemController } = monitor.chip;
  const flags = cores.reduce((mask, core) => mask | (1 << core), 0);
  if (isSet) systemController.flags |= flags;
  else systemController.flags &= ~flags;
  for (const core of cores) {
    if (monitor.programs.isRunning(core)) monitor.mailboxes.interrupt(core);
  }
}

/** Stops cores and frees what their applications own. */
function stopApplications(
  monitor: ChipMonitor,
  cores: readonly number[],
  appId: number,
  appMask: number,
): void {
  for (const core of cores) monitor.programs.stop(core);
  for (let app = 1; app < 256; app++) {
    if ((app & appMask) !== appId) continue;
    freeSdramOfApplication(monitor, app);
    for (const heap of ['systemRamHeap', 'systemHeap'] as const) {
      monitor.heap(heap).freeOfApplication(app, () => undefined);
    }
    monitor.entries.releaseOfApplication(app, true);
    monitor.programs.forget(app);
  }
}

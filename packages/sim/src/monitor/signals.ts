/** Signals to applications. Source: `signal_app` of SC&MP 4.0; the same since 3.1. */
import { decodeSignal, Signal } from '@spin-tools/scp';
import { freeSdramOfApplication } from './application-sdram.js';
import type { ChipMonitor } from './world.js';

const MICROSECOND_NS = 1000;
const APPLICATIONS = 256;

/** Signals the applications of all chips by multicast; those far away get it later. */
export function signalAll(from: ChipMonitor, word: number): void {
  const { world } = from;
  world.countSignal(from);
  for (const monitor of world.monitors) {
    const latency = world.latency(from, monitor);
    if (latency === 0) signal(monitor, word);
    else world.after(latency, () => signal(monitor, word));
  }
}

/** Carries out a signal on the cores of one chip that it is for. */
export function signal(monitor: ChipMonitor, word: number): void {
  const request = decodeSignal(word);
  const { programs, mailboxes } = monitor;
  const cores = programs.ofApplication(request.appId, request.appMask);
  switch (request.signal & 0xf) {
    case Signal.Init:
      programs.initialise(cores);
      return;
    case Signal.PowerDown:
      programs.powerDown(cores);
      return;
    case Signal.Stop:
      programs.initialise(cores);
      cleanApplications(monitor, request.appId, request.appMask);
      return;
    case Signal.Sync0:
    case Signal.Sync1:
      synchronise(monitor, cores, (request.signal & 0xf) === Signal.Sync1);
      return;
    default:
      for (const core of cores) {
        if (programs.isRunning(core)) mailboxes.signal(core, request.signal & 0xf);
      }
  }
}

/** Sets or clears the flag that the cores wait for and wakes them, when it has reached all chips. */
function synchronise(monitor: ChipMonitor, cores: readonly number[], isSet: boolean): void {
  const { chip, memory, world } = monitor;
  const act = () => {
    const flags = cores.reduce((mask, core) => mask | (1 << core), 0);
    chip.setFlags(flags, isSet);
    for (const core of cores) {
      if (monitor.programs.isRunning(core)) monitor.mailboxes.interrupt(core);
    }
  };
  const delay = memory.variable('synchronisationDelayMicroseconds');
  if (delay === 0) act();
  else world.after(delay * MICROSECOND_NS, act);
}

/** Frees what applications own: the one named and those after it, as long as they match the mask. */
function cleanApplications(monitor: ChipMonitor, appId: number, appMask: number): void {
  const { programs, entries } = monitor;
  for (let app = appId; app < APPLICATIONS && (app & appMask) === appId; app++) {
    if (app === 0 || programs.isClean(app)) continue;
    freeSdramOfApplication(monitor, app);
    for (const heap of ['systemRamHeap', 'systemHeap'] as const) {
      monitor.heap(heap).freeOfApplication(app, () => undefined);
    }
    entries.releaseOfApplication(app, true);
    programs.clean(app);
  }
}

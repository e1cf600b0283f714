/** Signals to applications, see `MachineController.signal`. */
import { CONNECTED_CHIP } from '../addresses.js';
import { SendSignal, Signal, SignalRoute } from '../commands/application.js';
import { commandOf } from '../commands/command.js';
import type { Scp } from '../connection/scp.js';

/** Signals that monitors pass from neighbour to neighbour, since they reach stopped programs too. */
const NEAREST_NEIGHBOUR_SIGNALS: ReadonlySet<Signal> = new Set([
  Signal.Init,
  Signal.PowerDown,
  Signal.Stop,
]);

/** Sends a signal to all cores of an application. */
export function sendSignal(scp: Scp, signal: Signal, appId: number): Promise<void> {
  const route = NEAREST_NEIGHBOUR_SIGNALS.has(signal)
    ? SignalRoute.NearestNeighbour
    : SignalRoute.Multicast;
  return scp.send(CONNECTED_CHIP, commandOf(SendSignal, { route, signal, appId, appMask: 0xff }));
}

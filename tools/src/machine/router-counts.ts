/** What routers counted, by kind of packet. */
import { discoverMachine } from '@spin-tools/machine-model';
import type { ChipAddress, MachineController, RouterDiagnostics } from '@spin-tools/scp';
import { onEach } from './on-chips.js';

/** The counters of one chip's router. */
export interface ChipCounters extends ChipAddress, RouterDiagnostics {}

/** Kinds of packets and the names of their counters: from the chip itself, from others, dropped. */
export const PACKET_KINDS = [
  ['multicast', 'localMulticast', 'externalMulticast', 'droppedMulticast'],
  ['point-to-point', 'localP2p', 'externalP2p', 'droppedP2p'],
  [
    'nearest-neighbour',
    'localNearestNeighbour',
    'externalNearestNeighbour',
    'droppedNearestNeighbour',
  ],
  ['fixed-route', 'localFixedRoute', 'externalFixedRoute', 'droppedFixedRoute'],
] as const;

/** The counters of all chips, or of one. */
export async function readCounters(
  controller: MachineController,
  chip?: ChipAddress,
): Promise<ChipCounters[]> {
  const chips = chip === undefined ? (await discoverMachine(controller)).chips : [chip];
  return onEach([...chips], async ({ x, y }) => ({
    x,
    y,
    ...(await controller.routerDiagnostics({ x, y })),
  }));
}

/** Packets of all kinds that a router dropped. */
export function droppedBy(counters: RouterDiagnostics): number {
  return PACKET_KINDS.reduce((sum, [, , , dropped]) => sum + counters[dropped], 0);
}

/** Multicast routing tables of chips: loading, reading back. */
import type { ChipAddress } from '../addresses.js';
import { allocateRoutingEntries } from '../commands/allocation.js';
import { readWord } from '../commands/memory.js';
import { loadRoutes } from '../commands/routing.js';
import type { Scp } from '../connection/scp.js';
import { FREE_ROUTE, ROUTER_ENTRIES, routingRecordLayout } from '../memory/records.js';
import { systemVariables } from '../memory/system-variables.js';
import { AllocationError } from './errors.js';
import { readMemory, writeMemory } from './memory.js';
import type { Staging } from './staging.js';

/** One multicast route: packets whose key, masked by `mask`, is `key` go to `route`. */
export interface RoutingEntry {
  readonly key: number;
  readonly mask: number;
  /** Links in bits 5:0, virtual cores in bits 23:6. */
  readonly route: number;
}

/** An entry found in a router. */
export interface LoadedRoutingEntry extends RoutingEntry {
  /** Place in the table, 1 to 1023; lower ones win. */
  readonly index: number;
  readonly appId: number;
}

/** Allocates entries in one block, see `MachineController.allocateRoutingEntries`. */
export async function allocateEntries(
  scp: Scp,
  chip: ChipAddress,
  count: number,
  appId: number,
): Promise<number> {
  const first = await scp.send(chip, allocateRoutingEntries(appId, count));
  if (first === 0) throw new AllocationError(chip, `${count} routing entries`, appId);
  return first;
}

/** Loads entries behind those already there, see `MachineController.loadRoutingTable`. */
export async function loadTable(
  scp: Scp,
  staging: Staging,
  chip: ChipAddress,
  entries: readonly RoutingEntry[],
  appId: number,
): Promise<number> {
  if (entries.length === 0) return 0;
  return staging.onChip(chip, async () => {
    const address = await staging.address(scp, chip);
    const first = await allocateEntries(scp, chip, entries.length, appId);
    await writeMemory(scp, chip, address, encodeTable(entries));
    await scp.send(chip, loadRoutes(appId, entries.length, address, first));
    return first;
  });
}

/** The entries in use on a chip, see `MachineController.readRoutingTable`. */
export async function readTable(scp: Scp, chip: ChipAddress): Promise<LoadedRoutingEntry[]> {
  const address = await scp.send(chip, readWord(systemVariables.routerCopy.address));
  const bytes = await readMemory(scp, chip, address, ROUTER_ENTRIES * routingRecordLayout.size);
  const entries: LoadedRoutingEntry[] = [];
  for (let index = 1; index < ROUTER_ENTRIES; index++) {
    const { free, route, key, mask } = routingRecordLayout.decode(
      bytes,
      index * routingRecordLayout.size,
    );
    if (route < FREE_ROUTE) entries.push({ index, appId: free & 0xff, route, key, mask });
  }
  return entries;
}

/** Records for CMD_RTR, ended by a record of ones. */
function encodeTable(entries: readonly RoutingEntry[]): Uint8Array {
  const { size } = routingRecordLayout;
  const table = new Uint8Array((entries.length + 1) * size).fill(0xff);
  entries.forEach(({ route, key, mask }, index) => {
    routingRecordLayout.encode({ next: index, free: 0, route, key, mask }, table, index * size);
  });
  return table;
}

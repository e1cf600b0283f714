/** The counters of a router, as the monitor sets them up. Source: SC&MP 4.0 default filters. */
import type { ChipAddress } from '../addresses.js';
import { read, writeWord } from '../commands/memory.js';
import type { Scp } from '../connection/scp.js';

/** Packets seen by a router since its counters were cleared; each wraps at 2^32. */
export interface RouterDiagnostics {
  readonly localMulticast: number;
  readonly externalMulticast: number;
  readonly localP2p: number;
  readonly externalP2p: number;
  readonly localNearestNeighbour: number;
  readonly externalNearestNeighbour: number;
  readonly localFixedRoute: number;
  readonly externalFixedRoute: number;
  readonly droppedMulticast: number;
  readonly droppedP2p: number;
  readonly droppedNearestNeighbour: number;
  readonly droppedFixedRoute: number;
  /** Counters 12 to 15, which users set up. */
  readonly user: readonly number[];
}

/** Counters 0 to 15. */
const COUNTERS_ADDRESS = 0xe1000300;
const COUNTERS_BYTES = 64;
/** Enables in 15:0, clears in 31:16. */
const COUNTER_CONTROL_ADDRESS = 0xf100002c;

/** Reads all counters of a router. */
export async function readDiagnostics(scp: Scp, chip: ChipAddress): Promise<RouterDiagnostics> {
  const bytes = await scp.send(chip, read(COUNTERS_ADDRESS, COUNTERS_BYTES));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const counter = (index: number): number => view.getUint32(index * 4, true);
  return {
    localMulticast: counter(0),
    externalMulticast: counter(1),
    localP2p: counter(2),
    externalP2p: counter(3),
    localNearestNeighbour: counter(4),
    externalNearestNeighbour: counter(5),
    localFixedRoute: counter(6),
    externalFixedRoute: counter(7),
    droppedMulticast: counter(8),
    droppedP2p: counter(9),
    droppedNearestNeighbour: counter(10),
    droppedFixedRoute: counter(11),
    user: [counter(12), counter(13), counter(14), counter(15)],
  };
}

/** Sets all counters of a router to 0. */
export function clearDiagnostics(scp: Scp, chip: ChipAddress): Promise<void> {
  return scp.send(chip, writeWord(COUNTER_CONTROL_ADDRESS, 0xffffffff));
}

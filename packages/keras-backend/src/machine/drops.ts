/** Packets that routers counted, and those that they dropped. */
import { type ChipAddress, readWord } from '@spin-tools/scp';
import type { RouterDrops } from './errors.js';
import type { Host } from './host.js';

/** Counters of one router that matter here; each wraps at 2^32. */
export interface RouterCounts extends ChipAddress {
  /** Multicast packets that the chip's own cores sent. */
  readonly sent: number;
  /** Multicast packets that came in by links. */
  readonly passed: number;
  readonly dropped: number;
}

/** Router register r10: 31 dumped, 23:6 cores and 5:0 links that were blocked; reading clears. Data sheet section 10. */
const DUMP_STATUS_ADDRESS = 0xe1000028;
const LINKS = 6;
const CORES = 18;

/** Reads the counters of all routers: packets pass chips without cores or routing entries, too. */
export function readCounts({ controller, machine }: Host): Promise<RouterCounts[]> {
  return Promise.all(
    machine.chips.map(async ({ x, y }): Promise<RouterCounts> => {
      const counters = await controller.routerDiagnostics({ x, y });
      return {
        x,
        y,
        sent: counters.localMulticast,
        passed: counters.externalMulticast,
        dropped: counters.droppedMulticast,
      };
    }),
  );
}

/** Sums of a counter over routers, from one reading to the next. */
export const countedBetween = (
  counter: 'sent' | 'passed',
  before: readonly RouterCounts[],
  after: readonly RouterCounts[],
): number =>
  after.reduce((sum, counts, index) => {
    const start = before[index]?.[counter] ?? 0;
    return sum + ((counts[counter] - start) >>> 0);
  }, 0);

/** Routers that dropped packets between two readings, and what they could not reach. */
export function dropsBetween(
  { controller }: Host,
  before: readonly RouterCounts[],
  after: readonly RouterCounts[],
): Promise<RouterDrops[]> {
  const dropping = after
    .map(({ x, y, dropped }, index) => ({
      x,
      y,
      packets: (dropped - (before[index]?.dropped ?? 0)) >>> 0,
    }))
    .filter(({ packets }) => packets > 0);
  return Promise.all(
    dropping.map(async ({ x, y, packets }) => {
      const blocked = await controller.scp.send({ x, y }, readWord(DUMP_STATUS_ADDRESS));
      const bits = (from: number, count: number) =>
        [...Array(count).keys()].filter((bit) => blocked & (1 << (from + bit)));
      return { x, y, packets, links: bits(0, LINKS), cores: bits(LINKS, CORES) };
    }),
  );
}

/** The same up to now, of a machine that failed: none where it does not answer any more, since other errors say more. */
export async function dropsAfterFailure(
  host: Host,
  before: readonly RouterCounts[],
): Promise<RouterDrops[]> {
  try {
    return await dropsBetween(host, before, await readCounts(host));
  } catch {
    return [];
  }
}

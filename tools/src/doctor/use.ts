/** Checks of what is on a machine: cores, memory, routers, tags. */
import { discoverMachine, FREE_SDRAM_BYTES } from '@spin-tools/machine-model';
import {
  type ChipAddress,
  formatChip,
  IpTagFlag,
  type MachineController,
  ROUTER_ENTRIES,
} from '@spin-tools/scp';
import { groupBy } from '../group-by.js';
import { type CoreEntry, coreEntries, describeCore } from '../machine/core-entries.js';
import { onEach } from '../machine/on-chips.js';
import { coreName } from '../machine/output.js';
import { readCounters } from '../machine/router-counts.js';
import { count } from '../terminal/count.js';
import { plain } from '../terminal/plain.js';
import { some } from '../terminal/some.js';
import { type Finding, fault, note, ok } from './finding.js';

/** Whether programs failed, and which are left on the machine. */
export async function checkCores(controller: MachineController): Promise<Finding[]> {
  const cores = await coreEntries(controller);
  const failed = cores.filter(({ error }) => error !== undefined);
  const findings = failed.length === 0 ? [] : [failedCores(failed)];
  const others = cores.filter(({ error }) => error === undefined);
  if (others.length > 0) findings.push(leftCores(others));
  return findings.length > 0 ? findings : [ok('cores', 'no programs, none failed')];
}

function failedCores(failed: readonly CoreEntry[]): Finding {
  const names = failed.map(
    (core) => `${coreName(core)} ${plain(core.name)}, ${describeCore(core)}`,
  );
  return fault(
    'cores',
    `${count(failed.length, 'core')} failed: ${some(names)}`,
    `read what they said with "spin-tools iobuf", then "spin-tools signal stop --app-id ${failed[0]?.appId}"`,
  );
}

function leftCores(cores: readonly CoreEntry[]): Finding {
  const applications = [...groupBy(cores, ({ appId }) => String(appId))];
  const names = applications.map(
    ([appId, group]) => `${appId} (${plain(group[0].name)}) on ${count(group.length, 'core')}`,
  );
  return note(
    'cores',
    `applications are on the machine: ${some(names)}`,
    `if nobody uses them: "spin-tools signal stop --app-id ${applications[0]?.[0]}"`,
  );
}

/** Share of memory, or of entries, that must be free. */
const LEAST_FREE = 0.1;
/** Entries that programs may have: the monitor keeps the first. */
const ENTRIES = ROUTER_ENTRIES - 1;

/** Whether chips have memory and routing entries left. */
export async function checkRoom(controller: MachineController): Promise<Finding[]> {
  const { chips } = await discoverMachine(controller);
  const found = await onEach([...chips], async ({ x, y }) => ({
    ...{ x, y },
    ...(await controller.chipInformation({ x, y })),
  }));
  const advice =
    'stop applications that are no longer needed ("spin-tools ps"), or boot the machine again';
  const full = found.filter(({ freeSdram }) => freeSdram < FREE_SDRAM_BYTES * LEAST_FREE);
  const crowded = found.filter((chip) => chip.freeRoutingEntries < ENTRIES * LEAST_FREE);
  return [
    full.length === 0
      ? ok(
          'memory',
          `at least ${megabytes(Math.min(...found.map((chip) => chip.freeSdram)))} MB free`,
        )
      : fault(
          'memory',
          `${count(full.length, 'chip has', 'chips have')} little SDRAM left: ${chipNames(full)}`,
          advice,
        ),
    crowded.length === 0
      ? ok('tables', 'room in all routing tables')
      : fault(
          'tables',
          `${count(crowded.length, 'routing table is', 'routing tables are')} full: ${chipNames(crowded)}`,
          advice,
        ),
  ];
}

const BYTES_PER_MEGABYTE = 1e6;
const megabytes = (bytes: number): string => (bytes / BYTES_PER_MEGABYTE).toFixed(0);
const chipNames = (chips: readonly ChipAddress[]): string => some(chips.map(formatChip));

/**
 * Whether routers lost packets of programs or between monitors. Packets to neighbours are not judged: booting
 * loses some of them, on the way to parts that are dead.
 */
export async function checkDrops(controller: MachineController): Promise<Finding> {
  const chips = await readCounters(controller);
  const dropping = chips
    .map((chip) => ({
      ...chip,
      dropped: chip.droppedMulticast + chip.droppedP2p + chip.droppedFixedRoute,
    }))
    .filter(({ dropped }) => dropped > 0)
    .sort((a, b) => b.dropped - a.dropped);
  if (dropping.length === 0) return ok('routers', 'no packets were dropped');
  const names = dropping.map((chip) => `${chip.dropped} by ${formatChip(chip)}`);
  return fault(
    'routers',
    `packets were dropped: ${some(names)}`,
    'is a core too slow for what it gets, or a link too busy? Clear the counters with ' +
      '"spin-tools counters --clear", run the program again, and look which chips drop',
  );
}

/** Tags 0 to 7 are for users. */
const USER_TAGS = 8;

/** Whether there are tags left on each ethernet chip. */
export async function checkTags(controller: MachineController): Promise<Finding> {
  const ethernets = await controller.ethernetChips();
  const numbers = Array.from({ length: USER_TAGS }, (_, tag) => tag);
  const counted = await onEach([...ethernets], async ({ chip }) => {
    const tags = await Promise.all(numbers.map((tag) => controller.getIpTag(chip, tag)));
    return { ...chip, free: tags.filter(({ flags }) => (flags & IpTagFlag.Valid) === 0).length };
  });
  const taken = counted.filter(({ free }) => free === 0);
  if (taken.length === 0) {
    return ok('tags', `at least ${Math.min(...counted.map(({ free }) => free))} of 8 tags free`);
  }
  return fault(
    'tags',
    `all tags are taken on ${chipNames(taken)}`,
    'see who has them with "spin-tools tags", and clear one with "spin-tools tags clear 0"',
  );
}

/** Checks of a machine that answers: its monitor, the way to it, its parts. */
import { describeMachine, discoverMachine } from '@spin-tools/machine-model';
import { CONNECTED_CHIP, type MachineController } from '@spin-tools/scp';
import { unknownDeadParts } from '../machine/dead-parts.js';
import type { DeadOptions } from '../machine/options.js';
import { describeRoundTrips, roundTrip } from '../machine/round-trips.js';
import { DIRECTIONS } from '../report/link-traffic.js';
import { count } from '../terminal/count.js';
import { plain } from '../terminal/plain.js';
import { some } from '../terminal/some.js';
import { type Finding, fault, note, ok } from './finding.js';

/** Monitors from this version on do all that this program asks for. */
const LEAST_MAJOR = 3;

/** Whether the monitor is one that this program knows. */
export async function checkMonitor(controller: MachineController): Promise<Finding> {
  const { name, version } = await controller.version();
  const what = plain(`${name} ${version}`);
  const [major = 0] = version.split('.').map(Number);
  if (name.startsWith('SC&MP') && major >= LEAST_MAJOR) return ok('monitor', what);
  return fault(
    'monitor',
    `${what} is not SC&MP ${LEAST_MAJOR} or later`,
    'boot the machine again with a newer image: "spin-tools boot --force --image scamp.boot"',
  );
}

/** Messages that are sent to see how many are lost, some at a time. */
const MESSAGES = 200;
const AT_ONCE = 40;
const ONE_BY_ONE = 20;
/** An answer that takes longer is lost, ms. */
const LOST_MS = 500;
/** Share of messages that may be lost: none should be in a wired network. */
const MOST_LOST = 0.005;
/** Median time of an answer that makes loading slow, ms; boards in the same network take less than one. */
const SLOW_MS = 20;

/** Whether messages come back, and soon. */
export async function checkNetwork(controller: MachineController): Promise<Finding[]> {
  const trips = [];
  for (let sent = 0; sent < MESSAGES; sent += AT_ONCE) {
    const batch = Array.from({ length: AT_ONCE }, () =>
      roundTrip(controller, CONNECTED_CHIP, LOST_MS),
    );
    trips.push(...(await Promise.all(batch)));
  }
  const alone = [];
  for (let sent = 0; sent < ONE_BY_ONE; sent++) {
    alone.push(await roundTrip(controller, CONNECTED_CHIP, LOST_MS));
  }
  const { medianMs } = describeRoundTrips(alone);
  return [
    judgeLoss(trips.filter((trip) => trip === undefined).length),
    judgeLatency(medianMs ?? LOST_MS),
  ];
}

function judgeLoss(lost: number): Finding {
  const what = `${lost} of ${MESSAGES} messages are lost`;
  if (lost / MESSAGES <= MOST_LOST) return ok('network', what);
  return fault(
    'network',
    what,
    'use a cable in place of radio, look for a full switch or a duplex mismatch, and stop what else uses the network',
  );
}

function judgeLatency(ms: number): Finding {
  const what = `answers take ${ms.toFixed(2)} ms`;
  if (ms <= SLOW_MS) return ok('network', what);
  return fault('network', what, 'work from a computer that is nearer to the board');
}

/**
 * What of the machine does not work, compared with whole boards.
 *
 * @param known chips and links that are dead, and no news
 */
export async function checkParts(
  controller: MachineController,
  known: Pick<DeadOptions, 'deadChip' | 'deadLink'>,
): Promise<Finding[]> {
  const machine = await discoverMachine(controller);
  const { chips, links, cores } = unknownDeadParts(machine, known);
  const advice =
    'programs are placed around them; if they worked before, switch the board off and on and boot it again; ' +
    'name those that you know of with --dead-chip and --dead-link';
  const findings = [
    ...lacking('chips', chips, ({ x, y }) => `chip (${x}, ${y})`, advice),
    ...lacking(
      'links',
      links,
      ({ x, y, link }) => `(${x}, ${y}) to the ${DIRECTIONS[link]}`,
      advice,
    ),
  ];
  if (cores.length > 0) {
    const dead = cores.map(({ x, y, dead: count }) => `${count} of chip (${x}, ${y})`);
    const what = `${count(cores.length, 'chip has', 'chips have')} less than 18 cores: ${some(dead)}`;
    findings.push(note('cores', what, 'a few are usual, and programs are placed around them'));
  }
  return findings.length > 0 ? findings : [ok('parts', describeMachine(machine))];
}

function lacking<T>(
  check: string,
  dead: readonly T[],
  name: (one: T) => string,
  advice: string,
): Finding[] {
  if (dead.length === 0) return [];
  return [fault(check, `dead ${check}: ${some(dead.map(name))}`, advice)];
}

/** The conformance suite on every kind of machine, by every way, with and without faults. */

import { builtInBootImage } from '@spin-tools/scp';
import t from 'tap';
import { conformance } from '../test-support/conformance/suite.js';
import { type ReachOptions, reach } from '../test-support/reach.js';
import { TurnClock } from '../test-support/turn-clock.js';
import type { FaultPlan } from './faults/plan.js';
import type { MachineShapeOptions } from './machine/layout.js';
import { machineOfOptions } from './machine/layout.js';

const SHAPES: Readonly<Record<string, MachineShapeOptions>> = {
  'SpiNN-3': { board: 'spin3' },
  'SpiNN-5': { board: 'spin5' },
  'three boards joined around': { triads: { width: 1, height: 1 } },
};

const DAMAGED: MachineShapeOptions = {
  board: 'spin5',
  deadChips: [
    { x: 3, y: 3 },
    { x: 7, y: 7 },
  ],
  deadLinks: [
    { x: 0, y: 0, link: 1 },
    { x: 4, y: 0, link: 2 },
  ],
  deadCores: [
    { x: 1, y: 1, core: 3 },
    { x: 0, y: 0, core: 17 },
  ],
};

/** Plans, and whether under them every datagram arrives once. */
const PLANS: Readonly<Record<string, { faults?: FaultPlan; isReliable: boolean }>> = {
  'no faults': { isReliable: true },
  '20 % loss and reordering': {
    faults: { seed: 11, datagrams: { lose: 0.2, reorder: 0.3 } },
    isReliable: false,
  },
  'datagrams delayed and doubled': {
    faults: { seed: 12, datagrams: { duplicate: 0.3, delayMs: 0.5 } },
    isReliable: false,
  },
  'slow and busy monitors': {
    faults: { seed: 13, monitors: [{ serviceMicroseconds: 30, busy: 0.1 }] },
    isReliable: true,
  },
};

/** Answers come within few turns, or not at all; none of so many tries is lost for ever. */
const PATIENCE = { timeoutMs: 10, tries: 50 };

/** The monitor, as its image says, unless told otherwise. */
const LATEST = '4.0.0';

function check(
  name: string,
  shape: MachineShapeOptions,
  plan: string,
  way: ReachOptions,
  version = LATEST,
): void {
  const { faults, isReliable } = PLANS[plan]!;
  const place = way.by === 'udp' ? 'over UDP' : 'in process';
  t.test(`${name}, SC&MP ${version}, ${place}, ${plan}`, async (t) => {
    const connection = way.pace === 'paced' ? {} : { ...PATIENCE, clock: new TurnClock() };
    const reached = await reach({ ...shape, ...(faults && { faults }) }, { ...way, connection });
    t.teardown(() => reached.close());
    await reached.controller.boot({
      ...{ pauseMs: 0, force: true },
      image: builtInBootImage(version),
    });
    const machine = machineOfOptions(shape);
    const isLatest = version === LATEST;
    const release = { hidesRefusals: isLatest, isRetryKnown: isLatest };
    conformance(t, { ...reached, machine, connection, isReliable, ...release });
  });
}

for (const [name, shape] of Object.entries(SHAPES)) {
  for (const by of ['process', 'udp'] as const) {
    for (const plan of Object.keys(PLANS)) check(name, shape, plan, { by });
  }
}
for (const plan of ['no faults', '20 % loss and reordering']) {
  check('SpiNN-5 with dead parts', DAMAGED, plan, { by: 'process' });
}
for (const by of ['process', 'udp'] as const) {
  check('SpiNN-5', { board: 'spin5' }, 'no faults', { by }, '3.4.1');
}
check('SpiNN-3 in step with the wall clock', { board: 'spin3' }, 'no faults', {
  ...{ by: 'udp', pace: 'paced' },
});

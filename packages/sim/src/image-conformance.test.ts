/**
 * The conformance suite on machines that run a monitor's image. Images are not part of this repository:
 * SPIN_TOOLS_BOOT_IMAGES names them, `scamp.boot` files, several with the system's path delimiter between them.
 * With SPIN_TOOLS_LARGE=1 boards of 48 chips are booted too.
 */
import { readFileSync } from 'node:fs';
import { delimiter } from 'node:path';
import { describeBootImage } from '@spin-tools/scp';
import t from 'tap';
import { conformance } from '../test-support/conformance/suite.js';
import { reach } from '../test-support/reach.js';
import { TurnClock } from '../test-support/turn-clock.js';
import { machineOfOptions } from './machine/layout.js';

const FILES = (process.env.SPIN_TOOLS_BOOT_IMAGES ?? '').split(delimiter).filter((file) => file);
const BOARDS =
  process.env.SPIN_TOOLS_LARGE === '1' ? (['spin3', 'spin5'] as const) : (['spin3'] as const);
/** In turns of the event loop, in each of which some microseconds are simulated. */
const PATIENCE = { timeoutMs: 1000, tries: 10 };
/** First release with the habits of 4.0.0. */
const LATEST_MAJOR = 4;

/** First release whose IPTags can take their target from the sender. */
const OLDEST = '3.2';
/** What SC&MP 4.0.0 does not use of any board, "as oddly it often fails": `scamp-3.c`. Others lead off boards. */
const UNUSED_LINKS = [
  { x: 1, y: 0, link: 4 },
  { x: 0, y: 1, link: 1 },
];
const NS_PER_SECOND = 1e9;

if (FILES.length === 0) t.pass('skipped: SPIN_TOOLS_BOOT_IMAGES names no boot image');

for (const file of FILES) {
  const image = new Uint8Array(readFileSync(file));
  const { version } = describeBootImage(image);
  if (version < OLDEST) t.pass(`skipped: SC&MP ${version} is older than what the suite asks for`);
  for (const board of version < OLDEST ? [] : BOARDS) {
    t.test(`${board}, SC&MP ${version} from its image, in process`, async (t) => {
      const connection = { ...PATIENCE, clock: new TurnClock() };
      const isLatest = Number(version.split('.')[0]) >= LATEST_MAJOR;
      const reached = await reach({ board, monitor: 'image' }, { by: 'process', connection });
      t.teardown(() => reached.close());
      const hardwareVersion = board === 'spin3' ? 3 : 5;
      // The programs of the suite answer no watchdog, and it wants the LED for itself.
      const variables = { softwareWatchdog: 0, ledPeriod: 0 };
      await reached.controller.boot({ image, hardwareVersion, variables, pauseMs: 0, force: true });
      // The root is up a little before the others.
      await reached.virtual.advance(NS_PER_SECOND);
      const unusedLinks = isLatest && board === 'spin3' ? UNUSED_LINKS : [];
      const machine = machineOfOptions({ board, deadLinks: unusedLinks.slice(0, 1) });
      const release = { hidesRefusals: isLatest, isRetryKnown: isLatest };
      conformance(t, {
        ...reached,
        machine,
        connection,
        isReliable: true,
        ...release,
        unusedLinks,
      });
    });
  }
}

/** The application identifiers that an engine's programs run under. */
import type { ApplicationIds } from './host.js';

/** "MN", for no application that anyone else is likely to run. */
const DEFAULT_APP_ID = 66;
/** Identifiers that applications of users may have. Source: SC&MP uses those below and above. */
const FIRST_APP_ID = 17;
const LAST_APP_ID = 254;

/** Two identifiers, one behind the other. @throws RangeError when they are not for applications of users */
export function applicationIds(dense = DEFAULT_APP_ID): ApplicationIds {
  if (!(Number.isInteger(dense) && dense >= FIRST_APP_ID && dense < LAST_APP_ID)) {
    throw new RangeError(`"appId" must be ${FIRST_APP_ID} to ${LAST_APP_ID - 1}, not ${dense}`);
  }
  return { dense, sequencer: dense + 1 };
}

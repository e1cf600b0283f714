/** What a monitor does about memory that hosts or programs have ruined. */
import { MalformedMessageError } from '@spin-tools/scp';
import { BusError } from '../core/core.js';

/**
 * Carries out an action of a monitor. One that follows a ruined pointer to where nothing is comes to nothing: a
 * board's monitor would stop there for good. Says whether it came to its end.
 */
export function survives(action: () => void): boolean {
  try {
    action();
    return true;
  } catch (error) {
    if (error instanceof BusError || error instanceof MalformedMessageError) return false;
    throw error;
  }
}

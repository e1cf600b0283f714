/**
 * Gives boards back however the program ends: by a signal, by an exception that nobody catches, or by `exit`.
 * A program that listens for a signal itself decides when to end.
 */
import { onExit } from 'signal-exit';
import type { JobService } from './job-service.js';

/** What is told to the server. */
const REASON = 'The program ended';

const guarded = new Set<JobService>();
let stopListening = () => {};

/** Watches over a job until the result is called. */
export function giveBackAtExit(service: JobService): () => void {
  if (guarded.size === 0) stopListening = onExit(giveAllBack);
  guarded.add(service);
  return () => {
    if (guarded.delete(service) && guarded.size === 0) stopListening();
  };
}

function giveAllBack(): void {
  for (const service of guarded) service.destroyAtExit(REASON);
}

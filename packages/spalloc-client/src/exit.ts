/** Gives boards back however the program ends: by a signal, by an exception that nobody catches, or by `exit`. */
import process from 'node:process';
import type { JobService } from './job-service.js';

/** What is told to the server. */
const REASON = 'The program ended';

/** Signals that ask a program to end. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** How long a program that was told to end waits for an allocation server, ms. */
const PATIENCE_MS = 3000;

interface Guarded {
  readonly job: { destroy(reason: string): Promise<void> };
  readonly service: JobService;
}

const guarded = new Set<Guarded>();

/** Watches over a job until the result is called. */
export function giveBackAtExit(job: Guarded['job'], service: JobService): () => void {
  const entry = { job, service };
  if (guarded.size === 0) listen();
  guarded.add(entry);
  return () => {
    if (guarded.delete(entry) && guarded.size === 0) stopListening();
  };
}

function listen(): void {
  process.on('exit', onExit);
  for (const signal of SIGNALS) process.on(signal, onSignal);
}

function stopListening(): void {
  process.off('exit', onExit);
  for (const signal of SIGNALS) process.off(signal, onSignal);
}

function onExit(): void {
  for (const { service } of guarded) service.destroyAtExit(REASON);
}

/** A program that listens for the signal itself decides when to end; without one it ends as the signal asks. */
function onSignal(signal: NodeJS.Signals): void {
  if (process.listenerCount(signal) > 1) return;
  const ended = Promise.allSettled([...guarded].map(({ job }) => job.destroy(REASON)));
  const patience = new Promise((resolve) => setTimeout(resolve, PATIENCE_MS));
  void Promise.race([ended, patience]).then(() => {
    stopListening();
    process.kill(process.pid, signal);
  });
}

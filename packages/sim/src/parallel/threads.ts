/** Threads of this computer. The machine also runs in browsers, so Node.js is asked for them when they are wanted. */
import type * as WorkerThreads from 'node:worker_threads';

/** A machine is to be run by several threads where there are none. */
export class NoThreadsError extends Error {
  override readonly name = 'NoThreadsError';

  constructor(readonly workers: number) {
    super(
      `"workers" is ${workers}, but this is not Node.js 20.16 or later: leave it away, or give 1`,
    );
  }
}

/** What Node.js has for threads. Throws NoThreadsError where this is not Node.js. */
export function threadsFor(workers: number): typeof WorkerThreads {
  const found: unknown = globalThis.process?.getBuiltinModule?.('node:worker_threads');
  if (found === undefined) throw new NoThreadsError(workers);
  return found as typeof WorkerThreads;
}

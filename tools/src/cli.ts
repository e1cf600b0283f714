#!/usr/bin/env node
import { runCommandLine } from './command-line.js';

/** Called when the user, or the reader of our output, wants no more of it. */
const stoppers = new Set<() => void>();
let isReaderGone = false;

const stop = (): void => {
  for (const stopper of stoppers) stopper();
};

// `| head` has read enough: what can stop, stops; all else ends here, and that is no failure.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    isReaderGone = true;
    if (stoppers.size === 0) process.exit(0);
    stop();
  });
}

const code = await runCommandLine(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  untilStopped: () =>
    new Promise((resolve) => {
      stoppers.add(resolve);
      process.once('SIGINT', stop);
      process.once('SIGTERM', stop);
    }),
  stopSignal: () => {
    const stopping = new AbortController();
    stoppers.add(() => stopping.abort());
    // Only once: a second one ends the program as usual.
    process.once('SIGINT', stop);
    process.once('SIGTERM', stop);
    return stopping.signal;
  },
});
process.exitCode = isReaderGone ? 0 : code;

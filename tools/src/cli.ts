#!/usr/bin/env node
import { once } from 'node:events';
import { runCommandLine } from './command-line.js';

process.exitCode = await runCommandLine(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  untilStopped: async () => {
    await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  },
  stopSignal: () => {
    const stopping = new AbortController();
    // Only once: a second Ctrl-C ends the program as usual.
    process.once('SIGINT', () => stopping.abort());
    return stopping.signal;
  },
});

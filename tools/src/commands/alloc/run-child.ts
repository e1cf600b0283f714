/** Runs a program in the foreground, as a shell does. */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import process from 'node:process';

/** Exit code of a program that a signal ended, less the signal's number. Source: POSIX shells. */
const SIGNALLED = 128;

/** Signals that are meant for the program rather than for us. */
const PASSED_ON = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Runs a program with our streams.
 *
 * @param environment variables on top of ours
 * @returns its exit code
 * @throws the system's error when there is no such program
 */
export async function runChild(
  file: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<number> {
  const child = spawn(file, args, { stdio: 'inherit', env: { ...process.env, ...environment } });
  // A terminal sends Ctrl-C to both of us; whoever signals us alone means the program all the same.
  const passOn = (signal: NodeJS.Signals) => child.kill(signal);
  for (const signal of PASSED_ON) process.on(signal, passOn);
  try {
    return await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code, signal) =>
        resolve(code ?? SIGNALLED + (signal === null ? 0 : constants.signals[signal])),
      );
    });
  } finally {
    for (const signal of PASSED_ON) process.off(signal, passOn);
  }
}

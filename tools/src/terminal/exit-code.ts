/** What exit codes mean. docs/commands.md tells users. */

/** Codes that all commands share; `alloc -- COMMAND` exits with that command's. */
export const ExitCode = {
  Done: 0,
  /** The command could not do what was asked. */
  Failed: 1,
  /** The arguments make no sense. */
  Usage: 2,
  /** A machine or server did not answer. */
  NoAnswer: 3,
  /** All went well, and the news is bad: a core failed, doctor found a fault, nothing is there. */
  BadNews: 4,
} as const;
/** An {@link ExitCode}. */
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** Errors, by their names, that say that nobody answered. */
const NO_ANSWER = new Set([
  'ScpTimeoutError',
  'BootError',
  'SpallocConnectionError',
  'SpallocTimeoutError',
]);

/** The exit code of a command that failed with an error. */
export function exitCodeOf(error: unknown): ExitCode {
  return error instanceof Error && NO_ANSWER.has(error.name) ? ExitCode.NoAnswer : ExitCode.Failed;
}

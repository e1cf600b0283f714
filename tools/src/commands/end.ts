/** Ways in which commands end before their time. */
import type { Command } from 'commander';

/** Ends the program with a code of its own, when all has been said. */
export class CommandExit extends Error {
  override readonly name = 'CommandExit';

  constructor(readonly code: number) {
    super(`exit code ${code}`);
  }
}

/** Options that make no sense together; reported as commander reports one that makes no sense alone. */
export function usageError(command: Command, message: string): never {
  return command.error(`error: ${message}`);
}

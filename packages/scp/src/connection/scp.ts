/** What sends commands to the chips of a machine, over one connection or several. */
import type { ChipAddress } from '../addresses.js';
import type { Command } from '../commands/command.js';
import type { Patience } from './exchange.js';

/** A chip's monitor, or a core of it. */
export interface Target extends ChipAddress {
  /** Virtual core; 0, the monitor, by default. */
  readonly core?: number;
}

/** One of many requests, and what to do with its reply. */
export interface Request<T> {
  readonly to: Target;
  readonly command: Command<T>;
  /** Called with the reply. */
  readonly done?: (reply: T) => void;
}

/** Sends commands to chips. */
export interface Scp {
  /** Sends a command and waits for its reply. */
  send<T>(to: Target, command: Command<T>, patience?: Partial<Patience>): Promise<T>;
  /** Sends many commands, as many at once as is good. Throws the first failure. */
  all<T>(requests: Iterable<Request<T>>): Promise<void>;
  /** What to send many commands to one chip with, if not with this. */
  leadingTo?(chip: ChipAddress): Scp;
}

/**
 * Sends many commands, `atOnce` at a time, drawing the next only when one is answered. Stops at the
 * first failure and throws it once all that were sent are settled.
 */
export async function sendAll<T>(
  scp: Pick<Scp, 'send'>,
  requests: Iterable<Request<T>>,
  atOnce: number,
): Promise<void> {
  const iterator = requests[Symbol.iterator]();
  const failures: unknown[] = [];
  const work = async (): Promise<void> => {
    while (failures.length === 0) {
      const next = iterator.next();
      if (next.done) return;
      const { to, command, done } = next.value;
      const reply = await scp.send(to, command);
      done?.(reply);
    }
  };
  const workers = Array.from({ length: atOnce }, () =>
    work().catch((error: unknown) => {
      failures.push(error);
    }),
  );
  await Promise.all(workers);
  if (failures.length > 0) throw failures[0];
}

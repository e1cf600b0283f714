/** Reaches a machine: a board, a served virtual machine, or allocated boards. */
import { type ConnectionOptions, MachineController, udpTransport } from '@spin-tools/scp';
import type { BadBoard } from '@spin-tools/spalloc-client';
import { withBoardsOf } from '../allocation/allocated.js';
import type { Terminal } from '../terminal/terminal.js';
import type { AddressOptions } from './options.js';

/** Where a machine listens. */
export type Address = AddressOptions & { readonly host: string };

/**
 * Talks to the machine at an address, or to boards of an allocation server, and hangs up at the end.
 *
 * @param options with a host, unless they ask for boards
 * @param work is given the machine, and what to call it
 */
export async function withMachine<T>(
  options: AddressOptions,
  terminal: Terminal,
  work: (controller: MachineController, name: string) => Promise<T>,
): Promise<T> {
  if (options.machine === 'spalloc') {
    return withBoardsOf(options, sayReplaced(terminal), async (job) => {
      const { connections } = await job.machine();
      return withController(
        await job.controller(patienceOf(options)),
        connections[0]?.host ?? '',
        work,
      );
    });
  }
  const { host = '', scpPort, bootPort } = options;
  const scp = await udpTransport({ host, port: scpPort });
  const boot = await udpTransport({ host, port: bootPort });
  const patience = patienceOf(options);
  return withController(new MachineController({ scp, boot, ...patience }), host, work);
}

/** Longest wait before a request is sent again, ms: as connections have it. */
const TRY_MS = 500;
const MS_PER_SECOND = 1000;

/** How long a connection waits for answers, by `--timeout`. */
export function patienceOf({
  timeout,
}: {
  readonly timeout?: number | undefined;
}): ConnectionOptions {
  if (timeout === undefined) return {};
  const tries = Math.max(1, Math.round((timeout * MS_PER_SECOND) / TRY_MS));
  return { tries, timeoutMs: (timeout * MS_PER_SECOND) / tries };
}

/** Tells the user that other boards were given. */
export const sayReplaced =
  (terminal: Terminal) =>
  (boards: readonly BadBoard[]): void => {
    for (const { host, why } of boards) terminal.note(`${host}: ${why}; it is replaced`);
  };

async function withController<T>(
  controller: MachineController,
  name: string,
  work: (controller: MachineController, name: string) => Promise<T>,
): Promise<T> {
  try {
    return await work(controller, name);
  } finally {
    await controller.close();
  }
}

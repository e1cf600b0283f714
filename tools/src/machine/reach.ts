/** Reaches a machine: a board, a served virtual machine, one started here for the purpose, or allocated boards. */
import { MachineController, udpTransport } from '@spin-tools/scp';
import { type MachineOptions, VirtualMachine } from '@spin-tools/sim';
import { type ServeOptions, serveUdp } from '@spin-tools/sim/udp';
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
      return withController(await job.controller(), connections[0]?.host ?? '', work);
    });
  }
  const { host = '', scpPort, bootPort } = options;
  const scp = await udpTransport({ host, port: scpPort });
  const boot = await udpTransport({ host, port: bootPort });
  return withController(new MachineController({ scp, boot }), host, work);
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

/** A virtual machine that listens on UDP. */
export interface ServedMachine extends AsyncDisposable {
  readonly virtual: VirtualMachine;
  /** One address for each ethernet chip. */
  readonly hosts: readonly string[];
  readonly address: Address;
  /** One address for each frame of 24 boards; empty when their management is not served. */
  readonly bmpHosts: readonly string[];
  readonly bmpPort: number;
}

/**
 * Starts a virtual machine, unbooted, on loopback, on ports from the system, as fast as possible, unless
 * told otherwise.
 */
export async function serve(
  machine: MachineOptions,
  { host = '127.0.0.1', scpPort = 0, bootPort = 0, pace = 'fast', ...others }: ServeOptions = {},
): Promise<ServedMachine> {
  const virtual = new VirtualMachine(machine);
  const served = await serveUdp(virtual, { ...others, host, scpPort, bootPort, pace });
  return {
    virtual,
    hosts: served.hosts,
    bmpHosts: served.bmpHosts,
    bmpPort: served.bmpPort,
    address: { host, scpPort: served.scpPort, bootPort: served.bootPort },
    async [Symbol.asyncDispose]() {
      await served.close();
      await virtual.close();
    },
  };
}

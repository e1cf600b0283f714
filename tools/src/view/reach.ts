/** Ways to the machine that is to be watched, apart from those of whoever works with it. */
import { MachineController, type Transport, udpTransport } from '@spin-tools/scp';
import type { VirtualMachine } from '@spin-tools/sim';
import { withBoardsOf } from '../allocation/allocated.js';
import type { AddressOptions } from '../machine/options.js';
import { sayReplaced } from '../machine/reach.js';
import type { Terminal } from '../terminal/terminal.js';
import { virtualCounters } from './virtual-counters.js';
import type { WatchOptions } from './watch.js';

/** A machine to watch. */
export type WatchedMachine = Pick<WatchOptions, 'name' | 'connect' | 'counters'>;

/** Requests on their way at once: few, so that those of others are not kept waiting. */
const WINDOW = 32;
/** A chip that is silent for that long is left out of a look, ms and tries. */
const PATIENCE = { timeoutMs: 400, tries: 3 };

/** A controller to watch with, over a transport that it closes. */
export const controllerOver = (scp: Transport): MachineController =>
  new MachineController({ scp, window: WINDOW, ...PATIENCE });

/** A machine that listens on UDP. */
export function machineOnUdp(
  name: string,
  { host, port }: { readonly host: string; readonly port: number },
): WatchedMachine {
  return { name, connect: async () => controllerOver(await udpTransport({ host, port })) };
}

/** A virtual machine of this process, past its sockets. */
export function machineInProcess(name: string, virtual: VirtualMachine): WatchedMachine {
  return {
    name,
    connect: async () => controllerOver(virtual.scpTransport()),
    counters: virtualCounters(virtual),
  };
}

/** Lets `work` watch the machine that options name; boards of an allocation server are given back at its end. */
export function withWatchedMachine<T>(
  options: AddressOptions,
  terminal: Terminal,
  work: (machine: WatchedMachine) => Promise<T>,
): Promise<T> {
  const { host = '', scpPort: port } = options;
  if (options.machine !== 'spalloc') return work(machineOnUdp(host, { host, port }));
  return withBoardsOf(options, sayReplaced(terminal), async (job) => {
    const { connections, machineName } = await job.machine();
    const name = `${connections.length} boards of ${machineName}`;
    return work({ name, connect: async () => controllerOver(await job.transport('scp')) });
  });
}

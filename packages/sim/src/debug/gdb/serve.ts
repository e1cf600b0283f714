/** A virtual machine to GDB over TCP. Node.js only: `@spin-tools/sim/gdb`. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import type { VirtualMachine } from '../../machine/virtual-machine.js';
import type { CoreChoice } from '../attach.js';
import { MachineDebugger } from '../debugger.js';
import { GdbSession } from './session.js';

/** Where GDB is served. */
export interface GdbOptions {
  /** Address to listen on. Default 127.0.0.1: GDB may do anything to the machine, so think before giving another. */
  readonly host?: string;
  /** TCP port; 0, the default, lets the system choose. */
  readonly port?: number;
  /** Cores that GDB is to see and to stop. Default: all. */
  readonly cores?: CoreChoice;
}

/** A machine that waits for GDB. */
export interface ServedGdb {
  readonly host: string;
  readonly port: number;
  /** Ends the conversation, if there is one, and lets the machine run on. */
  close(): Promise<void>;
}

/**
 * Waits for GDB: `target remote HOST:PORT`. Cores are threads. One GDB at a time; another is hung up on. The
 * machine is stopped when GDB comes and runs on when it leaves.
 *
 * @throws the system's error for a port that is taken
 */
export async function serveGdb(
  machine: VirtualMachine,
  { host = '127.0.0.1', port = 0, cores = 'all' }: GdbOptions = {},
): Promise<ServedGdb> {
  const target = new MachineDebugger(machine, cores);
  let current: Socket | undefined;
  const server = createServer({ noDelay: true }, (socket) => {
    // What happens to a connection ends it; GDB says so itself.
    socket.on('error', () => socket.destroy());
    if (current !== undefined) {
      socket.destroy();
      return;
    }
    current = socket;
    const session = new GdbSession(target, (bytes) => socket.write(bytes));
    socket.on('data', (bytes) => session.receive(bytes));
    socket.on('close', () => {
      session.close();
      current = undefined;
    });
  });
  server.listen(port, host);
  await once(server, 'listening');
  return {
    host,
    port: (server.address() as AddressInfo).port,
    async close() {
      const closed = once(server, 'close');
      server.close();
      current?.destroy();
      await closed;
      target.close();
    },
  };
}

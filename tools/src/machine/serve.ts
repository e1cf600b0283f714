/** Starts a virtual machine on UDP ports. */
import { type MachineOptions, VirtualMachine } from '@spin-tools/sim';
import { type ServeOptions, serveUdp } from '@spin-tools/sim/udp';
import type { Address } from './reach.js';

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

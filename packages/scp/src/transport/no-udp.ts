/** Stands for `udp.ts` in programs bundled for browsers, which have no UDP; "imports" in package.json says so. */
import type { UdpOptions } from './udp.js';

/** A browser was asked to reach a board by UDP. */
export class NoUdpError extends Error {
  override readonly name = 'NoUdpError';

  constructor(readonly host: string) {
    super(
      `a browser cannot reach ${host} by UDP; give transports, such as those of a virtual machine`,
    );
  }
}

/** @throws NoUdpError always */
export function udpTransport({ host }: UdpOptions): Promise<never> {
  return Promise.reject(new NoUdpError(host));
}

/** UDP without importing Node.js modules until it is asked for, so that browsers can load the rest. */
import type { UdpOptions, UdpTransport } from './udp.js';

/** Opens a socket towards one board; see `udpTransport` of `@spin-tools/scp/udp`. */
export async function openUdp(options: UdpOptions): Promise<UdpTransport> {
  const { udpTransport } = await import('#udp');
  return udpTransport(options);
}

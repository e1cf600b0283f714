/** Datagrams over UDP. Node.js only, hence a module apart: `@spin-tools/scp/udp`. */
import { lookup } from 'node:dns/promises';
import { DgramAsPromised, type SocketOptions } from 'dgram-as-promised';
import type { Transport } from './transport.js';

export { BOOT_PORT, SCP_PORT } from './transport.js';

/** Room asked of the system for datagrams that wait to be read, bytes: thousands of replies. */
const RECEIVE_BUFFER_BYTES = 1 << 21;

/** Where to send to. */
export interface UdpOptions {
  /** Name or IPv4 address of the board. */
  readonly host: string;
  /** UDP port, 1 to 65535; usually {@link SCP_PORT} or {@link BOOT_PORT}. */
  readonly port: number;
}

/** A transport over a UDP socket of its own, that counts what it could not use. */
export interface UdpTransport extends Transport {
  /** Local port that the system chose. */
  readonly localPort: number;
  readonly statistics: {
    /** Datagrams that came from another address or port than the board's. */
    readonly strangers: number;
  };
}

/**
 * Opens a socket towards one board. Datagrams of others are dropped and counted.
 *
 * @throws RangeError for a port that is none; the system's error for a host that cannot be found
 */
export async function udpTransport({ host, port }: UdpOptions): Promise<UdpTransport> {
  if (!Number.isInteger(port) || port < 1 || port > 65535) {
    throw new RangeError(`"port" must be from 1 to 65535: ${port}`);
  }
  const { address } = await lookup(host, { family: 4 });
  const promised = DgramAsPromised.createSocket({ type: 'udp4', lookup: alreadyAnAddress });
  const local = await promised.bind({ port: 0 });
  const { socket } = promised;
  const statistics = { strangers: 0 };
  const listeners: ((datagram: Uint8Array) => void)[] = [];
  let closing: Promise<void> | undefined;

  socket.setRecvBufferSize(RECEIVE_BUFFER_BYTES);
  // One listener for good: the library's own recv() hears only what arrives while it is awaited.
  socket.on('message', (datagram, from) => {
    if (from.port !== port || from.address !== address) statistics.strangers++;
    else for (const listener of listeners) listener(datagram);
  });
  // What the system refuses to carry is lost, as any datagram may be.
  socket.on('error', () => undefined);

  return {
    localPort: local.port,
    statistics,
    send(datagram) {
      // Without a callback, which would cost a tenth of the whole send.
      if (!closing) socket.send(datagram, port, address);
    },
    onDatagram(listener) {
      listeners.push(listener);
    },
    close() {
      closing ??= promised.close();
      return closing;
    },
  };
}

/** Spares each send a turn through the resolver: the address was looked up once. */
const alreadyAnAddress: NonNullable<SocketOptions['lookup']> = (address, _options, callback) =>
  callback(null, address, 4);

/** One UDP socket that listens all the time. */
import { DgramAsPromised, type SocketOptions } from 'dgram-as-promised';
import type { HostAddress } from '../host/ethernet.js';

/** Room asked of the system for datagrams that wait to be read, bytes: thousands of requests. */
const RECEIVE_BUFFER_BYTES = 1 << 21;

/** A bound socket. */
export interface Socket {
  /** The port it is bound to. */
  readonly port: number;
  send(datagram: Uint8Array, to: HostAddress): void;
  onDatagram(listener: (datagram: Uint8Array, from: HostAddress) => void): void;
  close(): Promise<void>;
}

/**
 * Binds a socket.
 *
 * @param port 0 lets the system choose
 * @throws the system's error when the port is taken
 */
export async function openSocket(host: string, port: number): Promise<Socket> {
  const promised = DgramAsPromised.createSocket({ type: 'udp4', lookup: alreadyAnAddress });
  const local = await promised.bind({ address: host, port });
  const { socket } = promised;
  let isOpen = true;
  socket.setRecvBufferSize(RECEIVE_BUFFER_BYTES);
  // What the network refuses to carry is lost, as any datagram may be.
  socket.on('error', () => undefined);
  return {
    port: local.port,
    send(datagram, to) {
      if (isOpen && to.port !== 0) socket.send(datagram, to.port, to.ip);
    },
    // The library's own recv() hears only what arrives while it is awaited.
    onDatagram(listener) {
      socket.on('message', (datagram, from) => {
        listener(datagram, { ip: from.address, port: from.port });
      });
    },
    async close() {
      isOpen = false;
      await promised.close();
    },
  };
}

/** Spares each send a turn through the resolver: addresses of hosts are numbers already. */
const alreadyAnAddress: NonNullable<SocketOptions['lookup']> = (address, _options, callback) =>
  callback(null, address, 4);

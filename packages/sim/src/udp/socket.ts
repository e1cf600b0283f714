/** One UDP socket that listens all the time. */
import { DgramAsPromised, type SocketOptions as DgramOptions } from 'dgram-as-promised';
import type { HostAddress } from '../host/ethernet.js';

/** Room asked of the system for datagrams that wait to be read, bytes: thousands of requests. */
const RECEIVE_BUFFER_BYTES = 1 << 21;

/** What a socket is for, besides being bound. */
export interface SocketOptions {
  /** Whether it may send to all hosts at once. */
  readonly broadcasts?: boolean;
  /**
   * Lets programs of this computer listen on the same port of any address, as they do to hear broadcasts.
   * The port of this very address still belongs to nobody else.
   */
  readonly sharesPort?: boolean;
}

/** A bound socket. */
export interface Socket {
  /** The port it is bound to. */
  readonly port: number;
  /**
   * Sends a datagram at the end of this turn of the event loop, together with the others of the turn: the
   * first wakes up whoever waits for it, which takes three times as long as sending to one who is awake.
   */
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
export async function openSocket(
  host: string,
  port: number,
  { broadcasts = false, sharesPort = false }: SocketOptions = {},
): Promise<Socket> {
  const wanted = sharesPort ? await freePort(host, port) : port;
  const promised = DgramAsPromised.createSocket({
    type: 'udp4',
    reuseAddr: sharesPort,
    lookup: alreadyAnAddress,
  });
  const local = await promised.bind({ address: host, port: wanted });
  const { socket } = promised;
  let isOpen = true;
  socket.setBroadcast(broadcasts);
  socket.setRecvBufferSize(RECEIVE_BUFFER_BYTES);
  // What the network refuses to carry is lost, as any datagram may be.
  socket.on('error', () => undefined);
  let outgoing: { readonly datagram: Uint8Array; readonly to: HostAddress }[] = [];
  const sendAll = (): void => {
    const batch = outgoing;
    outgoing = [];
    if (!isOpen) return;
    for (const { datagram, to } of batch) socket.send(datagram, to.port, to.ip);
  };
  return {
    port: local.port,
    send(datagram, to) {
      if (to.port === 0) return;
      if (outgoing.length === 0) setImmediate(sendAll);
      outgoing.push({ datagram, to });
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

/** A socket that shares its port is bound although another has it: finds one that nobody has first. */
async function freePort(host: string, port: number): Promise<number> {
  const alone = DgramAsPromised.createSocket('udp4');
  const local = await alone.bind({ address: host, port });
  await alone.close();
  return local.port;
}

/** Spares each send a turn through the resolver: addresses of hosts are numbers already. */
const alreadyAnAddress: NonNullable<DgramOptions['lookup']> = (address, _options, callback) =>
  callback(null, address, 4);

/** Hello frames: what boards that wait for a boot send to all, about every four seconds. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { BootOperation, decodeBootFrame, MalformedMessageError } from '@spin-tools/scp';

/** Time within which a board that waits for a boot says so, ms. Source: boot ROM, every 4,096 ms. */
export const HELLO_MS = 5000;

/** Listens for hello frames until it is closed. */
export interface HelloListener {
  /** Closes the socket. */
  close(): void;
}

/**
 * Opens the port that boards send hello frames to.
 *
 * @param onHello called with the address of the board, again and again
 * @throws the system's error when another program has the port for itself
 */
export async function listenForHello(
  bootPort: number,
  onHello: (address: string) => void,
): Promise<HelloListener> {
  const socket = createSocket({ type: 'udp4', reuseAddr: true });
  socket.on('message', (datagram, { address }) => {
    if (isHello(datagram)) onHello(address);
  });
  socket.bind(bootPort);
  await once(socket, 'listening');
  return { close: () => socket.close() };
}

function isHello(datagram: Uint8Array): boolean {
  try {
    return decodeBootFrame(datagram).operation === BootOperation.Hello;
  } catch (error) {
    if (error instanceof MalformedMessageError) return false;
    throw error;
  }
}

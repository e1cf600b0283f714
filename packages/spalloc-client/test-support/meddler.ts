/** A network between clients and a server, that tests cut, freeze, chop and soil. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** What the network does. */
export interface Meddler {
  readonly host: string;
  readonly port: number;
  /** How connections fare: `cut` ones are lost and new ones refused; `frozen` ones stay open and carry nothing. */
  mode: 'works' | 'cut' | 'frozen';
  /** Connections that were asked for. */
  readonly attempts: number;
  /** Resolves at the next attempt to connect. */
  nextAttempt(): Promise<void>;
  /** How replies arrive: in pieces of so many bytes; 0 leaves them as they are. */
  pieces: number;
  /** Writes into the stream of replies of all connections. */
  soil(bytes: Uint8Array): void;
  /** Loses all connections; new ones may come. */
  reset(): void;
  close(): Promise<void>;
}

export async function meddler(serverPort: number): Promise<Meddler> {
  const pairs = new Set<readonly [Socket, Socket]>();
  let watchers: (() => void)[] = [];
  let attempts = 0;
  let mode: Meddler['mode'] = 'works';
  const server = createServer((near) => {
    attempts++;
    for (const look of watchers.splice(0)) look();
    near.on('error', () => {});
    if (mode === 'cut') {
      near.destroy();
      return;
    }
    const far = connect({ port: serverPort, host: '127.0.0.1', noDelay: true });
    const pair = [near, far] as const;
    pairs.add(pair);
    const end = () => {
      pairs.delete(pair);
      near.destroy();
      far.destroy();
    };
    far.on('error', () => {});
    near.on('close', end);
    far.on('close', end);
    near.on('data', (bytes) => mode === 'works' && far.write(bytes));
    far.on('data', (bytes) => {
      if (mode === 'works') void deliver(near, bytes, self.pieces);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const self: Meddler = {
    host: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    pieces: 0,
    get mode() {
      return mode;
    },
    set mode(next) {
      mode = next;
      if (mode === 'cut') self.reset();
    },
    get attempts() {
      return attempts;
    },
    nextAttempt: () => new Promise((resolve) => watchers.push(resolve)),
    soil: (bytes) => {
      for (const [near] of pairs) near.write(bytes);
    },
    reset: () => {
      for (const [near] of pairs) near.destroy();
    },
    async close() {
      self.reset();
      watchers = [];
      server.close();
      await once(server, 'close');
    },
  };
  return self;
}

async function deliver(socket: Socket, bytes: Uint8Array, pieces: number): Promise<void> {
  if (pieces === 0) {
    socket.write(bytes);
    return;
  }
  for (let start = 0; start < bytes.length; start += pieces) {
    socket.write(bytes.subarray(start, start + pieces));
  }
}

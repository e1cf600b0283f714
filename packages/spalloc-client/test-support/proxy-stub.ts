/** The proxy of a service: channels from a WebSocket to UDP ports of boards on loopback. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';

export interface ProxyStubOptions {
  isLoggedIn(request: IncomingMessage): boolean;
  exists(job: number): boolean;
  /** UDP ports of the board with an ethernet chip. */
  portsOf(
    job: number,
    x: number,
    y: number,
  ): { readonly scp: number; readonly boot: number } | undefined;
}

/** Closed for a message that is none. */
const BAD_MESSAGE = 1007;
const SCP_PORT = 17893;

export function proxyStub(server: Server, { isLoggedIn, portsOf, exists }: ProxyStubOptions) {
  const sockets = new WebSocketServer({ noServer: true });
  const control = { deaf: false, connections: 0, refuse: false, sendText: false };
  const channels = new Map<number, { socket: Socket; port: number | undefined }>();
  let nextChannel = 1;

  server.on('upgrade', (request: IncomingMessage, socket, head) => {
    const id = Number(/\/spalloc\/proxy\/(\d+)$/.exec(request.url ?? '')?.[1]);
    if (!isLoggedIn(request) || !exists(id) || control.refuse) {
      socket.end('HTTP/1.1 401 Unauthorized\r\n\r\n');
      return;
    }
    sockets.handleUpgrade(request, socket, head, (client) => serve(client, id));
  });

  function serve(client: WebSocket, job: number): void {
    control.connections++;
    client.on('message', (data: Buffer) => {
      if (control.deaf) return;
      if (control.sendText) {
        client.send('what?');
        return;
      }
      void take(client, job, data).catch(() => client.close(BAD_MESSAGE));
    });
  }

  async function open(client: WebSocket, port: number | undefined) {
    const channel = nextChannel++;
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    socket.on('message', (message) => {
      if (client.readyState === WebSocket.OPEN) {
        client.send(Buffer.concat([words(2, channel), message]));
      }
    });
    client.once('close', () => {
      if (channels.delete(channel)) socket.close();
    });
    channels.set(channel, { socket, port });
    return { channel, socket };
  }

  async function take(client: WebSocket, job: number, data: Buffer): Promise<void> {
    const word = (index: number) => data.readUInt32LE(4 * index);
    switch (word(0)) {
      case 0: {
        const ports = portsOf(job, word(2), word(3));
        if (ports === undefined) {
          const text = Buffer.from('unrecognised ethernet chip');
          client.send(Buffer.concat([words(5, word(1)), text]));
          return;
        }
        const { channel } = await open(client, word(4) === SCP_PORT ? ports.scp : ports.boot);
        client.send(words(0, word(1), channel));
        return;
      }
      case 1: {
        const found = channels.get(word(2));
        channels.delete(word(2));
        found?.socket.close();
        client.send(words(1, word(1), found ? word(2) : 0));
        return;
      }
      case 2: {
        const found = channels.get(word(1));
        if (found?.port) found.socket.send(data.subarray(8), found.port, '127.0.0.1');
        return;
      }
      case 3: {
        const { channel, socket } = await open(client, undefined);
        const address = Buffer.from([127, 0, 0, 1]);
        const { port } = socket.address() as AddressInfo;
        client.send(Buffer.concat([words(3, word(1), channel), address, words(port)]));
        return;
      }
      case 4: {
        const ports = portsOf(job, word(2), word(3));
        const found = channels.get(word(1));
        if (!ports || !found) throw new Error('no such channel or chip');
        found.socket.send(data.subarray(20), ports.scp, '127.0.0.1');
        return;
      }
      default:
        throw new Error('no such message');
    }
  }

  return {
    control,
    channels: () => channels.size,
    /** Leaves connections open, but reads nothing from them any more, as a host that lost its power. */
    freeze: () => {
      for (const client of sockets.clients) client.pause();
    },
    /** Cuts all connections. */
    cut: () => {
      for (const client of sockets.clients) client.terminate();
    },
    close() {
      for (const { socket } of channels.values()) socket.close();
      channels.clear();
      for (const client of sockets.clients) client.terminate();
      sockets.close();
    },
  };
}

function words(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [index, value] of values.entries()) bytes.writeUInt32LE(value, 4 * index);
  return bytes;
}

import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import t from 'tap';
import { FakeMachine } from '../../test-support/fake-machine.js';
import { Connection } from '../connection/connection.js';
import { readMemory, writeMemory } from '../controller/memory.js';
import { transportPair } from './pair.js';
import type { Transport } from './transport.js';
import { udpTransport } from './udp.js';

const ORIGIN = { x: 0, y: 0 };

/** A UDP port of this computer that answers whoever wrote last. */
async function udpServer(): Promise<{ server: Socket; port: number; end: Transport }> {
  const server = createSocket('udp4');
  server.bind(0, '127.0.0.1');
  await once(server, 'listening');
  let peer = { port: 0, address: '' };
  const end: Transport = {
    send: (datagram) => server.send(datagram, peer.port, peer.address),
    onDatagram: (listener) =>
      server.on('message', (datagram, from) => {
        peer = from;
        listener(datagram);
      }),
    close: async () => undefined,
  };
  t.teardown(() => server.close());
  return { server, port: server.address().port, end };
}

t.test('a megabyte goes over UDP and comes back, many requests at once', async (t) => {
  const { port, end } = await udpServer();
  new FakeMachine(end);
  const connection = new Connection(await udpTransport({ host: 'localhost', port }));
  const bytes = Uint8Array.from({ length: 200_000 }, (_, at) => at * 31 + (at >> 8));
  await writeMemory(connection, ORIGIN, 0x60000001, bytes);
  t.same(Buffer.compare(await readMemory(connection, ORIGIN, 0x60000001, bytes.length), bytes), 0);
  t.ok(connection.statistics.mostInFlight >= 16);
  await connection.close();
});

t.test('no datagram is missed between two turns of the event loop', async (t) => {
  const { port, end, server } = await udpServer();
  const transport = await udpTransport({ host: '127.0.0.1', port });
  const found: number[] = [];
  end.onDatagram(() => {
    for (let index = 0; index < 100; index++) {
      server.send(Uint8Array.of(index), transport.localPort, '127.0.0.1');
    }
  });
  const all = new Promise<void>((resolve) => {
    transport.onDatagram((datagram) => {
      found.push(datagram[0]!);
      if (found.length === 100) resolve();
    });
  });
  transport.send(new Uint8Array(1));
  await all;
  t.same(
    found.sort((a, b) => a - b),
    Array.from({ length: 100 }, (_, index) => index),
  );
  await transport.close();
});

t.test('datagrams of strangers are dropped and counted', async (t) => {
  const { port, end } = await udpServer();
  const { server: stranger } = await udpServer();
  const transport = await udpTransport({ host: '127.0.0.1', port });
  const found: number[] = [];
  end.onDatagram((datagram) => end.send(datagram));
  const answered = new Promise<void>((resolve) => {
    transport.onDatagram((datagram) => {
      found.push(datagram[0]!);
      resolve();
    });
  });
  await new Promise<void>((resolve) => {
    stranger.send(Uint8Array.of(66), transport.localPort, '127.0.0.1', () => resolve());
  });
  transport.send(Uint8Array.of(1));
  await answered;
  t.same(found, [1]);
  t.equal(transport.statistics.strangers, 1);
  await transport.close();
});

t.test('a closed transport sends nothing, and closes once', async (t) => {
  const { port } = await udpServer();
  const transport = await udpTransport({ host: '127.0.0.1', port });
  await Promise.all([transport.close(), transport.close()]);
  t.doesNotThrow(() => transport.send(new Uint8Array(1)));
});

t.test('a port that is none is refused by its value', async (t) => {
  await t.rejects(
    udpTransport({ host: 'localhost', port: 0 }),
    /"port" must be from 1 to 65535: 0/,
  );
  await t.rejects(udpTransport({ host: 'no such host.', port: 1 }));
});

t.test(
  'what one end of a pair sends arrives at the other, in order, in a later turn',
  async (t) => {
    const [near, far] = transportPair();
    const found: number[] = [];
    far.onDatagram((datagram) => found.push(datagram[0]!));
    for (let index = 0; index < 5; index++) near.send(Uint8Array.of(index));
    t.same(found, []);
    await new Promise((resolve) => setImmediate(resolve));
    t.same(found, [0, 1, 2, 3, 4]);
  },
);

t.test('nothing arrives at a closed end of a pair, nor from one', async (t) => {
  const [near, far] = transportPair();
  const found: Uint8Array[] = [];
  far.onDatagram((datagram) => found.push(datagram));
  near.onDatagram((datagram) => found.push(datagram));
  near.send(new Uint8Array(1));
  await far.close();
  far.send(new Uint8Array(1));
  near.send(new Uint8Array(1));
  await new Promise((resolve) => setImmediate(resolve));
  t.same(found, []);
});

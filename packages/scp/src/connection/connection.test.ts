import fc from 'fast-check';
import t from 'tap';
import { FakeMachine } from '../../test-support/fake-machine.js';
import { lossy } from '../../test-support/lossy.js';
import { ManualClock } from '../../test-support/manual-clock.js';
import { allocateRoutingEntries, allocateSdram } from '../commands/allocation.js';
import { Signal, signalByMulticast } from '../commands/application.js';
import { version } from '../commands/information.js';
import { read, readWord, write, writeWord } from '../commands/memory.js';
import { readMemory, writeMemory } from '../controller/memory.js';
import { ConnectionClosedError, ScpError, ScpTimeoutError } from '../errors.js';
import { ReturnCode } from '../messages/return-codes.js';
import { decodeScpRequest, replyDatagram } from '../messages/scp.js';
import { decodeSdp, replyHeader } from '../messages/sdp.js';
import { transportPair } from '../transport/pair.js';
import type { Transport } from '../transport/transport.js';
import { Connection, type ConnectionOptions } from './connection.js';

const ORIGIN = { x: 0, y: 0 };
const RAM = 0x60700000;

function connected(options: ConnectionOptions = {}) {
  const [near, far] = transportPair();
  const machine = new FakeMachine(far);
  return { machine, connection: new Connection(near, options) };
}

/** A connection whose other end a test plays by hand. */
function byHand(options: ConnectionOptions = {}) {
  const clock = new ManualClock();
  const sent: Uint8Array[] = [];
  let deliver: (datagram: Uint8Array) => void = () => undefined;
  const transport: Transport = {
    send: (datagram) => sent.push(datagram),
    onDatagram: (listener) => {
      deliver = listener;
    },
    close: () => Promise.resolve(),
  };
  const connection = new Connection(transport, { clock, timeoutMs: 500, tries: 5, ...options });
  const reply = (index: number, code: number = ReturnCode.Ok, payload = new Uint8Array(0)) => {
    const message = decodeSdp(sent[index]!);
    const { sequence } = decodeScpRequest(message.data);
    deliver(replyDatagram(replyHeader(message, ORIGIN), { code, sequence, payload }));
  };
  return { clock, sent, connection, reply, deliver: (datagram: Uint8Array) => deliver(datagram) };
}

t.test('a request is answered with what its command makes of the reply', async (t) => {
  const { connection } = connected();
  await connection.send(ORIGIN, writeWord(RAM, 0xdeadbeef));
  t.equal(await connection.send(ORIGIN, readWord(RAM)), 0xdeadbeef);
  t.equal((await connection.send({ x: 255, y: 255 }, version())).version, '4.0.0');
  await connection.close();
});

t.test('no more requests are on their way than the window allows', async (t) => {
  const { connection } = connected({ window: 7 });
  await connection.all(Array.from({ length: 100 }, () => ({ to: ORIGIN, command: readWord(RAM) })));
  t.equal(connection.statistics.mostInFlight, 7);
  t.equal(connection.statistics.answered, 100);
  await connection.close();
});

t.test('few requests are on their way beside one that may not be repeated', async (t) => {
  const { sent, connection, reply } = byHand({ window: 8 });
  const looks = Array.from({ length: 6 }, () => connection.send(ORIGIN, readWord(RAM)));
  const lone = connection.send(ORIGIN, allocateSdram(4, 1));
  looks.push(...Array.from({ length: 6 }, () => connection.send(ORIGIN, readWord(RAM))));
  const words = Uint8Array.of(1, 0, 0, 0);
  t.equal(sent.length, 6, 'it waits while there are many');
  for (let index = 0; index < 3; index++) reply(index, ReturnCode.Ok, words);
  t.equal(sent.length, 7, 'it goes with three others');
  for (let index = 3; index < 6; index++) reply(index, ReturnCode.Ok, words);
  t.equal(sent.length, 10, 'three others go beside it');
  reply(6, ReturnCode.Ok, words);
  t.equal(sent.length, 13, 'then as many as the window allows');
  for (let index = 7; index < 13; index++) reply(index, ReturnCode.Ok, words);
  t.same(await Promise.all([...looks, lone]), Array(13).fill(1));

  const batch = connection.all(
    [readWord(RAM), readWord(RAM), readWord(RAM), readWord(RAM), allocateSdram(4, 1)].map(
      (command) => ({ to: ORIGIN, command }),
    ),
  );
  t.equal(sent.length, 17, 'in a batch too');
  for (let index = 13; index < 17; index++) reply(index, ReturnCode.Ok, words);
  t.equal(sent.length, 18);
  reply(17, ReturnCode.Ok, words);
  await batch;
  await connection.close();
});

t.test('any bytes survive a line that loses, doubles and reorders', async (t) => {
  const property = fc.assert(
    fc.asyncProperty(
      fc.nat(0xffffffff),
      fc.nat(1030),
      fc.uint8Array({ maxLength: 3000 }),
      async (seed, offset, bytes) => {
        const [near, far] = transportPair();
        new FakeMachine(far);
        const line = lossy(near, { seed, lose: 0.15, double: 0.15, reorder: 0.15 });
        const connection = new Connection(line, { window: 8, timeoutMs: 4, tries: 60 });
        await writeMemory(connection, ORIGIN, RAM + offset, bytes);
        const found = await readMemory(connection, ORIGIN, RAM + offset, bytes.length);
        await connection.close();
        return Buffer.compare(found, bytes) === 0;
      },
    ),
    { numRuns: 25 },
  );
  await t.resolves(property);
});

t.test('a silent chip fails with chip, command, tries and time', async (t) => {
  const { clock, sent, connection } = byHand();
  const waiting = connection.send({ x: 3, y: 4 }, readWord(RAM));
  clock.advance(2500);
  const error = await waiting.catch((thrown: unknown) => thrown);
  t.ok(error instanceof ScpTimeoutError);
  t.match(error, { chip: { x: 3, y: 4 }, command: 'CMD_READ', tries: 5, waitedMs: 2500 });
  t.match(
    (error as Error).message,
    'chip (3, 4) did not answer CMD_READ: 5 tries, 2.5 s. Is the board powered and booted?',
  );
  t.equal(sent.length, 5);
  t.ok(sent.every((datagram) => Buffer.compare(datagram, sent[0]!) === 0));
});

t.test('what must not happen twice is sent once, and waited for as long', async (t) => {
  for (const command of [
    allocateSdram(30, 100),
    allocateRoutingEntries(30, 5),
    signalByMulticast(Signal.Sync0, 30),
  ]) {
    const { clock, sent, connection } = byHand();
    const waiting = connection.send(ORIGIN, command);
    clock.advance(2499);
    t.equal(connection.statistics.failed, 0);
    clock.advance(1);
    await t.rejects(waiting, { name: 'ScpTimeoutError', tries: 1, waitedMs: 2500 });
    t.equal(sent.length, 1);
  }
});

t.test('an allocation with a tag may be repeated', async (t) => {
  const { clock, sent, connection, reply } = byHand();
  const waiting = connection.send(ORIGIN, allocateSdram(30, 100, 7));
  clock.advance(500);
  t.equal(sent.length, 2);
  reply(1, ReturnCode.Ok, Uint8Array.of(0, 0, 0, 0x60));
  t.equal(await waiting, 0x60000000);
});

t.test('a busy chip is asked again, after pauses that double', async (t) => {
  const { clock, sent, connection, reply } = byHand();
  const waiting = connection.send(ORIGIN, readWord(RAM));
  reply(0, ReturnCode.P2pBusy);
  reply(0, ReturnCode.P2pBusy);
  clock.advance(9);
  t.equal(sent.length, 1);
  clock.advance(1);
  t.equal(sent.length, 2);
  reply(1, ReturnCode.P2pBusy);
  clock.advance(19);
  t.equal(sent.length, 2);
  clock.advance(1);
  t.equal(sent.length, 3);
  reply(2, ReturnCode.Ok, Uint8Array.of(1, 0, 0, 0));
  t.equal(await waiting, 1);
  t.match(connection.statistics, { busy: 2, unexpected: 1, repeats: 2, answered: 1 });
});

t.test('a chip that stays busy fails with the return code in words', async (t) => {
  const { clock, connection, reply } = byHand({ tries: 2 });
  const waiting = connection.send({ x: 255, y: 255, core: 3 }, readWord(RAM));
  reply(0, ReturnCode.P2pBusy);
  clock.advance(10);
  reply(1, ReturnCode.P2pBusy);
  await t.rejects(waiting, {
    name: 'ScpError',
    code: 0x8d,
    command: 'CMD_READ',
    tries: 2,
    message:
      'the connected chip core 3 refused CMD_READ: RC_P2P_BUSY, the chip is busy with another message (0x8d) (after 2 tries)',
  });
});

t.test('a refusal that is final fails at once', async (t) => {
  const { machine, connection } = connected();
  machine.refusals.push(ReturnCode.Argument);
  await t.rejects(connection.send(ORIGIN, readWord(RAM)), ScpError);
  t.equal(connection.statistics.repeats, 0);
  await connection.close();
});

t.test('an unclear refusal is not answered by repeating what must not happen twice', async (t) => {
  const { connection, reply } = byHand();
  const waiting = connection.send(ORIGIN, allocateSdram(30, 100));
  reply(0, ReturnCode.P2pTimeout);
  await t.rejects(waiting, { code: 0x8e, tries: 1 });
});

t.test('the window closes when the machine is busy and opens again', async (t) => {
  const { clock, sent, connection, reply } = byHand({ window: 8 });
  const all = connection.all(
    Array.from({ length: 40 }, () => ({ to: ORIGIN, command: write(RAM, Uint8Array.of(1)) })),
  );
  t.equal(sent.length, 8);
  reply(0, ReturnCode.P2pBusy);
  reply(1);
  reply(2);
  reply(3);
  reply(4);
  t.equal(sent.length, 8, 'four on their way and a window of four: nothing new yet');
  let next = 5;
  for (let turn = 0; turn < 200 && connection.statistics.answered < 40; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
    while (next < sent.length) reply(next++);
    clock.advance(10);
  }
  await all;
  t.equal(connection.statistics.answered, 40);
});

t.test('datagrams that are no reply to us are counted and change nothing', async (t) => {
  const { connection, sent, reply, deliver } = byHand();
  const waiting = connection.send({ x: 1, y: 1 }, readWord(RAM));
  const good = replyDatagram(replyHeader(decodeSdp(sent[0]!)), {
    code: 0x80,
    sequence: decodeScpRequest(decodeSdp(sent[0]!).data).sequence,
    payload: Uint8Array.of(1, 2, 3, 4),
  });
  reply(0, ReturnCode.Ok, Uint8Array.of(9, 9, 9, 9)); // from chip (0, 0) instead of (1, 1)
  t.match(connection.statistics, { unexpected: 1, malformed: 0 });
  const emptyReply = good.length - 4;
  for (let length = 0; length < good.length; length++) {
    if (length !== emptyReply) deliver(good.subarray(0, length));
  }
  deliver(new Uint8Array(2000));
  t.match(connection.statistics, { malformed: good.length, answered: 0 });
  deliver(good);
  t.equal(await waiting, 0x04030201);
});

t.test('a reply without anything where something was asked for is a refusal', async (t) => {
  const { connection, reply } = byHand();
  const waiting = connection.send({ x: 1, y: 1 }, readWord(0x50000000));
  reply(0, ReturnCode.P2pBusy); // from chip (0, 0): not for us
  const nothing = connection.send(ORIGIN, readWord(0x50000000));
  reply(1);
  await t.rejects(nothing, {
    name: 'ScpEmptyReplyError',
    chip: ORIGIN,
    command: 'CMD_READ',
    message: /chip \(0, 0\) answered CMD_READ with nothing, as SC&MP 4.0.0 does/,
  });
  t.equal(connection.statistics.failed, 1);
  await connection.close();
  await t.rejects(waiting, ConnectionClosedError);
});

t.test('random datagrams never disturb a transfer in progress', async (t) => {
  const [near, far] = transportPair();
  const machine = new FakeMachine(far);
  const bytes = Uint8Array.from({ length: 20_000 }, (_, index) => index * 7);
  machine.chip(0, 0).memory.write(RAM, bytes);
  const listeners: ((datagram: Uint8Array) => void)[] = [];
  const connection = new Connection({
    send: (datagram) => near.send(datagram),
    close: () => near.close(),
    onDatagram: (listener) => {
      listeners.push(listener);
      near.onDatagram(listener);
    },
  });
  const transfer = readMemory(connection, ORIGIN, RAM, bytes.length);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (datagram) => {
      for (const listener of listeners) listener(datagram);
    }),
    { numRuns: 2000 },
  );
  t.equal(connection.statistics.malformed + connection.statistics.unexpected, 2000);
  t.same(await transfer, bytes);
  await connection.close();
});

t.test('sequence numbers wrap around and pass over those still in use', async (t) => {
  const { sent, connection, reply } = byHand({ window: 2 });
  const first = connection.send(ORIGIN, allocateSdram(30, 100));
  for (let index = 1; index < 65_540; index++) {
    const next = connection.send(ORIGIN, read(RAM, 0));
    reply(index);
    await next;
    sent[index] = new Uint8Array(0);
  }
  reply(0, ReturnCode.Ok, Uint8Array.of(0, 0, 0, 0x60));
  t.equal(await first, 0x60000000);
});

t.test('many requests stop at the first failure, which is thrown', async (t) => {
  const { machine, connection } = connected({ window: 4 });
  machine.refusals.push(undefined, undefined, ReturnCode.Argument);
  let drawn = 0;
  function* requests() {
    for (; drawn < 1000; drawn++) yield { to: ORIGIN, command: readWord(RAM) };
  }
  await t.rejects(connection.all(requests()), ScpError);
  t.ok(drawn < 20, `${drawn} requests were drawn`);
  await connection.close();
});

t.test('an answer that came while the program was busy is no time-out', async (t) => {
  const { connection } = connected({ timeoutMs: 150, tries: 1 });
  const waiting = connection.send(ORIGIN, allocateSdram(30, 100));
  const busyUntil = performance.now() + 200;
  await new Promise((resolve) => setImmediate(resolve)); // the machine answers
  while (performance.now() < busyUntil);
  t.equal(await waiting, 0x60640000);
  await connection.close();
});

t.test('closing fails what waits, and what comes after', async (t) => {
  const { connection } = byHand({ window: 1 });
  const waiting = [connection.send(ORIGIN, version()), connection.send(ORIGIN, version())];
  await connection.close();
  for (const each of waiting) await t.rejects(each, ConnectionClosedError);
  await t.rejects(connection.send(ORIGIN, version()), ConnectionClosedError);
});

t.test('options that make no sense are refused by name', async (t) => {
  const [near] = transportPair();
  t.throws(() => new Connection(near, { window: 0 }), /"window".*0/);
  t.throws(() => new Connection(near, { timeoutMs: Number.NaN }), /"timeoutMs".*NaN/);
  t.throws(() => new Connection(near, { tries: 0 }), /"tries".*0/);
});

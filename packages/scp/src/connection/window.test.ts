import fc from 'fast-check';
import t from 'tap';
import { ManualClock } from '../../test-support/manual-clock.js';
import { MODEL_RAM, type MonitorModel, SlowMonitor } from '../../test-support/slow-monitor.js';
import { allocateSdram } from '../commands/allocation.js';
import { readMemory, writeMemory } from '../controller/memory.js';
import { Connection, type ConnectionOptions } from './connection.js';

const CHIP = { x: 0, y: 0 };
const MOST = 256;

/** Requests per ms that a monitor can answer at best. */
const best = ({ serviceMs, latencyMs }: MonitorModel, most = MOST): number =>
  Math.min(1 / serviceMs, most / (serviceMs + latencyMs));

/** Requests per ms while a transfer is in full swing: from a quarter of the answers to nine tenths. */
async function rateOf(
  work: Promise<unknown>,
  count: number,
  clock: ManualClock,
  answered: () => number,
): Promise<number> {
  let isOver = false;
  work.then(() => {
    isOver = true;
  });
  const before = answered();
  const passed = async (share: number): Promise<number> => {
    while (answered() - before < share * count) {
      clock.advance(0.25);
      await null;
    }
    return clock.now();
  };
  const start = await passed(0.25);
  const end = await passed(0.9);
  while (!isOver) {
    clock.advance(1);
    await null;
  }
  return (0.65 * count) / (end - start);
}

/** Writes and reads back `count` messages. */
async function transfer(model: MonitorModel, count: number, options: ConnectionOptions = {}) {
  const clock = new ManualClock();
  const monitor = new SlowMonitor(clock, model);
  const connection = new Connection(monitor, { clock, ...options });
  const { statistics } = connection;
  const bytes = Uint8Array.from({ length: count * 256 }, (_, at) => at * 31 + (at >> 8));
  const answered = () => statistics.answered;
  const writing = writeMemory(connection, CHIP, MODEL_RAM, bytes);
  const written = await rateOf(writing, count, clock, answered);
  const reading = readMemory(connection, CHIP, MODEL_RAM, bytes.length);
  const read = await rateOf(reading, count, clock, answered);
  const isRight = Buffer.compare(await reading, bytes) === 0;
  return { monitor, statistics, isRight, rate: Math.min(written, read) };
}

const MODELS = [0.01, 0.05, 0.2].flatMap((serviceMs) =>
  [0.02, 1, 5].map((latencyMs): MonitorModel => ({ serviceMs, latencyMs })),
);
const describe = ({ serviceMs, latencyMs }: MonitorModel): string =>
  `${serviceMs} ms for a request, ${latencyMs} ms on the line`;

t.test('a monitor with 32 buffers is kept busy and never overrun, near or far', async (t) => {
  for (const model of MODELS) {
    const { monitor, statistics, isRight, rate } = await transfer(model, 6000);
    t.equal(monitor.dropped, 0, `${describe(model)}: no request finds the buffers full`);
    t.equal(statistics.repeats, 0, `${describe(model)}: none is sent twice`);
    t.ok(rate >= 0.8 * best(model), `${describe(model)}: ${rate} of ${best(model)} per ms`);
    t.ok(isRight, `${describe(model)}: what is read is what was written`);
  }
});

t.test('requests that are lost cost little, and nothing is ever wrong', async (t) => {
  for (const model of MODELS) {
    for (const lose of [0.01, 0.05]) {
      const { isRight, rate } = await transfer({ ...model, lose }, 4000);
      const share = lose === 0.01 ? 0.7 : 0.6;
      const said = `${describe(model)}, ${100 * lose} % lost each way`;
      t.ok(rate >= share * best(model), `${said}: ${rate} of ${best(model)} per ms`);
      t.ok(isRight, `${said}: what is read is what was written`);
    }
  }
});

t.test(
  'a host that reads its answers late and all at once overruns no monitor either',
  async (t) => {
    for (const serviceMs of [0.05, 0.2, 1]) {
      for (const latencyMs of [0.02, 1, 5]) {
        const model = { serviceMs, latencyMs, hostTurnMs: 1 };
        const { monitor, isRight } = await transfer(model, 3000);
        t.equal(monitor.dropped, 0, describe(model));
        t.ok(isRight);
      }
    }
  },
);

t.test('on any line hardly a request finds the buffers of the monitor full', async (t) => {
  const logarithm = (from: number, to: number) =>
    fc.double({ min: Math.log(from), max: Math.log(to), noNaN: true }).map(Math.exp);
  const models = fc.record({ serviceMs: logarithm(0.006, 2), latencyMs: logarithm(0.005, 30) });
  await fc.assert(
    fc.asyncProperty(models, async (model) => {
      const { monitor, isRight } = await transfer(model, 1000);
      return isRight && monitor.dropped <= 0.005 * 2000;
    }),
    { numRuns: 20 },
  );
  t.end();
});

t.test('a monitor with few free buffers still gets all, at its pace', async (t) => {
  const model = { serviceMs: 0.1, latencyMs: 0.2, buffers: 6 };
  const { isRight, rate } = await transfer(model, 3000);
  t.ok(isRight);
  t.ok(rate >= 0.6 * best(model), `${rate} of ${best(model)} per ms`);
});

t.test('the window never grows above what it was given', async (t) => {
  const model = { serviceMs: 0.01, latencyMs: 5 };
  const { statistics, rate } = await transfer(model, 3000, { window: 40 });
  t.equal(statistics.mostInFlight, 40);
  t.ok(rate >= 0.8 * best(model, 40));
});

t.test('the shortest round trip is measured again every ten seconds', async (t) => {
  const model = { serviceMs: 1, latencyMs: 1 };
  const { monitor, isRight } = await transfer(model, 12_000);
  t.ok(isRight);
  t.equal(monitor.dropped, 0);
});

t.test(
  'a lost request is missed after a few round trips, by later answers or by time',
  async (t) => {
    const clock = new ManualClock();
    const monitor = new SlowMonitor(clock, { serviceMs: 0.1, latencyMs: 1 });
    let loses = false;
    const connection = new Connection(
      {
        send: (datagram) => {
          if (!loses) monitor.send(datagram);
          loses = false;
        },
        onDatagram: (listener) => monitor.onDatagram(listener),
        close: () => monitor.close(),
      },
      { clock },
    );
    const took = async (work: () => Promise<unknown>): Promise<number> => {
      const start = clock.now();
      let end: number | undefined;
      work().then(() => {
        end = clock.now();
      });
      while (end === undefined) {
        clock.advance(0.1);
        await new Promise(setImmediate);
      }
      return end - start;
    };
    const some = () => readMemory(connection, CHIP, MODEL_RAM, 20 * 256);
    const usual = await took(some);
    loses = true;
    t.ok((await took(some)) < usual + 3);
    t.match(connection.statistics, { overtaken: 1, timeouts: 0, repeats: 1 });
    loses = true;
    t.ok((await took(() => readMemory(connection, CHIP, MODEL_RAM, 256))) < 40);
    t.match(connection.statistics, { overtaken: 1, timeouts: 1, repeats: 2 });
  },
);

t.test(
  'what must not happen twice is not sent again because later requests were answered',
  async (t) => {
    const clock = new ManualClock();
    const monitor = new SlowMonitor(clock, { serviceMs: 0.1, latencyMs: 1 });
    let sent = 0;
    const connection = new Connection(
      {
        send: (datagram) => {
          if (datagram[10] === 28) sent++;
          else monitor.send(datagram);
        },
        onDatagram: (listener) => monitor.onDatagram(listener),
        close: () => monitor.close(),
      },
      { clock },
    );
    const allocation = connection.send(CHIP, allocateSdram(30, 100));
    const reading = readMemory(connection, CHIP, MODEL_RAM, 100 * 256);
    clock.advance(3999);
    await reading;
    t.equal(sent, 1);
    clock.advance(1);
    await t.rejects(allocation, { name: 'ScpTimeoutError', tries: 1, waitedMs: 4000 });
  },
);

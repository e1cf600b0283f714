/** Conformance: programs, their states, signals, counting and output. */
import {
  CoreState,
  CoreStateError,
  MalformedMessageError,
  ReturnCode,
  Signal,
} from '@spin-tools/scp';
import type { Test } from 'tap';
import { chipOf, type Pair, prepare, received, relayPairs } from './relays.js';
import { carefully, eventually, RELAY, type Subject, sampleChips } from './subject.js';

const APP = 43;
const ROUNDS = 60;
/** Packets that each relay gets for one signal: the second 60, 58, ... 0, the first 59, 57, ... 1, and the second's 0. */
const PACKETS = ROUNDS / 2 + 1;
const SUM_OF_SECOND = 930;
const SUM_OF_FIRST = 900;
/** Signals travel by multicast too, and routers may count them. */
const MOST_SIGNALS = 16;

export function testPrograms(t: Test, subject: Subject): void {
  const { controller } = subject;
  const pairs = relayPairs(subject);
  const cores = pairs.flatMap(({ first, second }) => [first, second]);
  const targets = cores.map((at) => ({ chip: chipOf(at), cores: [at.core] }));

  t.test('programs are loaded and wait for their start, all counted', async (t) => {
    await Promise.all(pairs.map((pair) => prepare(subject, pair, ROUNDS, APP)));
    await carefully(() => controller.loadApplication(RELAY, targets, APP, { wait: true }));
    await controller.waitForState(targets, CoreState.Wait);
    t.equal(await controller.countCores(APP, CoreState.Wait), cores.length);
    t.equal(await controller.countCores(APP, CoreState.Run), 0);
    for (const at of cores) {
      t.equal(await controller.coreState(at), CoreState.Wait);
      t.match(await controller.vcpu(at), { state: CoreState.Wait, appId: APP });
    }
  });

  t.test('cores that do not come to a state are named', async (t) => {
    const error: unknown = await controller
      .waitForState(targets, CoreState.Exit, { timeoutMs: 1 })
      .catch((thrown) => thrown);
    t.ok(error instanceof CoreStateError);
    t.match((error as Error).message, /core [12]/);
  });

  t.test('a start reaches all chips', async (t) => {
    await controller.signal(Signal.Start, APP);
    await controller.waitForState(targets, CoreState.Run);
    t.equal(await controller.countCores(APP, CoreState.Run), cores.length);
    for (const at of cores) t.equal(await controller.iobuf(at), 'relay\n');
  });

  t.test(
    'packets go to and fro across links, are counted by routers, and none is lost',
    async (t) => {
      await Promise.all(cores.map((at) => controller.clearRouterDiagnostics(chipOf(at))));
      for (const at of cores)
        t.equal((await controller.routerDiagnostics(chipOf(at))).droppedMulticast, 0);
      const isStarted = async () => (await received(subject, pairs[0] as Pair)).countOfSecond > 0;
      await carefully(() => controller.signal(Signal.User0, APP), isStarted);
      for (const pair of pairs) {
        await eventually(async () => {
          const { countOfSecond, countOfFirst } = await received(subject, pair);
          return countOfSecond >= PACKETS && countOfFirst >= PACKETS;
        });
        const found = await received(subject, pair);
        // A signal that was doubled on its way starts the exchange once more.
        const times = subject.isReliable ? 1 : Math.round(found.countOfSecond / PACKETS);
        t.same(found, {
          ...{ countOfSecond: times * PACKETS, sumOfSecond: times * SUM_OF_SECOND },
          ...{ countOfFirst: times * PACKETS, sumOfFirst: times * SUM_OF_FIRST },
        });
        const counters = await controller.routerDiagnostics(chipOf(pair.second));
        t.equal(counters.droppedMulticast, 0);
        t.ok(counters.externalMulticast >= times * PACKETS);
        t.ok(counters.externalMulticast <= times * PACKETS + MOST_SIGNALS);
      }
    },
  );

  t.test('programs end by themselves, and a stop frees all that they had', async (t) => {
    const hasEnded = async () => (await controller.countCores(APP, CoreState.Exit)) > 0;
    await carefully(() => controller.signal(Signal.Exit, APP), hasEnded);
    await controller.waitForState(targets, CoreState.Exit);
    t.equal(await controller.countCores(APP, CoreState.Exit), cores.length);
    await controller.signal(Signal.Stop, APP);
    await controller.waitForState(targets, CoreState.Idle);
    for (const chip of cores.map(chipOf)) {
      t.same(await controller.readRoutingTable(chip), []);
      t.equal((await controller.chipInformation(chip)).freeRoutingEntries, 1023);
    }
  });

  t.test('a flood starts what it should on many chips', async (t) => {
    const flooded = sampleChips(subject)
      .slice(-4)
      .map(({ x, y }) => ({ chip: { x, y }, cores: [3, 5] }));
    await carefully(() => controller.loadApplication(RELAY, flooded, APP, { by: 'flood' }));
    await controller.waitForState(flooded, CoreState.Run);
    t.equal(await controller.countCores(APP, CoreState.Run), 2 * flooded.length);
    await controller.signal(Signal.Stop, APP);
    await controller.waitForState(flooded, CoreState.Idle);
  });

  t.test('what cannot be loaded is refused before anything is sent', async (t) => {
    const load = (image: Uint8Array, core: number, x = 0) =>
      controller.loadApplication(image, [{ chip: { x, y: 0 }, cores: [core] }], APP);
    await t.rejects(load(Uint8Array.of(2, 0, 0), 1), MalformedMessageError);
    await t.rejects(load(RELAY, 0), RangeError);
    await t.rejects(load(RELAY, 18), RangeError);
    await t.rejects(load(RELAY, 1, subject.machine.width), { code: ReturnCode.Route });
  });
}

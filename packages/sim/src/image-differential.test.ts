/**
 * The same random requests to the built-in monitor and to an image of SC&MP on ARM cores: replies are compared byte
 * for byte. Images are not part of this repository: SPIN_TOOLS_BOOT_IMAGES names them, see
 * `image-conformance.test.ts`. With SPIN_TOOLS_LARGE=1 there are ten times as many.
 */
import { readFileSync } from 'node:fs';
import { delimiter } from 'node:path';
import { describeBootImage, MachineController, systemVariables } from '@spin-tools/scp';
import t from 'tap';
import { defined, type Question, Questions } from '../test-support/questions.js';
import { TurnClock } from '../test-support/turn-clock.js';
import type { MonitorKind } from './machine/management.js';
import { VirtualMachine } from './machine/virtual-machine.js';

const FILES = (process.env.SPIN_TOOLS_BOOT_IMAGES ?? '').split(delimiter).filter((file) => file);
const COUNT = process.env.SPIN_TOOLS_LARGE === '1' ? 4000 : 400;
const SEED = 20;
const ORIGIN = { x: 0, y: 0 };
const NS_PER_SECOND = 1e9;
/** SC&MP counts for 10 ms, and gives up a link after 0.2. */
const MOST_WAIT_NS = 30e6;
const STEP_NS = 0.5e6;

async function booted(monitor: MonitorKind, image: Uint8Array) {
  const machine = new VirtualMachine({ board: 'spin3', monitor });
  const controller = new MachineController({
    ...{ scp: machine.scpTransport(), boot: machine.bootTransport() },
    ...{ clock: new TurnClock(), timeoutMs: 1000, tries: 10 },
  });
  const variables = { softwareWatchdog: 0, ledPeriod: 0, unixTime: 1000, bootSignature: 1000 };
  const options = { image, hardwareVersion: 3, variables, pauseMs: 0, force: true };
  await controller.boot({ ...options, timeoutMs: 100_000 });
  await machine.advance(NS_PER_SECOND);
  const { address } = systemVariables.routerCopy;
  const copy = new DataView((await controller.read(ORIGIN, address, 4)).buffer).getUint32(0, true);
  const wire = machine.scpTransport();
  const replies: Uint8Array[] = [];
  wire.onDatagram((reply) => replies.push(reply));
  const start = machine.time;
  return {
    routerCopy: copy,
    get passed() {
      return machine.time - start;
    },
    /** Lets time pass until it is as late as on another machine. */
    catchUp: async (passed: number) => {
      if (machine.time - start < passed) await machine.advance(passed - (machine.time - start));
    },
    ask: async ({ name, datagram }: Question) => {
      replies.length = 0;
      wire.send(datagram);
      for (let waited = 0; waited < MOST_WAIT_NS && replies.length === 0; waited += STEP_NS) {
        await machine.advance(STEP_NS);
        await new Promise(setImmediate);
      }
      return replies.map((reply) => defined(name, reply));
    },
    close: async () => {
      await controller.close();
      await machine.close();
    },
  };
}

if (FILES.length === 0) t.pass('skipped: SPIN_TOOLS_BOOT_IMAGES names no boot image');

for (const file of FILES) {
  const image = new Uint8Array(readFileSync(file));
  const { version } = describeBootImage(image);
  t.test(`${COUNT} requests to SC&MP ${version}, built in and from its image`, async (t) => {
    const builtIn = await booted('built-in', image);
    const real = await booted('image', image);
    t.equal(builtIn.routerCopy, real.routerCopy);
    const questions = new Questions(SEED, real.routerCopy);
    t.comment(`seed ${SEED}`);
    let same = 0;
    for (let index = 0; index < COUNT; index++) {
      const question = questions.next();
      const [own, wanted] = [await builtIn.ask(question), await real.ask(question)];
      await builtIn.catchUp(real.passed);
      await real.catchUp(builtIn.passed);
      const isSame = own.join() === wanted.join();
      if (isSame) same++;
      else t.same(own, wanted, `${index}: ${question.name}`);
    }
    t.equal(same, COUNT);
    await builtIn.close();
    await real.close();
  });
}

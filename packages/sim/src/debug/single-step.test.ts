import { readFileSync } from 'node:fs';
import t from 'tap';
import { ArmCore } from '../arm/arm-core.js';
import type { Probe } from '../arm/single-step.js';
import { BusError, type ChipBus } from '../core/core.js';

const PROGRAMS = JSON.parse(
  readFileSync(new URL('../arm/fixtures/programs.json', import.meta.url), 'utf8'),
) as Record<string, string>;

/** Counts a register down from 1000, over and over: such loops are passed at once when nobody looks. */
const DELAYS = Uint32Array.of(0xe3a00ffa, 0xe2500001, 0x1afffffd, 0xe2811001, 0xeafffffa);
PROGRAMS['delay loops'] = Buffer.from(DELAYS.buffer).toString('base64');

function fakeBus(sent: unknown[]): ChipBus {
  const sdram = new Uint8Array(4096);
  return {
    read: (_, address) => {
      if (address >>> 29 !== 3) throw new BusError(address);
      return sdram[address & 0xfff] ?? 0;
    },
    write: () => undefined,
    readBlock: (_, target) => target.fill(7),
    writeBlock: () => undefined,
    send(_, packet, at) {
      sent.push({ packet, at });
      return true;
    },
  };
}

/** Runs a program in slices of odd lengths, with a packet now and then, and says all that happened. */
function outcome(name: string, probe: Probe | undefined) {
  const sent: unknown[] = [];
  const core = new ArmCore(5, fakeBus(sent));
  core.writeTcm(0, Buffer.from(PROGRAMS[name]!, 'base64'));
  core.start(0);
  core.probe = probe;
  for (let step = 1; step <= 400; step++) {
    core.run(step * 4_935);
    if (step % 9 === 0) core.deliver({ control: 2, key: step, payload: step }, 1, core.time);
  }
  return {
    time: core.time,
    statistics: core.statistics,
    registers: [...core.registers],
    data: Buffer.from(core.readTcm(0x00400000, 0x400)).toString('hex'),
    sent,
  };
}

for (const name of Object.keys(PROGRAMS)) {
  t.test(`${name} takes the same time in the same way, followed or not`, async (t) => {
    let steps = 0;
    let cycles = 0;
    const followed = outcome(name, {
      before: () => false,
      after: (_, spent) => {
        steps++;
        cycles += spent;
      },
    });
    t.same(followed, outcome(name, undefined));
    // A fetch that fails is followed too, and is no instruction.
    t.ok(steps >= followed.statistics.instructions);
    t.ok(cycles <= followed.statistics.cyclesAwake);
  });
}

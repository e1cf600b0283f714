/** Conformance: what a machine says of itself once it is up. */
import { isEthernet } from '@spin-tools/machine-model';
import type { Test } from 'tap';
import { ethernetChips, type Subject } from './subject.js';

export function testBoot(t: Test, subject: Subject): void {
  const { machine, controller } = subject;

  t.test('a machine that is up is not booted again', async (t) => {
    const first = await controller.version();
    t.same(await controller.boot({ pauseMs: 0 }), first);
    t.match(first, { name: 'SC&MP/SpiNNaker', virtualCore: 0, dataBytes: 256 });
    t.match(first.version, /^\d+\.\d+\.\d+$/);
  });

  t.test('every chip answers, and says where it is', async (t) => {
    const answers = await Promise.all(machine.chips.map((chip) => controller.version(chip)));
    t.same(
      answers.map(({ chip }) => chip),
      machine.chips.map(({ x, y }) => ({ x, y })),
    );
  });

  t.test('application cores answer too, by their own number', async (t) => {
    for (const chip of ethernetChips(subject)) {
      const answer = await controller.version({ ...chip, core: chip.cores - 1 });
      t.equal(answer.virtualCore, chip.cores - 1);
    }
  });

  t.test('each ethernet chip has an address of its own, and the others have none', async (t) => {
    const answers = await Promise.all(
      machine.chips.map((chip) => controller.chipInformation(chip)),
    );
    const ips = answers.map(({ ip }) => ip).filter((ip) => ip !== undefined);
    t.equal(new Set(ips).size, ethernetChips(subject).length);
    t.same(
      answers.map(({ ethernetUp }) => ethernetUp),
      machine.chips.map(isEthernet),
    );
  });
}

/** Conformance: finding out what a machine is made of. */
import { discoverMachine, machineToJson } from '@spin-tools/machine-model';
import { CoreState } from '@spin-tools/scp';
import type { Test } from 'tap';
import { ethernetChips, type Subject } from './subject.js';

export function testDiscovery(t: Test, subject: Subject): void {
  const { machine, controller } = subject;

  t.test('discovery finds the machine as it is', async (t) => {
    const found = machineToJson(await discoverMachine(controller));
    const chips = found.chips.map(({ ip: _, ...chip }) => chip);
    t.same({ ...found, chips }, machineToJson(machine));
  });

  t.test('the size and the ethernet chips are found', async (t) => {
    const { width, height } = machine;
    t.same(await controller.dimensions(), { width, height });
    const found = await controller.ethernetChips();
    const places = found.map(({ chip: { x, y } }) => `${x},${y}`).sort();
    t.same(
      places,
      ethernetChips(subject)
        .map(({ x, y }) => `${x},${y}`)
        .sort(),
    );
  });

  t.test('each further board is reached by its own address', async (t) => {
    const added = await controller.connectBoards((ip) => subject.openIp(ip));
    t.equal(added, ethernetChips(subject).length - 1);
    const before = controller.statistics().map(({ answered }) => answered);
    await Promise.all(machine.chips.map((chip) => controller.version(chip)));
    const answered = controller.statistics().map((now, board) => now.answered - before[board]!);
    t.equal(
      answered.reduce((sum, count) => sum + count, 0),
      machine.chipCount,
    );
    t.ok(
      answered.every((count) => count > 0),
      'through every board',
    );
  });

  t.test('cores are idle, but for the monitor, and those that do not work are dead', async (t) => {
    const answers = await Promise.all(
      machine.chips.map((chip) => controller.chipInformation(chip)),
    );
    t.same(
      answers.map(({ coreStates }) => coreStates),
      machine.chips.map(({ cores }) =>
        Array.from({ length: 18 }, (_, core) => {
          if (core === 0) return CoreState.Run;
          return core < cores ? CoreState.Idle : CoreState.Dead;
        }),
      ),
    );
  });
}

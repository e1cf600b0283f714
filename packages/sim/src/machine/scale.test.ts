import { readFileSync } from 'node:fs';
import { discoverMachine, LINKS, triads } from '@spin-tools/machine-model';
import { chipToAddress, MachineController } from '@spin-tools/scp';
import fc from 'fast-check';
import t from 'tap';
import { P2P_HERE, P2P_NO_WAY } from '../router/point-to-point.js';
import { neighboursOf } from './layout.js';
import { Paths } from './paths.js';
import { VirtualMachine } from './virtual-machine.js';

/** See relay.S beside it. */
const RELAY = new Uint8Array(readFileSync(new URL('./fixtures/relay.aplx', import.meta.url)));
const SIDE = 12;

/** A triad with dead chips and links, and the ways through it. */
function waysOf(dead: readonly { x: number; y: number; link: number }[]) {
  const deadChips = dead.filter(({ link }) => link === LINKS);
  const deadLinks = dead.filter(({ link }) => link < LINKS);
  const machine = triads({ width: 1, height: 1, deadChips, deadLinks });
  const { chips } = machine;
  const index = new Map(chips.map((chip, number) => [chipToAddress(chip), number]));
  const neighbours = neighboursOf(machine, index);
  const behind = (chip: number, link: number) => neighbours[chip * LINKS + link] as number;
  return { chips, behind, paths: () => new Paths(neighbours, chips.length) };
}

t.test(
  'from each chip the lowest link that leads nearer is taken, whoever asks first',
  async () => {
    const part = fc.record({ x: fc.nat(SIDE - 1), y: fc.nat(SIDE - 1), link: fc.nat(LINKS) });
    const property = fc.property(
      fc.array(part, { maxLength: 200 }),
      fc.nat(SIDE * SIDE),
      (dead, some) => {
        const { chips, behind, paths } = waysOf(dead);
        if (chips.length === 0) return true;
        const chip = some % chips.length;
        const asTable = paths();
        const distances = paths();
        return chips.every((_, to) => {
          const left = distances.hops(to, chip);
          const nearer = Array.from({ length: LINKS }, (_each, link) => link).find((link) => {
            const next = behind(chip, link);
            return next >= 0 && distances.hops(to, next) === left - 1;
          });
          const expected = to === chip ? P2P_HERE : (nearer ?? P2P_NO_WAY);
          return asTable.link(chip, to) === expected && paths().link(chip, to) === expected;
        });
      },
    );
    fc.assert(property, { numRuns: 20 });
  },
);

t.test(
  'thousands of chips are booted and discovered, and share most of their memory',
  async (t) => {
    const machine = new VirtualMachine({ triads: { width: 4, height: 4 } });
    const controller = new MachineController({
      scp: machine.scpTransport(),
      boot: machine.bootTransport(),
    });
    await controller.boot({ pauseMs: 0, force: true });
    const found = await discoverMachine(controller);
    t.equal(found.chipCount, 2304);
    t.equal(found.wrapX && found.wrapY, true);
    const perChip = machine.statistics().committedBytes / found.chipCount;
    t.ok(perChip < 2048, `${perChip} bytes of memory per chip`);
    await controller.close();
  },
);

t.test('what a flood fill brings to all chips is stored once', async (t) => {
  const machine = new VirtualMachine({ triads: { width: 1, height: 1 } });
  const controller = new MachineController({
    scp: machine.scpTransport(),
    boot: machine.bootTransport(),
  });
  await controller.boot({ pauseMs: 0, force: true });
  const before = machine.statistics().committedBytes;
  const one = [{ chip: { x: 0, y: 0 }, cores: [1] }];
  await controller.loadApplication(RELAY, one, 20, { by: 'flood' });
  const taken = machine.statistics().committedBytes - before;
  t.ok(taken < 0x10000, `${taken} bytes for 144 chips, of which one runs the program`);
  await controller.close();
});

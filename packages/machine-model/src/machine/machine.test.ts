import fc from 'fast-check';
import t from 'tap';
import { spin3, spin5, triads } from '../boards/build.js';
import { neighbour, oppositeLink } from '../geometry/torus.js';
import { InvalidMachineError } from './errors.js';
import { machineFromJson, machineToJson } from './json.js';
import { describeMachine, isEthernet, type Machine, requireChip } from './machine.js';

const linksOf = (machine: Machine, x: number, y: number) => machine.chipAt(x, y)?.links.join('');

/** Every link of every chip leads to a chip whose link leads back. */
function allLinksHaveMates(machine: Machine): boolean {
  return machine.chips.every((chip) =>
    chip.links.every((link) => {
      const beyond = neighbour(machine, chip, link);
      const mate = beyond && machine.chipAt(beyond.x, beyond.y);
      return mate?.links.includes(oppositeLink(link));
    }),
  );
}

t.test('a SpiNN-5 has 48 chips and no links out of the board', async (t) => {
  const board = spin5();
  t.equal(describeMachine(board), '48 chips (8 x 8), 864 cores, 1 ethernet chip');
  t.equal(linksOf(board, 0, 0), '012');
  t.equal(linksOf(board, 7, 7), '345');
  t.equal(linksOf(board, 3, 3), '012345');
  t.equal(board.chipAt(0, 4), undefined);
  t.ok(allLinksHaveMates(board));
  t.match(board.chipAt(0, 0), { cores: 18, sdramBytes: 119_275_488, ethernet: { x: 0, y: 0 } });
  t.same(board.chips.filter(isEthernet).length, 1);
});

t.test('a SpiNN-3 is joined around but for its connectors', async (t) => {
  const board = spin3();
  t.equal(describeMachine(board), '4 chips (2 x 2), 72 cores, 1 ethernet chip');
  t.equal(linksOf(board, 0, 0), '01245');
  t.equal(linksOf(board, 1, 0), '12345');
  t.equal(linksOf(board, 0, 1), '012345');
  t.ok(allLinksHaveMates(board));
});

t.test('triads have three boards each, joined around or not', async (t) => {
  const joined = triads({ width: 2, height: 1 });
  t.equal(describeMachine(joined), '288 chips (24 x 12), 5184 cores, 6 ethernet chips');
  t.ok(joined.chips.every(({ linkMask }) => linkMask === 0x3f));
  const open = triads({ width: 1, height: 1, wrap: false });
  t.equal(describeMachine(open), '144 chips (16 x 16), 2592 cores, 3 ethernet chips');
  t.equal(linksOf(open, 0, 0), '012');
  t.equal(open.chipAt(0, 4), undefined);
  t.ok(allLinksHaveMates(open));
  const tube = triads({ width: 1, height: 1, wrap: { x: true, y: false } });
  t.equal(describeMachine(tube), '144 chips (12 x 16), 2592 cores, 3 ethernet chips');
  t.ok(tube.chipAt(11, 4)?.links.includes(0), 'east around the tube to (0, 4)');
  t.ok(allLinksHaveMates(tube));
  t.throws(() => triads({ width: 0, height: 1 }), /"width" counts triads, 1 to 21: 0/);
  t.throws(() => triads({ width: 1, height: 22 }), /"height"/);
});

t.test('the largest machine is built in columns', async (t) => {
  const machine = triads({ width: 20, height: 20 });
  t.equal(machine.chipCount, 57_600);
  t.equal(machine.chips.filter(isEthernet).length, 1200);
});

t.test('dead chips, links and cores are gone, from both ends', async (t) => {
  const board = spin5({
    deadChips: [{ x: 1, y: 1 }],
    deadLinks: [{ x: 3, y: 3, link: 2 }],
    deadCores: [
      { x: 2, y: 2, core: 5 },
      { x: 2, y: 2, core: 17 },
    ],
  });
  t.equal(board.chipAt(1, 1), undefined);
  t.equal(board.chipCount, 47);
  t.equal(linksOf(board, 0, 0), '02', 'north-east was (1, 1)');
  t.equal(linksOf(board, 3, 4), '01234', 'south is the dead link from the other end');
  t.match(board.chipAt(2, 2), { cores: 16, physicalCoreMask: 0x1ffdf });
  t.ok(allLinksHaveMates(board));
  t.throws(() => requireChip(board, { x: 1, y: 1 }), /no working chip \(1, 1\)/);
  t.throws(() => spin5({ deadChips: [{ x: 0, y: 7 }] }), /no chip \(0, 7\)/);
  t.throws(() => spin5({ deadChips: [{ x: 9, y: 0 }] }), /no chip \(9, 0\)/);
});

t.test('a machine survives JSON', async (t) => {
  const place = fc.record({ x: fc.nat(1), y: fc.nat(1), link: fc.nat(5), core: fc.nat(17) });
  const property = fc.property(fc.array(place), fc.array(place), (deadLinks, deadCores) => {
    const machine = spin3({ deadLinks, deadCores });
    const json = JSON.stringify(machineToJson(machine));
    return JSON.stringify(machineToJson(machineFromJson(JSON.parse(json)))) === json;
  });
  t.doesNotThrow(() => fc.assert(property));
  const back = machineFromJson(JSON.parse(JSON.stringify(machineToJson(spin5()))));
  t.same(back.chips, spin5().chips);
});

t.test('JSON that is no machine is refused by the field that is wrong', async (t) => {
  const good = JSON.parse(JSON.stringify(machineToJson(spin3())));
  const wrong: [field: string, change: (json: typeof good) => unknown][] = [
    ['the description', () => null],
    ['format', (json) => ({ ...json, format: 'other' })],
    ['width', (json) => ({ ...json, width: 0 })],
    ['height', (json) => ({ ...json, height: 257 })],
    ['wrapX', (json) => ({ ...json, wrapX: 1 })],
    ['chips', (json) => ({ ...json, chips: {} })],
    ['chips[0]', (json) => ({ ...json, chips: [7] })],
    ['chips[0].x', (json) => ({ ...json, chips: [{ ...json.chips[0], x: 2 }] })],
    ['chips[1]', (json) => ({ ...json, chips: [json.chips[0], json.chips[0]] })],
    ['chips[0].links', (json) => ({ ...json, chips: [{ ...json.chips[0], links: [6] }] })],
    [
      'chips[0].physicalCoreMask',
      (json) => ({ ...json, chips: [{ ...json.chips[0], physicalCoreMask: 0 }] }),
    ],
    ['chips[0].sdramBytes', (json) => ({ ...json, chips: [{ ...json.chips[0], sdramBytes: -1 }] })],
    ['chips[0].ethernet[1]', (json) => ({ ...json, chips: [{ ...json.chips[0], ethernet: [0] }] })],
    ['chips[0].ip', (json) => ({ ...json, chips: [{ ...json.chips[0], ip: 'here' }] })],
    ['chip (1, 0)', (json) => ({ ...json, chips: [json.chips[1]] })],
  ];
  for (const [field, change] of wrong) {
    t.throws(() => machineFromJson(change(good)), { name: 'InvalidMachineError', field }, field);
  }
  const refusesProperly = (value: unknown) => {
    try {
      machineFromJson(value);
    } catch (error) {
      if (!(error instanceof InvalidMachineError)) throw error;
    }
  };
  const spoiltMachine = fc
    .tuple(fc.constantFrom(...Object.keys(good)), fc.jsonValue())
    .map(([field, value]) => ({ ...good, [field]: value }));
  const spoiltChip = fc
    .tuple(fc.constantFrom(...Object.keys(good.chips[0])), fc.jsonValue())
    .map(([field, value]) => ({ ...good, chips: [{ ...good.chips[0], [field]: value }] }));
  const anything = fc.oneof(fc.jsonValue(), spoiltMachine, spoiltChip);
  t.doesNotThrow(() => fc.assert(fc.property(anything, refusesProperly), { numRuns: 500 }));
});

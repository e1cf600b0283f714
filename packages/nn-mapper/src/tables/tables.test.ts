import fc from 'fast-check';
import t from 'tap';
import { randomIndex, seededRandom } from '../random.js';
import { LOCAL } from '../route/trees.js';
import { fitTables, RoutingTableOverflowError } from './capacity.js';
import { removeDefaultRoutes } from './default-routes.js';
import { minimise, minimiseWith } from './minimise.js';
import { coverInOrder } from './ordered-covering.js';
import { type ChipTable, chipTable, isDefaultRoute, joinTables } from './tables.js';
import { idleTrie } from './trie.js';

const EAST = 1 << 0;
const NORTH = 1 << 2;
const CORE_1 = 1 << 7;
const FROM_WEST = 3;
const WHOLE_KEY = 0xffffffff;

type Row = readonly [key: number, mask: number, route: number, arrival: number];

const tableOf = (rows: readonly Row[]): ChipTable => ({
  key: Uint32Array.from(rows, ([key]) => key),
  mask: Uint32Array.from(rows, ([, mask]) => mask),
  route: Uint32Array.from(rows, ([, , route]) => route),
  arrival: Int8Array.from(rows, ([, , , arrival]) => arrival),
});

const rowsOf = (table: ChipTable) =>
  [...table.key].map((key, row) => [key, table.mask[row], table.route[row]]);

/** What a router does with a packet: the first match, or straight on. */
function routed(table: ChipTable, key: number, arrival: number): number {
  const row = table.key.findIndex((entry, index) => ((entry ^ key) & table.mask[index]!) === 0);
  if (row >= 0) return table.route[row]!;
  return arrival === LOCAL ? 0 : 1 << ((arrival + 3) % 6);
}

/** Rows sorted by key, without overlap: blocks of 1 to 16 keys in slots of 16. */
const completeTable = fc
  .uniqueArray(
    fc.record({
      slot: fc.nat({ max: 511 }),
      bits: fc.nat({ max: 4 }),
      route: fc.constantFrom(EAST, NORTH, CORE_1, EAST | CORE_1),
      arrival: fc.integer({ min: LOCAL, max: 5 }),
    }),
    { selector: ({ slot }) => slot, minLength: 1, maxLength: 150 },
  )
  .map((blocks) =>
    tableOf(
      blocks
        .sort((a, b) => a.slot - b.slot)
        .map(({ slot, bits, route, arrival }) => [
          (0xfff00000 + 16 * slot) >>> 0,
          (-1 << bits) >>> 0,
          route,
          arrival,
        ]),
    ),
  );

function behavesAlike(one: ChipTable, other: ChipTable, complete: ChipTable): boolean {
  return [...complete.key].every((key, row) => {
    const last = (key | ~complete.mask[row]!) >>> 0;
    const arrival = complete.arrival[row]!;
    return [key, last].every((sent) => routed(one, sent, arrival) === routed(other, sent, arrival));
  });
}

t.test('leaving out default routes never changes where a packet goes', async (t) => {
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(completeTable, (complete) => {
        const reduced = chipTable(removeDefaultRoutes(joinTables([complete])), 0);
        return behavesAlike(reduced, complete, complete);
      }),
    ),
  );
});

t.test('minimising never changes where a packet goes', async (t) => {
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(completeTable, (complete) =>
        behavesAlike(minimise(complete), complete, complete),
      ),
    ),
  );
});

t.test('no search, however long, changes where a packet goes', async (t) => {
  const searches: Readonly<Record<string, (complete: ChipTable) => ChipTable>> = {
    'ordered covering': (complete) => coverInOrder(complete).table,
    'the shortest that can be found': (complete) => minimise(complete, 0),
    'bits in another order': (complete) => minimiseWith(idleTrie(), complete, 0, 0),
  };
  for (const [name, search] of Object.entries(searches)) {
    t.doesNotThrow(
      () =>
        fc.assert(
          fc.property(completeTable, (complete) =>
            behavesAlike(search(complete), complete, complete),
          ),
        ),
      name,
    );
  }
});

t.test('the longest search is never beaten by a shorter one or by ordered covering', async (t) => {
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(completeTable, (complete) => {
        const { length } = minimise(complete, 0).key;
        return (
          length <= minimise(complete).key.length &&
          length <= coverInOrder(complete).table.key.length
        );
      }),
    ),
  );
});

/** Rows in a space of 512 slots, drawn from a seed. */
function drawnTable(seed: number): ChipTable {
  const random = seededRandom(seed);
  const below = (count: number) => randomIndex(random, count);
  const slots = new Set<number>();
  const count = 10 + below(150);
  while (slots.size < count) slots.add(below(512));
  const routes = 1 + below(8);
  const ascending = [...slots].sort((a, b) => a - b);
  return tableOf(
    ascending.map((slot) => [slot * 16, (-1 << below(5)) >>> 0, 1 << below(routes), below(7) - 1]),
  );
}

t.test('ordered covering makes tables as long as those of rig 2.4.0', async (t) => {
  const rig = [
    56, 70, 64, 72, 55, 42, 7, 15, 22, 44, 48, 1, 59, 41, 21, 56, 64, 41, 6, 75, 39, 67, 7, 1, 1,
    39, 36, 20, 9, 84, 65, 39,
  ];
  t.same(
    rig.map((_, index) => coverInOrder(drawnTable(index + 1)).table.key.length),
    rig,
  );
});

t.test(
  'a route that depends on a low field of the key takes one entry for each value',
  async (t) => {
    const routes = [CORE_1, NORTH, EAST | NORTH, EAST | CORE_1];
    const complete = tableOf(
      [...Array(64).keys()].map((key) => [0x700 + key, WHOLE_KEY, routes[key % 4]!, LOCAL]),
    );
    t.equal(minimise(complete).key.length, 4);
  },
);

t.test('minimising is never worse than leaving out default routes', async (t) => {
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(completeTable, (complete) => {
        const reduced = chipTable(removeDefaultRoutes(joinTables([complete])), 0);
        return minimise(complete).key.length <= reduced.key.length;
      }),
    ),
  );
});

t.test('only a single link straight on is a default route', async (t) => {
  t.ok(isDefaultRoute(FROM_WEST, EAST));
  t.notOk(isDefaultRoute(FROM_WEST, NORTH));
  t.notOk(isDefaultRoute(FROM_WEST, EAST | CORE_1));
  t.notOk(isDefaultRoute(LOCAL, EAST));
});

t.test('nets with one route become one entry, whatever unused keys lie between', async (t) => {
  const complete = tableOf([
    [0x10, WHOLE_KEY, CORE_1, LOCAL],
    [0x12, WHOLE_KEY, CORE_1, LOCAL],
    [0x17, WHOLE_KEY, CORE_1, LOCAL],
  ]);
  t.same(rowsOf(minimise(complete)), [[0x10, 0xfffffff8, CORE_1]]);
});

t.test('an exception comes before the entry that covers it', async (t) => {
  const complete = tableOf([
    [0x10, WHOLE_KEY, CORE_1, LOCAL],
    [0x11, WHOLE_KEY, NORTH, LOCAL],
    [0x12, WHOLE_KEY, CORE_1, LOCAL],
    [0x13, WHOLE_KEY, CORE_1, LOCAL],
  ]);
  t.same(rowsOf(minimise(complete)), [
    [0x11, WHOLE_KEY, NORTH],
    [0x10, 0xfffffffc, CORE_1],
  ]);
});

t.test('a covering entry is not used where it would catch a default route at a loss', async (t) => {
  const complete = tableOf([
    [0x10, WHOLE_KEY, CORE_1, LOCAL],
    [0x11, WHOLE_KEY, EAST, FROM_WEST],
  ]);
  t.same(rowsOf(minimise(complete)), [[0x10, WHOLE_KEY, CORE_1]]);
});

t.test('a table is minimised only when it is too long, unless told otherwise', async (t) => {
  const complete = joinTables([
    tableOf([
      [0x10, WHOLE_KEY, CORE_1, LOCAL],
      [0x11, WHOLE_KEY, CORE_1, LOCAL],
      [0x12, WHOLE_KEY, EAST, FROM_WEST],
    ]),
  ]);
  const at = { x: Int32Array.of(3), y: Int32Array.of(4) };
  t.equal(fitTables(complete, at, { capacity: 2 }).key.length, 2);
  t.equal(fitTables(complete, at, { capacity: 1 }).key.length, 1);
  t.equal(fitTables(complete, at, { minimise: 'always' }).key.length, 1);
  t.throws(() => fitTables(complete, at, { capacity: 1, minimise: 'never' }), {
    name: 'RoutingTableOverflowError',
    chips: [{ x: 3, y: 4, entries: 2 }],
  });
});

t.test('an overflow names the worst chips and what to try', async (t) => {
  const error = new RoutingTableOverflowError([{ x: 3, y: 4, entries: 1500 }], 1023);
  t.match(error.message, /chip \(3, 4\): 1500/);
  t.match(error.message, /1023 entries/);
  t.match(error.message, /annealing/);
});

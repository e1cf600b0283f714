import fc from 'fast-check';
import t from 'tap';
import {
  BOARD_CHIPS,
  BOARD_PLACES,
  boardChips,
  boardEthernet,
  boardPlace,
  isEthernetPlace,
} from './boards.js';
import {
  distance,
  hexLength,
  LINK_VECTORS,
  LINKS,
  linkOfStep,
  neighbour,
  oppositeLink,
  shortestVector,
  shortestVectors,
  type Torus,
} from './torus.js';

const torus = fc.record({
  width: fc.integer({ min: 1, max: 9 }),
  height: fc.integer({ min: 1, max: 9 }),
  wrapX: fc.boolean(),
  wrapY: fc.boolean(),
});

/** Hops from a chip to every place, by looking. */
function breadthFirst(of: Torus, from: { x: number; y: number }): Map<string, number> {
  const name = ({ x, y }: { x: number; y: number }) => `${x},${y}`;
  const found = new Map([[name(from), 0]]);
  let edge = [from];
  for (let hops = 1; edge.length > 0; hops++) {
    const next: { x: number; y: number }[] = [];
    for (const chip of edge) {
      for (let link = 0; link < LINKS; link++) {
        const beyond = neighbour(of, chip, link);
        if (!beyond || found.has(name(beyond))) continue;
        found.set(name(beyond), hops);
        next.push(beyond);
      }
    }
    edge = next;
  }
  return found;
}

t.test('links lead where the data sheet says, and back', async (t) => {
  const of = { width: 12, height: 12, wrapX: true, wrapY: true };
  const around = [0, 1, 2, 3, 4, 5].map((link) => neighbour(of, { x: 0, y: 0 }, link));
  t.same(around, [
    { x: 1, y: 0 },
    { x: 1, y: 1 },
    { x: 0, y: 1 },
    { x: 11, y: 0 },
    { x: 11, y: 11 },
    { x: 0, y: 11 },
  ]);
  around.forEach((chip, link) => {
    t.same(neighbour(of, chip!, oppositeLink(link)), { x: 0, y: 0 });
  });
  LINK_VECTORS.forEach(({ dx, dy }, link) => {
    t.equal(linkOfStep(dx, dy), link);
  });
  t.equal(linkOfStep(1, -1), undefined);
  t.throws(() => neighbour(of, { x: 0, y: 0 }, 6), RangeError);
});

t.test('edges that are not joined lead nowhere', async (t) => {
  const of = { width: 8, height: 8, wrapX: true, wrapY: false };
  t.same(neighbour(of, { x: 7, y: 3 }, 0), { x: 0, y: 3 });
  t.equal(neighbour(of, { x: 3, y: 7 }, 2), undefined);
  t.equal(neighbour(of, { x: 7, y: 7 }, 1), undefined);
});

t.test('distances on meshes and tori of any size are what a search finds', async (t) => {
  const property = fc.property(torus, fc.nat(80), (of, start) => {
    const from = { x: start % of.width, y: start % of.height };
    for (const [place, hops] of breadthFirst(of, from)) {
      const [x, y] = place.split(',').map(Number) as [number, number];
      if (distance(of, from, { x, y }) !== hops) return false;
    }
    return true;
  });
  t.doesNotThrow(() => fc.assert(property, { numRuns: 150 }));
});

t.test('shortest vectors arrive, are equally long, and are all there are', async (t) => {
  const property = fc.property(torus, fc.nat(80), fc.nat(80), (of, a, b) => {
    const from = { x: a % of.width, y: a % of.height };
    const to = { x: b % of.width, y: b % of.height };
    const ways = shortestVectors(of, from, to);
    const least = distance(of, from, to);
    const ends = (difference: number, size: number, wraps: boolean) =>
      (wraps ? [-size, 0, size] : [0])
        .map((around) => difference + around)
        .filter((steps) => !wraps || Math.abs(steps) <= size);
    const all = ends(to.x - from.x, of.width, of.wrapX).flatMap((dx) =>
      ends(to.y - from.y, of.height, of.wrapY).map((dy) => hexLength(dx, dy)),
    );
    return (
      ways.length === all.filter((length) => length === least).length &&
      ways.every(({ dx, dy }) => hexLength(dx, dy) === least) &&
      ways.every(({ dx, dy }) => {
        const x = from.x + dx - to.x;
        const y = from.y + dy - to.y;
        return x % of.width === 0 && y % of.height === 0 && (of.wrapX || x === 0);
      })
    );
  });
  t.doesNotThrow(() => fc.assert(property));
  const of = { width: 4, height: 4, wrapX: true, wrapY: true };
  t.same(shortestVector(of, { x: 0, y: 0 }, { x: 2, y: 0 }), { dx: -2, dy: 0 });
  t.equal(shortestVectors(of, { x: 0, y: 0 }, { x: 2, y: 0 }).length, 2);
});

t.test('a board has 48 chips of the shape in the data sheet', async (t) => {
  t.equal(BOARD_PLACES.length, BOARD_CHIPS);
  const picture = Array.from({ length: 8 }, (_, row) =>
    Array.from({ length: 8 }, (__, x) =>
      BOARD_PLACES.some((place) => place.x === x && place.y === 7 - row) ? '#' : '.',
    ).join(''),
  );
  t.same(picture, [
    '....####',
    '...#####',
    '..######',
    '.#######',
    '########',
    '#######.',
    '######..',
    '#####...',
  ]);
});

t.test('boards tile a triad machine without gaps or overlaps', async (t) => {
  const of = { width: 24, height: 12, wrapX: true, wrapY: true };
  const owners = new Map<string, string>();
  for (let x = 0; x < of.width; x++) {
    for (let y = 0; y < of.height; y++) {
      if (!isEthernetPlace(x, y)) continue;
      for (const chip of boardChips(of, { x, y })) {
        t.notOk(owners.has(`${chip.x},${chip.y}`));
        owners.set(`${chip.x},${chip.y}`, `${x},${y}`);
      }
    }
  }
  t.equal(owners.size, 24 * 12);
  for (const [chip, ethernet] of owners) {
    const [x, y] = chip.split(',').map(Number) as [number, number];
    const found = boardEthernet(of, { x, y });
    t.equal(`${found.x},${found.y}`, ethernet);
  }
  t.same(boardPlace({ x: 11, y: 11 }), { x: 7, y: 3 });
  t.same(boardEthernet(of, { x: 0, y: 11 }), { x: 20, y: 4 }, 'over the edge');
});

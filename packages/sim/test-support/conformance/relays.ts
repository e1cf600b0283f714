/** Pairs of relays (see relay.S) on neighbouring chips that answer each other across a link. */
import { type Chip, LINKS, neighbour } from '@spin-tools/machine-model';
import { type ChipAddress, vcpuField } from '@spin-tools/scp';
import { loadTable } from './routing.js';
import { bytesOf, ethernetChips, farChip, type Subject, wordsOf } from './subject.js';

const EXACT = 0xffffffff;
const FIRST_CORE = 1;
const SECOND_CORE = 2;

/** Two cores, one on each side of a link. */
export interface Pair {
  readonly first: ChipAddress & { readonly core: number };
  readonly second: ChipAddress & { readonly core: number };
}

/** A pair for each board, and one far away. */
export function relayPairs(subject: Subject): Pair[] {
  const taken = new Set<string>();
  const isNew = ({ x, y }: ChipAddress) => !taken.has(`${x},${y}`);
  return [...ethernetChips(subject), farChip(subject)].flatMap((chip) => {
    const beyond = linksOf(subject, chip).find(({ to }) => isNew(to));
    if (beyond === undefined || !isNew(chip)) return [];
    for (const { x, y } of [chip, beyond.to]) taken.add(`${x},${y}`);
    const first = { x: chip.x, y: chip.y, core: FIRST_CORE };
    return [{ first, second: { ...beyond.to, core: SECOND_CORE } }];
  });
}

/** The chip of a core: what is sent to the core itself, a program would have to answer. */
export const chipOf = ({ x, y }: ChipAddress): ChipAddress => ({ x, y });

/** Gives the relays their keys, routes, and how often they are to answer. */
export async function prepare(
  subject: Subject,
  { first, second }: Pair,
  rounds: number,
  appId: number,
): Promise<void> {
  const chip = subject.machine.chipAt(first.x, first.y) as Chip;
  const isSecond = ({ to }: { to: ChipAddress }) => to.x === second.x && to.y === second.y;
  const link = linksOf(subject, chip).find(isSecond)?.link as number;
  const [there, back] = keysOf(first);
  await loadTable(
    subject,
    chipOf(first),
    routes(there, 1 << link, back, toCore(FIRST_CORE)),
    appId,
  );
  const way = 1 << ((link + 3) % LINKS);
  await loadTable(subject, chipOf(second), routes(back, way, there, toCore(SECOND_CORE)), appId);
  await setUserWords(subject, first, [rounds, 0, 0, there]);
  await setUserWords(subject, second, [0, 0, 0, back]);
}

/** Payloads received, added up, and packets received, of both relays. */
export async function received(subject: Subject, { first, second }: Pair) {
  const [, sumOfFirst = 0, countOfFirst = 0] = await userWords(subject, first);
  const [, sumOfSecond = 0, countOfSecond = 0] = await userWords(subject, second);
  return { sumOfFirst, countOfFirst, sumOfSecond, countOfSecond };
}

async function userWords({ controller }: Subject, at: Pair['first']): Promise<number[]> {
  const { address } = vcpuField(at.core, 'user0');
  return wordsOf(await controller.read(chipOf(at), address, 16));
}

function setUserWords({ controller }: Subject, at: Pair['first'], words: number[]): Promise<void> {
  const { address } = vcpuField(at.core, 'user0');
  return controller.write(chipOf(at), address, bytesOf(...words));
}

function linksOf({ machine }: Subject, chip: Chip) {
  return chip.links.flatMap((link) => {
    const to = neighbour(machine, chip, link);
    return to === undefined ? [] : [{ link, to: { x: to.x, y: to.y } }];
  });
}

const toCore = (core: number): number => 1 << (6 + core);

function keysOf({ x, y }: ChipAddress): [there: number, back: number] {
  const key = 0x1000 + ((x << 8) | y) * 16;
  return [key, key + 1];
}

function routes(key: number, route: number, other: number, otherRoute: number) {
  return [
    { key, mask: EXACT, route },
    { key: other, mask: EXACT, route: otherRoute },
  ];
}

/**
 * Simulated annealing of a finished placement: blocks move to free room or swap places, within a
 * range that shrinks as fewer changes are accepted. Schedule after Betz and Rose, "VPR: a new
 * packing, placement and routing tool for FPGA research" (FPL 1997).
 */
import type { Graph } from '../graph/graph.js';
import { findChip, NO_CHIP, type Topology } from '../machine/topology.js';
import { chipPlaces } from '../machine/vectors.js';
import { type Random, randomIndex } from '../random.js';
import type { Blocks } from './blocks.js';
import { blockNets, netCost, placesOf } from './net-length.js';
import { emptyRoom, fits, occupy, vacate } from './room.js';

/** Nets that touch more blocks than this are not worth counting: their trees fill the machine. */
export const MOST_PINS = 64;

/** VPR: moves at each temperature are effort * blocks^(4/3). */
const MOVES_EXPONENT = 4 / 3;

/** VPR: stop when the temperature is below this part of the mean cost of a net. */
const STOP_FRACTION = 0.005;

/** And below this part of the mean cost at the start: a cost of 0 would never be passed. */
const LAST_FRACTION = 0.0005;

/** VPR: the range of moves shrinks while less than this part of them is kept. */
const KEPT_RATE = 0.44;

/**
 * Start temperature as a part of the mean cost of a net. VPR starts hot, from a random placement;
 * ours starts ordered. Measured: chains of tiles end 28 % shorter than they start at 0.1 to 0.3,
 * but longer than they start when hot; 1,000 random vertices are 5 % better at 0.3 than at 0.1.
 */
const START_FRACTION = 0.3;

/**
 * Pins looked at in a second by the computer on which it was measured (AMD EPYC, 2 shared virtual
 * cores): what turns a time budget into work, so that results do not depend on the host.
 */
const PINS_PER_SECOND = 60_000_000;

/** Temperatures that a budget is spread over; VPR's schedule passes 50 to 100. */
const TEMPERATURES = 80;

/** How long and how randomly to search. */
export interface AnnealingOptions {
  readonly random: Random;
  /** Moves tried, as a multiple of blocks^(4/3) at each of about 100 temperatures. */
  readonly effort: number;
  /** Replaces `effort`: seconds on the computer of {@link PINS_PER_SECOND}. */
  readonly budgetSeconds?: number | undefined;
}

/** Shortens the nets of a placement; `chipOf` (chip of each block) is changed in place. */
export function anneal(
  graph: Graph,
  topology: Topology,
  blocks: Blocks,
  chipOf: Int32Array,
  { random, effort, budgetSeconds }: AnnealingOptions,
): void {
  const state = annealingState(graph, topology, blocks, chipOf);
  if (state.nets.count === 0 || state.movable.length === 0) return;
  const start = { cost: state.cost, chipOf: chipOf.slice() };
  const mostPins = (budgetSeconds ?? Number.POSITIVE_INFINITY) * PINS_PER_SECOND;
  const moves = Math.ceil(
    Math.min(
      mostPins / (TEMPERATURES * pinsOfMove(state)),
      budgetSeconds === undefined
        ? effort * state.movable.length ** MOVES_EXPONENT
        : Number.POSITIVE_INFINITY,
    ),
  );
  const mostRange = Math.max(topology.width, topology.height);
  let range = mostRange;
  let temperature = (START_FRACTION * state.cost) / state.nets.count;
  while (temperature > stopTemperature(state, start.cost) && state.pinsSeen < mostPins) {
    const accept = (change: number) => change <= 0 || random() < Math.exp(-change / temperature);
    let accepted = 0;
    for (let move = 0; move < moves; move++) {
      if (tryMove(state, random, range, accept)) accepted++;
    }
    const rate = accepted / moves;
    temperature *= coolingFactor(rate, range);
    range = Math.min(mostRange, Math.max(1, range * (1 - KEPT_RATE + rate)));
  }
  if (state.cost > start.cost) chipOf.set(start.chipOf);
}

/** Fixed blocks and those near ethernet chips stay where they are. */
const isMovable = (blocks: Blocks, block: number): boolean =>
  blocks.fixedChip[block] === NO_CHIP && blocks.nearEthernet[block] === 0;

type State = ReturnType<typeof annealingState>;

function annealingState(graph: Graph, topology: Topology, blocks: Blocks, chipOf: Int32Array) {
  const nets = blockNets(graph, blocks, MOST_PINS);
  const places = chipPlaces(topology);
  const room = emptyRoom(topology);
  const residents: number[][] = Array.from({ length: topology.chips }, () => []);
  chipOf.forEach((chip, block) => {
    occupy(room, blocks, block, chip);
    if (isMovable(blocks, block)) (residents[chip] as number[]).push(block);
  });
  const placeOf = placesOf(chipOf, places);
  const costs = new Float64Array(nets.count);
  for (let net = 0; net < nets.count; net++) {
    costs[net] = netCost(nets, net, placeOf, places);
  }
  const movable = [...chipOf.keys()].filter((block) => isMovable(blocks, block));
  const cost = costs.reduce((total, value) => total + value, 0);
  return {
    topology,
    blocks,
    chipOf,
    placeOf,
    nets,
    places,
    room,
    residents,
    movable,
    cost,
    costs,
    newCosts: new Float64Array(nets.count),
    /** Nets recounted for the move in hand, marked by its stamp. */
    changed: new Int32Array(nets.count),
    changedCount: 0,
    stamps: new Int32Array(nets.count),
    stamp: 0,
    /** Pins looked at so far: the work done. */
    pinsSeen: 0,
  };
}

/** Pins that are looked at for a swap of two mean blocks. */
function pinsOfMove({ nets, movable }: State): number {
  let pins = 0;
  for (let net = 0; net < nets.count; net++) {
    pins += ((nets.pinStart[net + 1] as number) - (nets.pinStart[net] as number)) ** 2;
  }
  return Math.max(1, (2 * pins) / movable.length);
}

function stopTemperature(state: State, startCost: number): number {
  return Math.max(STOP_FRACTION * state.cost, LAST_FRACTION * startCost) / state.nets.count;
}

/** VPR cools slowly while about half of the moves are accepted, where most is gained. */
function coolingFactor(rate: number, range: number): number {
  if (rate > 0.96) return 0.5;
  if (rate > 0.8) return 0.9;
  if (rate > 0.15 || range > 1) return 0.95;
  return 0.8;
}

/** One random move or swap; returns whether it was kept. */
function tryMove(
  state: State,
  random: Random,
  range: number,
  accept: (change: number) => boolean,
): boolean {
  const { chipOf, residents, movable } = state;
  const block = movable[randomIndex(random, movable.length)] as number;
  const from = chipOf[block] as number;
  const to = randomChipNear(state.topology, from, Math.floor(range), random);
  if (to === NO_CHIP || to === from) return false;
  const there = residents[to] as number[];
  const slots = Math.max(there.length, 1) + (state.room.cores[to] as number);
  const slot = randomIndex(random, slots);
  const partner = there[slot];
  if (!exchange(state, block, from, partner, to)) return false;
  const change = costChange(state, block, partner);
  if (accept(change)) {
    keepCosts(state, change);
    return true;
  }
  exchange(state, block, to, partner, from);
  return false;
}

/** Puts `block` on `to` and `partner`, if any, on `from`; false when they do not fit. */
function exchange(
  state: State,
  block: number,
  from: number,
  partner: number | undefined,
  to: number,
): boolean {
  const { room, blocks } = state;
  vacate(room, blocks, block, from);
  if (partner !== undefined) vacate(room, blocks, partner, to);
  const possible =
    fits(room, blocks, block, to) && (partner === undefined || fits(room, blocks, partner, from));
  occupy(room, blocks, block, possible ? to : from);
  if (partner !== undefined) occupy(room, blocks, partner, possible ? from : to);
  if (!possible) return false;
  settle(state, block, from, to);
  if (partner !== undefined) settle(state, partner, to, from);
  return true;
}

function settle(
  { chipOf, placeOf, places, residents }: State,
  block: number,
  from: number,
  to: number,
): void {
  const left = residents[from] as number[];
  const last = left.pop() as number;
  if (last !== block) left[left.indexOf(block)] = last;
  (residents[to] as number[]).push(block);
  chipOf[block] = to;
  placeOf[block] = places.place[to] as number;
}

function randomChipNear(topology: Topology, from: number, range: number, random: Random): number {
  const { width, height, wrapX, wrapY } = topology;
  let x = (topology.x[from] as number) + randomIndex(random, 2 * range + 1) - range;
  let y = (topology.y[from] as number) + randomIndex(random, 2 * range + 1) - range;
  if (wrapX) x = ((x % width) + width) % width;
  if (wrapY) y = ((y % height) + height) % height;
  return findChip(topology, x, y);
}

/** Change of cost by where blocks are now; the new costs of the nets wait for {@link keepCosts}. */
function costChange(state: State, block: number, partner: number | undefined): number {
  state.stamp++;
  state.changedCount = 0;
  const change = recount(state, block);
  return partner === undefined ? change : change + recount(state, partner);
}

function recount(state: State, block: number): number {
  const { nets, stamps, changed, costs, newCosts } = state;
  let change = 0;
  const end = nets.netStart[block + 1] as number;
  for (let index = nets.netStart[block] as number; index < end; index++) {
    const net = nets.nets[index] as number;
    if (stamps[net] === state.stamp) continue;
    stamps[net] = state.stamp;
    const cost = netCost(nets, net, state.placeOf, state.places);
    state.pinsSeen += (nets.pinStart[net + 1] as number) - (nets.pinStart[net] as number);
    changed[state.changedCount++] = net;
    newCosts[net] = cost;
    change += cost - (costs[net] as number);
  }
  return change;
}

function keepCosts(state: State, change: number): void {
  state.cost += change;
  for (let index = 0; index < state.changedCount; index++) {
    const net = state.changed[index] as number;
    state.costs[net] = state.newCosts[net] as number;
  }
}

/** The chips of a machine, joined by their links, on one clock. */
import { LINKS, type Machine } from '@spin-tools/machine-model';
import { type ChipAddress, chipToAddress, sameChip } from '@spin-tools/scp';
import { Chip } from '../chip/chip.js';
import { Link } from '../router/link.js';
import { P2P_NO_WAY } from '../router/point-to-point.js';
import { neighboursOf } from './layout.js';
import { Paths } from './paths.js';
import { Scheduler } from './scheduler.js';

const MONITOR_ROUTE = 1 << 6;

/** Chips and links; chips are numbered as in `machine.chips`. */
export class Network {
  readonly chips: readonly Chip[];
  readonly scheduler: Scheduler;
  private readonly index: ReadonlyMap<number, number>;
  /** Chip behind each link, -1 for none: index chip * 6 + link. */
  private readonly neighbours: Int32Array;
  private readonly paths: Paths;

  constructor(readonly machine: Machine) {
    const { chips } = machine;
    this.index = new Map(chips.map((chip, number) => [chipToAddress(chip), number]));
    this.neighbours = neighboursOf(machine, this.index);
    this.paths = new Paths(this.neighbours, chips.length);
    this.chips = chips.map((_chip, number) => this.newChip(number));
    this.scheduler = new Scheduler(this.chips);
  }

  /** Number of the chip at an address, x << 8 | y, if it works. */
  numberOf(address: number): number | undefined {
    return this.index.get(address);
  }

  /** Number of the chip behind a link, or -1. */
  behind(chip: number, link: number): number {
    return this.neighbours[chip * LINKS + link] as number;
  }

  /** Links on the shortest way between two chips. */
  hops(from: number, to: number): number {
    return this.paths.hops(from, to);
  }

  /** The monitor, and the links that lead to chips farther from the root by way of this one. */
  signalRoute(chip: number, root: number): number {
    let route = MONITOR_ROUTE;
    for (let link = 0; link < LINKS; link++) {
      const next = this.behind(chip, link);
      if (next >= 0 && this.paths.link(next, root) === (link + 3) % LINKS) route |= 1 << link;
    }
    return route;
  }

  private newChip(number: number): Chip {
    const chip = this.machine.chips[number] as Machine['chips'][number];
    const links = Array.from({ length: LINKS }, (_, link) => {
      const target = this.behind(number, link);
      return new Link(target, this.crossesBoards(chip.ethernet, target));
    });
    return new Chip(number, { x: chip.x, y: chip.y }, chip.physicalCoreMask, links, {
      schedule: (to, port, packet, at) => this.scheduler.schedule(to, port, packet, at),
      retryRouter: (to, at) => this.scheduler.retryRouter(to, at),
      wake: (to, core) => this.scheduler.wake(to, core),
      interrupt: (to, core, source, level) => this.scheduler.interrupt(to, core, source, level),
      release: (at, link) => this.releaseLink(at, link),
      pointToPoint: (at, address) => this.pointToPoint(at, address),
    });
  }

  private crossesBoards(ethernet: ChipAddress, target: number): boolean {
    const other = this.machine.chips[target];
    return other !== undefined && !sameChip(other.ethernet, ethernet);
  }

  /** A packet that came by a link was dealt with: there is room for another on the neighbour's side. */
  private releaseLink(chip: number, link: number): void {
    const neighbour = this.chips[this.behind(chip, link)] as Chip;
    (neighbour.links[(link + 3) % LINKS] as Link).inTransit--;
  }

  private pointToPoint(chip: number, address: number): number {
    const destination = this.index.get(address);
    return destination === undefined ? P2P_NO_WAY : this.paths.link(chip, destination);
  }
}

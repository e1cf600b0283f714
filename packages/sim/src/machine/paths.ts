/** Shortest ways between chips over the links that work. */
import { LINKS } from '@spin-tools/machine-model';
import { P2P_HERE, P2P_NO_WAY } from '../router/point-to-point.js';

/** Distance where there is no way, links. */
const FAR = 0xffff;
/** Chips whose distances are kept; two bytes per chip of the machine each. */
const MOST_KNOWN = 64;
const NOWHERE = -1;

/** Links on the way from one chip to each, by chip; 0xffff where there is no way. */
type Distances = Uint16Array;

/**
 * Ways between chips, searched when first asked for; the searches used last are kept. Links work in both
 * directions or not at all, so that the distances from a chip are those to it.
 */
export class Paths {
  /** By chip, the one asked for last at the end. */
  private readonly known = new Map<number, Distances>();
  /** Chip that asked last for the way to one that no search was made for. */
  private asking = NOWHERE;

  /** @param neighbours chip behind each link, -1 for none, index chip * 6 + link */
  constructor(
    private readonly neighbours: Int32Array,
    private readonly chips: number,
  ) {}

  /** Links on the shortest way between two chips; 0xffff when there is no way. */
  hops(from: number, to: number): number {
    return this.distances(from)[to] as number;
  }

  /**
   * The link by which packets leave a chip for another: of those that lead one link nearer, the lowest.
   * Also what a point-to-point table holds where there is no such link: 6 for no way, 7 for the chip itself.
   */
  link(chip: number, destination: number): number {
    if (chip === destination) return P2P_HERE;
    if (this.known.has(destination) || !this.readsTable(chip)) {
      const left = this.distances(destination);
      return this.nearest(chip, left[chip] as number, (next) => left[next] as number);
    }
    const left = this.hops(chip, destination);
    return this.nearest(chip, left, (next) => this.hops(next, destination));
  }

  /** Whether a chip asks for one destination after the other: then searches from its side are fewer. */
  private readsTable(chip: number): boolean {
    const again = this.asking === chip;
    this.asking = chip;
    return again;
  }

  private nearest(chip: number, left: number, distance: (next: number) => number): number {
    if (left === FAR) return P2P_NO_WAY;
    for (let link = 0; link < LINKS; link++) {
      const next = this.behind(chip, link);
      if (next >= 0 && distance(next) === left - 1) return link;
    }
    return P2P_NO_WAY;
  }

  private distances(chip: number): Distances {
    const known = this.known.get(chip);
    const distances = known ?? this.search(chip);
    if (known !== undefined) this.known.delete(chip);
    else if (this.known.size >= MOST_KNOWN) this.forgetOldest();
    this.known.set(chip, distances);
    return distances;
  }

  private forgetOldest(): void {
    for (const oldest of this.known.keys()) {
      this.known.delete(oldest);
      return;
    }
  }

  private search(from: number): Distances {
    const distances = new Uint16Array(this.chips).fill(FAR);
    const queue = new Int32Array(this.chips);
    distances[from] = 0;
    queue[0] = from;
    for (let next = 0, end = 1; next < end; next++) {
      const chip = queue[next] as number;
      for (let link = 0; link < LINKS; link++) {
        const neighbour = this.behind(chip, link);
        if (neighbour < 0 || distances[neighbour] !== FAR) continue;
        distances[neighbour] = (distances[chip] as number) + 1;
        queue[end++] = neighbour;
      }
    }
    return distances;
  }

  /** The chip behind a link when the ways were made, -1 for none. */
  behind(chip: number, link: number): number {
    return this.neighbours[chip * LINKS + link] as number;
  }
}

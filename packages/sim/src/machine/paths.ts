/** Shortest ways between chips over the links that work. */
import { LINKS } from '@spin-tools/machine-model';

/** For one destination: the link that leads there, and how far it is, by chip. */
export interface Ways {
  /** Link to take; 6 where there is no way, 7 at the destination. */
  readonly links: Uint8Array;
  /** Links on the way; 0xffff where there is no way. */
  readonly hops: Uint16Array;
}

/** The link where there is no way; also the entry of a point-to-point table then. */
export const NO_WAY = 6;
const HERE = 7;
const FAR = 0xffff;

/** Ways to every chip, computed when first asked for. */
export class Paths {
  private readonly known = new Map<number, Ways>();

  /** @param neighbours chip behind each link, -1 for none, index chip * 6 + link */
  constructor(
    private readonly neighbours: Int32Array,
    private readonly chips: number,
  ) {}

  /** Ways to a chip. */
  to(destination: number): Ways {
    let ways = this.known.get(destination);
    if (ways === undefined) {
      ways = this.search(destination);
      this.known.set(destination, ways);
    }
    return ways;
  }

  private search(destination: number): Ways {
    const links = new Uint8Array(this.chips).fill(NO_WAY);
    const hops = new Uint16Array(this.chips).fill(FAR);
    const queue = new Int32Array(this.chips);
    links[destination] = HERE;
    hops[destination] = 0;
    queue[0] = destination;
    for (let next = 0, end = 1; next < end; next++) {
      const chip = queue[next] as number;
      for (let link = 0; link < LINKS; link++) {
        const neighbour = this.neighbours[chip * LINKS + link] as number;
        if (neighbour < 0 || hops[neighbour] !== FAR) continue;
        hops[neighbour] = (hops[chip] as number) + 1;
        links[neighbour] = (link + 3) % LINKS;
        queue[end++] = neighbour;
      }
    }
    return { links, hops };
  }
}

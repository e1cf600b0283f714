/**
 * The point-to-point tables that monitors make while they start. Those of SC&MP 3 know the way to every chip.
 * Since 4.0 only ethernet chips make themselves known everywhere; any other chip tells its own ethernet chip and
 * chip (0, 0) of itself, and is known to those on the way. Source: SC&MP 4.0, `p2pb_nn_send`,
 * `p2pc_reth_nn_send` and `nn_rcv_p2pc_reth_pct`; `p2pb_nn_send` of 3.4.1.
 */
import { LINKS } from '@spin-tools/machine-model';
import { P2P_HERE, P2P_NO_WAY } from '../router/point-to-point.js';
import type { PointToPointRoutes } from './network.js';
import type { Paths } from './paths.js';

/** The chips of a region and the ways between them. */
export interface PointToPointWays {
  readonly paths: Paths;
  /** Number of the chip at an address, below 0 for none. */
  numberAt(address: number): number;
  /** Number of the ethernet chip of a chip's board, below 0 if it is not there. */
  ethernetOf(chip: number): number;
  /** Whether all chips are known to all. */
  readonly isComplete: boolean;
}

/** All tables of a region. */
export class RegionRoutes implements PointToPointRoutes {
  constructor(private readonly ways: PointToPointWays) {}

  entry(chip: number, address: number): number {
    const { paths, isComplete } = this.ways;
    const destination = this.ways.numberAt(address);
    if (destination < 0) return P2P_NO_WAY;
    if (chip === destination) return P2P_HERE;
    if (isComplete || this.isEthernet(destination)) return paths.link(chip, destination);
    return this.told(destination).reduce(
      (link, goal) => (link === P2P_NO_WAY ? this.wayBack(chip, destination, goal) : link),
      P2P_NO_WAY,
    );
  }

  /** Whether a chip has a way to an address. */
  isKnown(chip: number, address: number): boolean {
    const { isComplete } = this.ways;
    const destination = this.ways.numberAt(address);
    if (destination < 0) return false;
    if (isComplete || this.isEthernet(destination)) return true;
    return this.told(destination).includes(chip) || this.entry(chip, address) !== P2P_NO_WAY;
  }

  private isEthernet(chip: number): boolean {
    return this.ways.ethernetOf(chip) === chip;
  }

  /** Who is told of a chip. */
  private told(chip: number): number[] {
    return [this.ways.ethernetOf(chip), this.ways.numberAt(0)].filter((goal) => goal >= 0);
  }

  /** The link by which what came from a chip on its way to a goal came in here. */
  private wayBack(chip: number, from: number, goal: number): number {
    const { paths } = this.ways;
    for (let at = from; at !== goal; ) {
      const link = paths.link(at, goal);
      if (link >= LINKS) return P2P_NO_WAY;
      at = paths.behind(at, link);
      if (at === chip) return (link + LINKS / 2) % LINKS;
    }
    return P2P_NO_WAY;
  }
}

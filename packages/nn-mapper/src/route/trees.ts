/** Multicast trees: for each net the chips it visits and what each does with its packets. */

/** Arrival of a packet that a core of the same chip sent. */
export const LOCAL = -1;

/** Bit of virtual core v in a route; links are bits 5:0. SpiNNaker data sheet, section 10.4. */
export const CORE_SHIFT = 6;

/** Nodes of net n are rows `start[n] .. start[n + 1]`, its source first, parents before children. */
export interface Trees {
  readonly start: Int32Array;
  readonly chip: Int32Array;
  /** Where packets go: links 5:0, virtual core v at bit 6 + v. */
  readonly route: Uint32Array;
  /** Link of the chip through which they come, or {@link LOCAL}. */
  readonly arrival: Int8Array;
}

/** Collects the nodes of one net after another. */
export interface TreesBuilder {
  addNode(chip: number, route: number, arrival: number): void;
  finishNet(): void;
  finish(): Trees;
}

/** Trees of unknown size, in columns that double. */
export function treesBuilder(nets: number): TreesBuilder {
  const start = new Int32Array(nets + 1);
  let chips = new Int32Array(1024);
  let routes = new Uint32Array(1024);
  let arrivals = new Int8Array(1024);
  let nodes = 0;
  let net = 0;
  const grow = () => {
    const [oldChips, oldRoutes, oldArrivals] = [chips, routes, arrivals];
    chips = new Int32Array(2 * nodes);
    routes = new Uint32Array(2 * nodes);
    arrivals = new Int8Array(2 * nodes);
    chips.set(oldChips);
    routes.set(oldRoutes);
    arrivals.set(oldArrivals);
  };
  return {
    addNode(chip, route, arrival) {
      if (nodes === chips.length) grow();
      chips[nodes] = chip;
      routes[nodes] = route;
      arrivals[nodes] = arrival;
      nodes++;
    },
    finishNet() {
      start[++net] = nodes;
    },
    finish: () => ({
      start,
      chip: chips.slice(0, nodes),
      route: routes.slice(0, nodes),
      arrival: arrivals.slice(0, nodes),
    }),
  };
}

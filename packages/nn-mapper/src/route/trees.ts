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

/** Collects the nodes of one net after another, the nets in any order. */
export interface TreesBuilder {
  startNet(net: number): void;
  addNode(chip: number, route: number, arrival: number): void;
  /** The trees, by net. */
  finish(): Trees;
}

/** Trees of unknown size, in columns that double. */
export function treesBuilder(nets: number): TreesBuilder {
  const first = new Int32Array(nets);
  const order = new Int32Array(nets);
  let started = 0;
  let chips = new Int32Array(1024);
  let routes = new Uint32Array(1024);
  let arrivals = new Int8Array(1024);
  let nodes = 0;
  const grow = () => {
    const [oldChips, oldRoutes, oldArrivals] = [chips, routes, arrivals];
    const room = Math.ceil(GROWTH * nodes);
    chips = new Int32Array(room);
    routes = new Uint32Array(room);
    arrivals = new Int8Array(room);
    chips.set(oldChips);
    routes.set(oldRoutes);
    arrivals.set(oldArrivals);
  };
  return {
    startNet(net) {
      first[net] = nodes;
      order[started++] = net;
    },
    addNode(chip, route, arrival) {
      if (nodes === chips.length) grow();
      chips[nodes] = chip;
      routes[nodes] = route;
      arrivals[nodes] = arrival;
      nodes++;
    },
    finish() {
      const columns = {
        chip: chips.subarray(0, nodes),
        route: routes.subarray(0, nodes),
        arrival: arrivals.subarray(0, nodes),
      };
      return sortByNet(columns, first, order);
    },
  };
}

/** By how much full columns grow. */
const GROWTH = 1.5;

/** Puts trees that were built in any order into that of the nets. */
function sortByNet(
  { chip, route, arrival }: Omit<Trees, 'start'>,
  first: Int32Array,
  order: Int32Array,
): Trees {
  const nets = order.length;
  const start = new Int32Array(nets + 1);
  const sizes = new Int32Array(nets);
  order.forEach((net, index) => {
    const next = order[index + 1];
    sizes[net] =
      (next === undefined ? chip.length : (first[next] as number)) - (first[net] as number);
  });
  for (let net = 0; net < nets; net++)
    start[net + 1] = (start[net] as number) + (sizes[net] as number);
  if (order.every((net, index) => net === index)) return { start, chip, route, arrival };
  const sorted = {
    start,
    chip: new Int32Array(chip.length),
    route: new Uint32Array(chip.length),
    arrival: new Int8Array(chip.length),
  };
  for (let net = 0; net < nets; net++) {
    const from = first[net] as number;
    const to = from + (sizes[net] as number);
    sorted.chip.set(chip.subarray(from, to), start[net]);
    sorted.route.set(route.subarray(from, to), start[net]);
    sorted.arrival.set(arrival.subarray(from, to), start[net]);
  }
  return sorted;
}

/** Lines the blocks of a part up from one end of it to the other. */
import type { Bundles } from './bundles.js';

/** Memory of the breadth-first search, reused from part to part. */
export interface Traversal {
  /** Their blocks are numbered so that those of a part are side by side. */
  bundles: Bundles;
  readonly seen: Int32Array;
  readonly expanded: Int32Array;
  readonly queue: Int32Array;
  /**
   * Of bundle b at 2b the sum of the coordinates of its blocks, at 2b + 1 its traffic for each pin: they are read
   * together, far more often than anything else.
   */
  readonly pulls: Float64Array;
  stamp: number;
}

/** An idle search over some bundles. */
export function traversal(bundles: Bundles, blockCount: number): Traversal {
  return {
    bundles,
    seen: new Int32Array(blockCount),
    expanded: new Int32Array(bundles.count),
    queue: new Int32Array(blockCount),
    pulls: pullsOf(bundles),
    stamp: 0,
  };
}

function pullsOf({ count, traffic, pinStart }: Bundles): Float64Array {
  const pulls = new Float64Array(2 * count);
  for (let bundle = 0; bundle < count; bundle++) {
    const pins = (pinStart[bundle + 1] as number) - (pinStart[bundle] as number);
    pulls[2 * bundle + 1] = (traffic[bundle] as number) / pins;
  }
  return pulls;
}

/** Replaces the bundles by the same with other numbers. */
export function replaceBundles(search: Traversal, bundles: Bundles): void {
  search.bundles = bundles;
  search.pulls.set(pullsOf(bundles));
}

/**
 * Spreads the blocks from `from` to before `to` over the range in the order of a search from one end. The
 * end that others pull downwards comes first; {@link sumBundles} must have been called.
 */
export function lineUp(
  search: Traversal,
  { from, to }: { readonly from: number; readonly to: number },
  along: Float64Array,
  [low, high]: readonly [number, number],
): void {
  breadthFirst(search, from, from, to);
  const length = breadthFirst(search, search.queue[to - from - 1] as number, from, to);
  const isTurned = pullOfLine(search, along, length) < 0;
  for (let rank = 0; rank < length; rank++) {
    const share = ((isTurned ? length - 1 - rank : rank) + 0.5) / length;
    moveTo(search, along, search.queue[rank] as number, low + share * (high - low));
  }
}

/** Fills the queue with all blocks of the part, component after component. */
function breadthFirst(search: Traversal, first: number, from: number, to: number): number {
  const { seen, expanded, queue } = search;
  const { bundleStart, bundles, pinStart, pins } = search.bundles;
  const stamp = ++search.stamp;
  let length = 0;
  seen[first] = stamp;
  queue[length++] = first;
  for (let root = from, head = 0; root < to; root++) {
    for (; head < length; head++) {
      const block = queue[head] as number;
      const end = bundleStart[block + 1] as number;
      for (let index = bundleStart[block] as number; index < end; index++) {
        const bundle = bundles[index] as number;
        if (expanded[bundle] === stamp) continue;
        expanded[bundle] = stamp;
        const lastPin = pinStart[bundle + 1] as number;
        for (let pin = pinStart[bundle] as number; pin < lastPin; pin++) {
          const next = pins[pin] as number;
          if (next < from || next >= to || seen[next] === stamp) continue;
          seen[next] = stamp;
          queue[length++] = next;
        }
      }
    }
    if (length === to - from) break;
    if (seen[root] === stamp) continue;
    seen[root] = stamp;
    queue[length++] = root;
  }
  return length;
}

/** Above 0 when blocks late in the line talk to others further up. */
function pullOfLine(search: Traversal, along: Float64Array, length: number): number {
  const { bundles, queue, pulls } = search;
  const { bundleStart, traffic } = bundles;
  let pull = 0;
  const middle = (length - 1) / 2;
  for (let rank = 0; rank < length; rank++) {
    const block = queue[rank] as number;
    const here = along[block] as number;
    const end = bundleStart[block + 1] as number;
    let blockPull = 0;
    for (let index = bundleStart[block] as number; index < end; index++) {
      const bundle = bundles.bundles[index] as number;
      blockPull +=
        (pulls[2 * bundle] as number) * (pulls[2 * bundle + 1] as number) -
        (traffic[bundle] as number) * here;
    }
    pull += blockPull * (rank - middle);
  }
  return pull;
}

/** Moves a block, and with it the sums of its bundles. */
function moveTo(
  { bundles, pulls }: Traversal,
  along: Float64Array,
  block: number,
  to: number,
): void {
  const step = to - (along[block] as number);
  along[block] = to;
  const end = bundles.bundleStart[block + 1] as number;
  for (let index = bundles.bundleStart[block] as number; index < end; index++) {
    const bundle = bundles.bundles[index] as number;
    pulls[2 * bundle] = (pulls[2 * bundle] as number) + step;
  }
}

/** Sums the coordinates of each bundle's blocks afresh, before parts are lined up. */
export function sumBundles({ bundles, pulls }: Traversal, along: Float64Array): void {
  const { count, pinStart, pins } = bundles;
  for (let bundle = 0; bundle < count; bundle++) {
    let sum = 0;
    const end = pinStart[bundle + 1] as number;
    for (let pin = pinStart[bundle] as number; pin < end; pin++) {
      sum += along[pins[pin] as number] as number;
    }
    pulls[2 * bundle] = sum;
  }
}

/** Tables that fit the routers. */
import { withoutDefaultRoutes } from './default-routes.js';
import { minimiseWith } from './minimise.js';
import { chipTable, joinTables, ROUTING_ENTRIES, type Tables } from './tables.js';
import { idleTrie } from './trie.js';

/**
 * When tables are minimised; default routes are always left out. `always` makes all tables short,
 * `smallest` takes more time to make long ones shorter still: none is longer than by ordered covering.
 */
export type Minimisation = 'when-needed' | 'always' | 'smallest' | 'never';

/** A table that is still too long. */
export interface TableOverflow {
  readonly x: number;
  readonly y: number;
  readonly entries: number;
}

/** Some chips need more routing entries than a router has. */
export class RoutingTableOverflowError extends Error {
  readonly capacity: number;
  /** All chips concerned, the worst first. */
  readonly chips: readonly TableOverflow[];

  constructor(chips: readonly TableOverflow[], capacity: number) {
    const worst = chips.slice(0, 8).map(({ x, y, entries }) => `chip (${x}, ${y}): ${entries}`);
    const more = chips.length > worst.length ? ` and ${chips.length - worst.length} more` : '';
    super(
      `${chips.length} routing tables exceed ${capacity} entries: ${worst.join(', ')}${more}. ` +
        "Set minimise to 'smallest', place talking vertices closer together (placer 'annealing' or " +
        "'bisection') or fewer on a chip (density), give nets that go the same way neighbouring keys, " +
        'or use fewer nets.',
    );
    this.name = 'RoutingTableOverflowError';
    this.capacity = capacity;
    this.chips = chips;
  }
}

/** Options of {@link fitTables}. */
export interface FitOptions {
  readonly minimise?: Minimisation;
  /** Entries of a router. Default {@link ROUTING_ENTRIES}. */
  readonly capacity?: number;
}

/**
 * Leaves out default routes, and minimises the tables that need it.
 * @param complete as `generateTables` makes them
 * @param coordinates of the chips, for the error
 * @throws RoutingTableOverflowError when that is not enough
 */
export function fitTables(
  complete: Tables,
  coordinates: { readonly x: Int32Array; readonly y: Int32Array },
  { minimise: when = 'when-needed', capacity = ROUTING_ENTRIES }: FitOptions = {},
): Tables {
  const chips = complete.start.length - 1;
  const trie = idleTrie();
  const fitted = Array.from({ length: chips }, (_, chip) => {
    const table = chipTable(complete, chip);
    if (when === 'smallest') return minimiseWith(trie, table, 0, capacity);
    if (when === 'always') return minimiseWith(trie, table, capacity, capacity);
    const reduced = withoutDefaultRoutes(table);
    const tooLong = reduced.key.length > capacity;
    return when === 'when-needed' && tooLong
      ? minimiseWith(trie, table, capacity, capacity)
      : reduced;
  });
  const overflows = fitted
    .map(({ key }, chip) => ({
      x: coordinates.x[chip] as number,
      y: coordinates.y[chip] as number,
      entries: key.length,
    }))
    .filter(({ entries }) => entries > capacity)
    .sort((a, b) => b.entries - a.entries);
  if (overflows.length > 0) throw new RoutingTableOverflowError(overflows, capacity);
  return joinTables(fitted);
}

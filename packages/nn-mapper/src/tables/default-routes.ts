/** Leaves out what routers do without being told. */
import {
  type ChipTable,
  chipTable,
  filterTable,
  isDefaultRoute,
  joinTables,
  type Tables,
} from './tables.js';

/**
 * Drops the entries that only send packets straight on.
 * @param tables complete tables, in which no two entries of a chip overlap
 */
export function removeDefaultRoutes(tables: Tables): Tables {
  const chips = tables.start.length - 1;
  return joinTables(
    Array.from({ length: chips }, (_, chip) => withoutDefaultRoutes(chipTable(tables, chip))),
  );
}

/** {@link removeDefaultRoutes} for one chip. */
export const withoutDefaultRoutes = (table: ChipTable): ChipTable =>
  filterTable(
    table,
    (row) => !isDefaultRoute(table.arrival[row] as number, table.route[row] as number),
  );

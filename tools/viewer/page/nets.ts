/**
 * Nets as routing tables tell them: where packets of a key go from a chip, and which keys begin where. A chip without
 * an entry for a packet from a neighbour passes it on straight ahead. Source: SpiNNaker data sheet, section 10.4.
 */
import { neighbour } from '@spin-tools/machine-model';
import { LINKS_OF_CHIP, type MachineMessage } from '../../src/view/messages.js';

/** Packets of a key from a chip. */
export interface Net {
  readonly chip: number;
  readonly key: number;
  readonly mask: number;
}

/** Where they go. */
export interface Tree {
  /** Chip and link of every hop. */
  readonly hops: readonly { readonly chip: number; readonly link: number; readonly next: number }[];
  /** Virtual cores of a chip as bits. */
  readonly sinks: readonly { readonly chip: number; readonly cores: number }[];
  /** Chips whose tables are not known, so that the way ends there. */
  readonly unknown: readonly number[];
  /** Links that lead nowhere. */
  readonly broken: readonly { readonly chip: number; readonly link: number }[];
}

/** Numbers of an entry: key, mask, route. */
const COLUMNS = 3;

/** The tables of a machine, and the ways between its chips. */
export class Nets {
  private readonly machine: MachineMessage;
  private readonly tables: ReadonlyMap<number, Uint32Array>;
  private readonly neighbours: Int32Array;

  constructor(machine: MachineMessage, tables: ReadonlyMap<number, Uint32Array>) {
    this.machine = machine;
    this.tables = tables;
    this.neighbours = neighboursOf(machine);
  }

  /** The chip behind a working link, or -1. */
  behind(chip: number, link: number): number {
    return this.neighbours[chip * LINKS_OF_CHIP + link] as number;
  }

  /** Follows packets of a key from a chip to all their ends. */
  trace(from: number, key: number): Tree {
    const hops: { chip: number; link: number; next: number }[] = [];
    const sinks: { chip: number; cores: number }[] = [];
    const unknown: number[] = [];
    const broken: { chip: number; link: number }[] = [];
    const seen = new Set<number>([from]);
    const waiting: { chip: number; came: number }[] = [{ chip: from, came: -1 }];
    for (let at = waiting.shift(); at !== undefined; at = waiting.shift()) {
      const { chip, came } = at;
      if (!this.tables.has(chip)) {
        unknown.push(chip);
        continue;
      }
      const route = this.routeOf(chip, key) ?? (came < 0 ? 0 : 1 << came);
      if (route >>> LINKS_OF_CHIP) sinks.push({ chip, cores: route >>> LINKS_OF_CHIP });
      for (let link = 0; link < LINKS_OF_CHIP; link++) {
        if (((route >>> link) & 1) === 0) continue;
        const next = this.behind(chip, link);
        if (next < 0) broken.push({ chip, link });
        else hops.push({ chip, link, next });
        if (next < 0 || seen.has(next)) continue;
        seen.add(next);
        waiting.push({ chip: next, came: link });
      }
    }
    return { hops, sinks, unknown, broken };
  }

  /** The nets that begin on some chips: entries that no neighbour sends packets to. */
  startingOn(chips: Iterable<number>): Net[] {
    const found: Net[] = [];
    for (const chip of chips) {
      const table = this.tables.get(chip) ?? new Uint32Array(0);
      const listed = new Set<string>();
      for (let row = 0; row < table.length; row += COLUMNS) {
        const [key = 0, mask = 0] = table.subarray(row, row + 2);
        // Entries behind an equal one match nothing.
        const isNew = !listed.has(`${key} ${mask}`);
        listed.add(`${key} ${mask}`);
        if (isNew && !this.isReached(chip, key)) found.push({ chip, key, mask });
      }
    }
    return found;
  }

  /** Whether packets of a key come to a chip from any neighbour, perhaps straight through others. */
  private isReached(chip: number, key: number): boolean {
    for (let link = 0; link < LINKS_OF_CHIP; link++) {
      const back = (link + 3) % LINKS_OF_CHIP;
      let from = this.behind(chip, link);
      for (let steps = 0; from >= 0 && from !== chip && steps < this.machine.width; steps++) {
        const route = this.routeOf(from, key);
        if (route !== undefined) {
          if (((route >>> back) & 1) === 1) return true;
          break;
        }
        from = this.behind(from, link);
      }
    }
    return false;
  }

  private routeOf(chip: number, key: number): number | undefined {
    const table = this.tables.get(chip);
    if (table === undefined) return undefined;
    for (let row = 0; row < table.length; row += COLUMNS) {
      const mask = table[row + 1] as number;
      if ((key & mask) >>> 0 === table[row]) return table[row + 2];
    }
    return undefined;
  }
}

function neighboursOf(machine: MachineMessage): Int32Array {
  const { width, height, x, y, links } = machine;
  const indexAt = new Int32Array(width * height).fill(-1);
  x.forEach((column, chip) => {
    indexAt[column + (y[chip] as number) * width] = chip;
  });
  const found = new Int32Array(x.length * LINKS_OF_CHIP).fill(-1);
  x.forEach((column, chip) => {
    for (let link = 0; link < LINKS_OF_CHIP; link++) {
      if ((((links[chip] as number) >>> link) & 1) === 0) continue;
      const next = neighbour(machine, { x: column, y: y[chip] as number }, link);
      if (next) found[chip * LINKS_OF_CHIP + link] = indexAt[next.x + next.y * width] as number;
    }
  });
  return found;
}

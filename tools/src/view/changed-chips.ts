/** Remembers how chips were, so that only what changed is told. */
import { CoreState } from '@spin-tools/scp';
import type { ChipQuestion, ChipReading } from './chip-reading.js';
import {
  CORES_OF_CHIP,
  type FrameMessage,
  LINKS_OF_CHIP,
  NO_ANSWER,
  ROUTER_COUNTERS,
} from './messages.js';
import type { LinkCounts } from './virtual-counters.js';

/** Entries of a table that applications may use. */
const TABLE_ENTRIES = 1023;

/** A chip of which more should be found out. */
export interface ChipNews extends ChipQuestion {
  readonly index: number;
  readonly programs: readonly number[];
}

/** How the chips of a machine were when they were last looked at. */
export class ChangedChips {
  private readonly known: Uint8Array;
  private readonly states: Uint8Array;
  private readonly router: Uint32Array;
  private readonly entries: Uint16Array;
  private readonly links: LinkCounts;

  constructor(chips: number) {
    this.known = new Uint8Array(chips);
    this.states = new Uint8Array(chips * CORES_OF_CHIP).fill(CoreState.Idle);
    this.router = new Uint32Array(chips * ROUTER_COUNTERS);
    this.entries = new Uint16Array(chips);
    this.links = {
      packets: new Uint32Array(chips * LINKS_OF_CHIP),
      drops: new Uint32Array(chips * LINKS_OF_CHIP),
    };
  }

  /** A frame of the chips that changed, and of what of them more should be found out. */
  frameOf(
    readings: readonly ChipReading[],
    links: LinkCounts | undefined,
  ): { frame: Omit<FrameMessage, 'at'>; news: ChipNews[] } {
    const news: ChipNews[] = [];
    const changed = readings.filter((reading) => {
      const programs = this.startedCores(reading);
      const table = this.tableChanged(reading);
      if (programs.length > 0 || table) news.push({ index: reading.index, programs, table });
      const isNew = this.known[reading.index] === 0;
      const differs = this.update(reading, links);
      this.known[reading.index] = 1;
      return isNew || differs;
    });
    const chips = Uint32Array.from(changed, ({ index }) => index);
    return {
      news,
      frame: {
        type: 'frame',
        from: readings[0]?.index ?? 0,
        to: (readings.at(-1)?.index ?? -1) + 1,
        chips,
        states: pick(this.states, chips, CORES_OF_CHIP),
        router: pick(this.router, chips, ROUTER_COUNTERS),
        entries: pick(this.entries, chips, 1),
        ...(links && {
          linkPackets: pick(this.links.packets, chips, LINKS_OF_CHIP),
          linkDrops: pick(this.links.drops, chips, LINKS_OF_CHIP),
        }),
      },
    };
  }

  /** Application cores that left Idle, or went wrong. */
  private startedCores({ index, states = [] }: ChipReading): number[] {
    return states.flatMap((state, core) => {
      const before = this.states[index * CORES_OF_CHIP + core];
      const isBad = state === CoreState.RunTimeError || state === CoreState.Watchdog;
      const wasOff = before === CoreState.Idle || before === NO_ANSWER;
      const isOn = state !== CoreState.Idle && state > CoreState.PowerDown;
      return core > 0 && state !== before && isOn && (wasOff || isBad) ? [core] : [];
    });
  }

  private tableChanged({ index, freeRoutingEntries }: ChipReading): boolean {
    return (
      freeRoutingEntries !== undefined && usedEntries(freeRoutingEntries) !== this.entries[index]
    );
  }

  private update({ index, states, freeRoutingEntries, router }: ChipReading, links?: LinkCounts) {
    const newStates = Array.from({ length: CORES_OF_CHIP }, (_, core) =>
      states ? (states[core] ?? CoreState.Dead) : NO_ANSWER,
    );
    let differs = assign(this.states, index, newStates);
    if (router) {
      const { localMulticast, externalMulticast } = router;
      const counts = [localMulticast, externalMulticast, droppedBy(router)];
      differs = assign(this.router, index, counts) || differs;
    }
    if (freeRoutingEntries !== undefined) {
      differs = assign(this.entries, index, [usedEntries(freeRoutingEntries)]) || differs;
    }
    if (links) {
      const packets = pick(links.packets, [index], LINKS_OF_CHIP);
      const drops = pick(links.drops, [index], LINKS_OF_CHIP);
      differs = assign(this.links.packets, index, packets) || differs;
      differs = assign(this.links.drops, index, drops) || differs;
    }
    return differs;
  }
}

const usedEntries = (free: number): number => Math.max(0, TABLE_ENTRIES - free);

/** Multicast and fixed-route packets: those of programs. The monitors' own may be dropped in normal use. */
const droppedBy = ({
  droppedMulticast,
  droppedFixedRoute,
}: NonNullable<ChipReading['router']>): number => droppedMulticast + droppedFixedRoute;

/** Puts the values of a chip into a column; whether they were others. */
function assign(
  column: Uint8Array | Uint16Array | Uint32Array,
  index: number,
  values: ArrayLike<number>,
): boolean {
  let differs = false;
  for (let at = 0; at < values.length; at++) {
    const place = index * values.length + at;
    const value = values[at] as number;
    differs ||= column[place] !== value;
    column[place] = value;
  }
  return differs;
}

/** The values of some chips, `width` of each. */
function pick<Column extends Uint8Array | Uint16Array | Uint32Array>(
  column: Column,
  chips: ArrayLike<number>,
  width: number,
): Column {
  const picked = new (column.constructor as new (length: number) => Column)(chips.length * width);
  for (let place = 0; place < chips.length; place++) {
    const from = (chips[place] as number) * width;
    picked.set(column.subarray(from, from + width), place * width);
  }
  return picked;
}

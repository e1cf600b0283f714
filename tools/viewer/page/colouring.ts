/** What the colour of a chip stands for. */
import { CORES_OF_CHIP, LINKS_OF_CHIP, NO_ANSWER } from '../../src/view/messages.js';
import { KIND_NAMES, KINDS, kindOf, kindOfChip } from './core-kinds.js';
import { count, rate } from './numbers.js';
import type { Store } from './store.js';
import { heatOf, mix, type Theme } from './theme.js';

/** What is shown in colours. */
export const MODES = ['states', 'programs', 'traffic', 'tables', 'boards'] as const;

/** One of {@link MODES}. */
export type Mode = (typeof MODES)[number];

/** A line of the legend: a colour, or a row of them, and what it stands for. */
export interface LegendEntry {
  readonly colours: readonly string[];
  readonly text: string;
  /** The sign that cores of that kind have. */
  readonly sign?: (typeof KINDS)[number];
}

/** Entries of a full table. */
const TABLE_ENTRIES = 1023;

/** Colours of chips at one moment. */
export class Colouring {
  /** Rate of the busiest router or link, a second; the heat of all others is relative to it. */
  readonly peak: number;
  private readonly groups: ReadonlyMap<number, number>;
  private readonly names: readonly string[];

  constructor(
    private readonly store: Store,
    private readonly mode: Mode,
    private readonly theme: Theme,
  ) {
    const { routerRate, linkRate, hasLinks } = store.shown;
    const rates = hasLinks ? linkRate : routerRate;
    this.peak = mode === 'traffic' ? rates.reduce((most, each) => Math.max(most, each), 0) : 0;
    const { groups, names } = mode === 'programs' ? groupsOf(store) : NO_GROUPS;
    this.groups = groups;
    this.names = names;
  }

  /** Heat of a rate, 0 to 1: logarithmic, since traffic spans orders of magnitude. */
  heat(perSecond: number): number {
    if (perSecond <= 0 || this.peak <= 0) return 0;
    const floor = this.peak / 1000;
    return Math.max(0.08, Math.log(1 + perSecond / floor) / Math.log(1 + this.peak / floor));
  }

  /** Colour of the area of a chip; `alone` where there is no room for its cores. */
  chip(chip: number, alone: boolean): string {
    const { store, theme } = this;
    const { machine, shown } = store;
    if (machine === undefined || shown.known[chip] === 0) return theme.chip;
    if (shown.states[chip * CORES_OF_CHIP] === NO_ANSWER) return theme.kinds.silent;
    switch (this.mode) {
      case 'states':
        return alone ? this.stateColour(chip, machine.cores[chip] as number) : theme.chip;
      case 'programs':
        return alone ? this.programColour(chip, machine.cores[chip] as number) : theme.chip;
      case 'traffic':
        return this.traffic(chip, alone);
      case 'tables':
        return heatOf(theme, (shown.entries[chip] as number) / TABLE_ENTRIES);
      case 'boards':
        return mix(theme.chip, this.nth(machine.board[chip] as number), 0.55);
    }
  }

  /** Colour of a core's program; undefined where it runs none. */
  core(chip: number, core: number): string | undefined {
    const group = this.groups.get(chip * CORES_OF_CHIP + core);
    return group === undefined ? undefined : this.nth(group);
  }

  /** What the colours mean. */
  legend(): readonly LegendEntry[] {
    const { theme } = this;
    switch (this.mode) {
      case 'states':
        return KINDS.filter((kind) => kind !== 'off').map((kind) => ({
          colours: [theme.kinds[kind]],
          text: KIND_NAMES[kind],
          sign: kind,
        }));
      case 'programs':
        return this.names.length === 0
          ? [{ colours: [], text: 'no application runs' }]
          : this.names.slice(0, 12).map((text, group) => ({ colours: [this.nth(group)], text }));
      case 'traffic':
        return [
          {
            colours: theme.heat,
            text: this.peak > 0 ? `0 to ${rate(this.peak)}` : 'no packets now',
          },
          {
            colours: [],
            text: this.store.shown.hasLinks
              ? 'lines: links; areas: routers'
              : 'areas: routers. Boards do not count packets by link',
          },
        ];
      case 'tables':
        return [{ colours: theme.heat, text: `0 to ${count(TABLE_ENTRIES)} routing entries` }];
      case 'boards':
        return [{ colours: [], text: `${count(this.store.machine?.boards.length ?? 0)} boards` }];
    }
  }

  /** Paler where links are drawn on it. */
  private traffic(chip: number, alone: boolean): string {
    const colour = heatOf(this.theme, this.heat(this.trafficOf(chip)));
    return alone || !this.store.shown.hasLinks ? colour : mix(this.theme.chip, colour, 0.4);
  }

  private trafficOf(chip: number): number {
    const { shown } = this.store;
    if (!shown.hasLinks) return shown.routerRate[chip] as number;
    let most = 0;
    for (let link = 0; link < LINKS_OF_CHIP; link++) {
      most = Math.max(most, shown.linkRate[chip * LINKS_OF_CHIP + link] as number);
    }
    return most;
  }

  private stateColour(chip: number, cores: number): string {
    const { kind, count: some } = kindOfChip(this.store.shown.states, chip, cores);
    const colour = this.theme.kinds[kind];
    if (kind === 'idle' || kind === 'off') return this.theme.chip;
    return kind === 'run'
      ? mix(this.theme.chip, colour, 0.35 + (0.65 * some) / (cores - 1))
      : colour;
  }

  private programColour(chip: number, cores: number): string {
    for (let core = 1; core < cores; core++) {
      const colour = this.core(chip, core);
      if (colour !== undefined) return colour;
    }
    return this.theme.chip;
  }

  private nth(index: number): string {
    return this.theme.programs[index % this.theme.programs.length] as string;
  }
}

const NO_GROUPS = { groups: new Map<number, number>(), names: [] as string[] };

/** Cores by layer where something is trained, else by application. */
function groupsOf(store: Store): { groups: Map<number, number>; names: string[] } {
  const groups = new Map<number, number>();
  const names = store.training?.layers.map(({ name }) => name) ?? [];
  for (const [place, entry] of store.programs) {
    const state = store.shown.states[place];
    if (state === undefined || ['idle', 'off'].includes(kindOf(state))) continue;
    const name = store.layerOf(place) ?? `${entry.name || 'unnamed'} (app ${entry.appId})`;
    if (!names.includes(name)) names.push(name);
    groups.set(place, names.indexOf(name));
  }
  return { groups, names };
}

/**
 * Reset and clock lines from the system controller to the cores. Each reset has a level, which holds until it
 * is taken back, and a pulse of 256 system clocks. SpiNN-2 data sheet, chapter on the system controller.
 */
import type { ResetKind } from '../core/core.js';

/** Length of a reset pulse: 256 clocks at 133 MHz, ns. */
const PULSE_NS = 1920;

/** What the lines do. */
export interface CoreLinesWiring {
  /** A core is in reset from now on. */
  enterReset(core: number, kind: ResetKind): void;
  /** A core stops, or goes on: from its reset vector if it was in reset, else from where it was. */
  setClock(core: number, runs: boolean): void;
  /** Does something after a simulated time, ns. */
  after(ns: number, action: () => void): void;
}

/** The lines of all cores of a chip; masks have one bit for each physical core. */
export class CoreLines {
  private readonly levels = { soft: 0, hard: 0 };
  private readonly pulses = { soft: 0, hard: 0 };
  private stopped = 0;

  constructor(private readonly wiring: CoreLinesWiring) {}

  /** Cores in reset of a kind. */
  resets(kind: ResetKind): number {
    return this.levels[kind] | this.pulses[kind];
  }

  /** Cores held in reset of a kind by its level. */
  level(kind: ResetKind): number {
    return this.levels[kind];
  }

  /** Holds cores in reset, and lets all others go. */
  setLevel(kind: ResetKind, cores: number): void {
    this.change(kind, () => {
      this.levels[kind] = cores;
    });
  }

  /** Resets cores for a moment. */
  pulse(kind: ResetKind, cores: number): void {
    if (cores === 0) return;
    this.change(kind, () => {
      this.pulses[kind] |= cores;
    });
    this.wiring.after(PULSE_NS, () =>
      this.change(kind, () => {
        this.pulses[kind] &= ~cores;
      }),
    );
  }

  /** Cores without a clock. */
  get disabled(): number {
    return this.stopped;
  }

  set disabled(cores: number) {
    const changed = this.stopped ^ cores;
    this.stopped = cores;
    const inReset = this.resets('soft') | this.resets('hard');
    forEachCore(changed & ~inReset, (core) =>
      this.wiring.setClock(core, ((cores >>> core) & 1) === 0),
    );
  }

  private change(kind: ResetKind, act: () => void): void {
    const before = this.resets('soft') | this.resets('hard');
    act();
    const after = this.resets('soft') | this.resets('hard');
    forEachCore(after & ~before, (core) => this.wiring.enterReset(core, kind));
    forEachCore(before & ~after & ~this.stopped, (core) => this.wiring.setClock(core, true));
  }
}

function forEachCore(mask: number, act: (core: number) => void): void {
  for (let rest = mask; rest !== 0; rest &= rest - 1) act(31 - Math.clz32(rest & -rest));
}

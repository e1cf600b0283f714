/** Resets of what a chip has besides its cores. SpiNN-2 data sheet, chapter on the system controller. */

const ROUTER = 1 << 0;
const MEMORY_CONTROLLER = 1 << 1;
const OUTGOING_SHIFT = 4;
const INCOMING_SHIFT = 10;
const LINKS_MASK = 0x3f;
const WHOLE_CHIP = 1 << 17;
/** Resets that exist as levels. */
const LEVELS = 0xffff;

/** Links of a chip by direction, one bit each. */
export interface DisabledLinks {
  readonly incoming: number;
  readonly outgoing: number;
}

/** What resets do. */
export interface SubsystemResetWiring {
  resetRouter(): void;
  resetMemoryController(): void;
  resetChip(): void;
  /** Links that carry nothing from now on; all others do. */
  disableLinks(links: DisabledLinks): void;
}

/** Levels and pulses; a link whose end is in reset or disabled carries nothing. */
export class SubsystemResets {
  private held = 0;
  private disabled: DisabledLinks = { incoming: 0, outgoing: 0 };

  constructor(private readonly wiring: SubsystemResetWiring) {}

  /** Subsystems held in reset, one bit each. */
  get level(): number {
    return this.held;
  }

  set level(value: number) {
    const begun = value & LEVELS & ~this.held;
    this.held = value & LEVELS;
    this.reset(begun);
    this.updateLinks();
  }

  /** Resets subsystems for a moment; links go on at once. */
  pulse(value: number): void {
    this.reset(value);
    if ((value & WHOLE_CHIP) !== 0) this.wiring.resetChip();
  }

  /** Links that are disabled besides those in reset. */
  set disabledLinks(links: DisabledLinks) {
    this.disabled = links;
    this.updateLinks();
  }

  private reset(subsystems: number): void {
    if ((subsystems & ROUTER) !== 0) this.wiring.resetRouter();
    if ((subsystems & MEMORY_CONTROLLER) !== 0) this.wiring.resetMemoryController();
  }

  private updateLinks(): void {
    this.wiring.disableLinks({
      incoming: this.disabled.incoming | ((this.held >>> INCOMING_SHIFT) & LINKS_MASK),
      outgoing: this.disabled.outgoing | ((this.held >>> OUTGOING_SHIFT) & LINKS_MASK),
    });
  }
}

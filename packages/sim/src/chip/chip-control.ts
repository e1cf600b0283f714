/** What the system controller of a chip does to the chip around it. */
import type { Core, ResetKind, ResettableCore } from '../core/core.js';
import { DeviceLine } from './interrupt-lines.js';
import { Pin } from './pins.js';
import type { SerialRomPins } from './serial-rom-pins.js';
import type { SharedDevices } from './shared-devices.js';
import type { DisabledLinks } from './subsystem-resets.js';
import { ResetCode, type SystemControllerWiring } from './system-controller.js';

/** What of the machine around a chip its system controller reaches. */
export interface ControlWiring {
  after(ns: number, action: () => void): void;
  /** Does something to a core as soon as no core runs. */
  betweenCores(action: () => void): void;
  /** What starts on a core that leaves its reset; undefined when nothing does. */
  resettable(chip: number, core: number): ResettableCore | undefined;
  /** A core has something to do. */
  wake(chip: number, core: number): void;
  /** Links of a chip that carry nothing from now on; all others do. */
  disableLinks(chip: number, links: DisabledLinks): void;
  /** A chip resets itself. */
  resetChip(chip: number, code: ResetCode): void;
}

/** The chip as its system controller sees it. */
export interface ControlledChip {
  readonly index: number;
  readonly devices: SharedDevices;
  readonly serialRom: SerialRomPins | undefined;
  /** Physical cores that wait for an interrupt, one bit each. */
  readonly sleepingCores: number;
  setCore(core: number, program: Core | undefined): void;
}

/** Carries out what is written to the system controller. */
export class ChipControl implements SystemControllerWiring {
  constructor(
    private readonly chip: ControlledChip,
    private readonly wiring: ControlWiring,
  ) {}

  setCoreInterrupt(core: number, level: boolean): void {
    this.chip.devices.lines.setForCore(core, level);
  }

  sleepingCores(): number {
    return this.chip.sleepingCores;
  }

  enterReset(core: number, kind: ResetKind): void {
    const { chip, wiring } = this;
    wiring.betweenCores(() => {
      const found = wiring.resettable(chip.index, core);
      if (found === undefined) return;
      found.reset(kind);
      chip.setCore(core, found);
    });
  }

  setClock(core: number, runs: boolean): void {
    const { chip, wiring } = this;
    wiring.betweenCores(() => {
      const found = wiring.resettable(chip.index, core);
      if (found === undefined) return;
      if (runs) found.resume();
      else found.stop();
      wiring.wake(chip.index, core);
    });
  }

  after(ns: number, action: () => void): void {
    this.wiring.after(ns, action);
  }

  resetRouter(): void {
    this.chip.devices.router.reset();
  }

  resetMemoryController(): void {
    this.chip.devices.memoryController.reset();
  }

  resetChip(): void {
    this.wiring.resetChip(this.chip.index, ResetCode.WholeChip);
  }

  disableLinks(links: DisabledLinks): void {
    this.wiring.disableLinks(this.chip.index, links);
  }

  /** Of the serial ROM, and of straps. */
  levels(): number {
    const { serialRom } = this.chip;
    const straps = 1 << Pin.SdramHere;
    if (serialRom === undefined) return straps;
    return straps | (1 << Pin.SerialRomPresent) | serialRom.levels;
  }

  changed(levels: number): void {
    const { serialRom, devices } = this.chip;
    serialRom?.changed(levels);
    devices.lines.set(DeviceLine.Pin8, ((levels >>> Pin.Interrupt8) & 1) === 1);
    devices.lines.set(DeviceLine.Pin9, ((levels >>> Pin.Interrupt9) & 1) === 1);
  }
}

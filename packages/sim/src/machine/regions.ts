/** Which chips were booted, and by which monitors they are run. */
import type { Monitor } from '../monitor/monitor.js';
import type { Network } from './network.js';
import { type Outside, Region } from './region.js';

/** All regions of a machine. */
export class Regions {
  /** By number of the chip. */
  private readonly byChip: (Region | undefined)[];

  constructor(
    private readonly network: Network,
    private readonly outside: Outside,
  ) {
    this.byChip = new Array(network.chips.length).fill(undefined);
  }

  /**
   * Boots a chip and all that it reaches.
   *
   * @param isWaiting whether a chip waits in its boot ROM
   * @throws MalformedMessageError for an image that is none
   */
  boot(image: Uint8Array, root: number, isWaiting: (chip: number) => boolean): void {
    const region = new Region(this.network, this.outside, root, image, isWaiting);
    for (const { chip } of region.monitors) this.byChip[chip.index] = region;
  }

  /** Whether a chip was booted. */
  isBooted(chip: number): boolean {
    return this.byChip[chip] !== undefined;
  }

  /** The monitor of a chip that was booted and lives. */
  monitorOf(chip: number): Monitor | undefined {
    return this.byChip[chip]?.monitorOf(chip);
  }

  /** The monitor of a chip stops for good, and answers no more. */
  stopMonitor(chip: number): void {
    this.byChip[chip]?.remove(chip);
  }

  /** A chip lost power: it can be booted again. */
  forget(chip: number): void {
    this.stopMonitor(chip);
    this.byChip[chip] = undefined;
  }

  /** All monitors that live, in the order of their chips. */
  get monitors(): readonly Monitor[] {
    return this.byChip.flatMap((region, chip) => region?.monitorOf(chip) ?? []);
  }
}

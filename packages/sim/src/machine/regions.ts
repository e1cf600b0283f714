/** Which chips were booted, and by which built-in monitors they are run. */
import { type CoreAddress, formatCore } from '@spin-tools/scp';
import { ArmCore } from '../arm/arm-core.js';
import type { Chip } from '../chip/chip.js';
import type { ResettableCore } from '../core/core.js';
import type { CoreProgram } from '../core/program-core.js';
import type { Monitor } from '../monitor/monitor.js';
import type { Monitors } from './monitors.js';
import type { Network } from './network.js';
import { type Outside, Region } from './region.js';

/** All regions of a machine. */
export class Regions implements Monitors {
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

  /** Nothing runs in the boot ROM: it only waits. */
  switchedOn(): void {}

  forget(chip: number): void {
    this.byChip[chip]?.remove(chip);
    this.byChip[chip] = undefined;
  }

  coreDied(chip: number, core: number): void {
    if (this.monitorOf(chip)?.cores.physical(0) === core) this.byChip[chip]?.remove(chip);
  }

  /** Only ARM programs obey; the idle program and the monitor are none. */
  resettable(chip: number, core: number): ResettableCore | undefined {
    const found = (this.network.chips[chip] as Chip).ports[core]?.core;
    return found instanceof ArmCore ? found : undefined;
  }

  interrupted(chip: number, ago: number): void {
    this.monitorOf(chip)?.interrupted(ago);
  }

  packetArrived(chip: number, key: number, payload: number): void {
    this.monitorOf(chip)?.takePacket(key, payload);
  }

  reversePorts(chip: number): readonly number[] {
    return this.monitorOf(chip)?.tags.reversePorts ?? [];
  }

  get armCores(): readonly ArmCore[] {
    return this.monitors.flatMap(({ programs }) =>
      programs.cores.filter((core) => core !== undefined),
    );
  }

  runProgram(chip: number, at: CoreAddress, program: CoreProgram, appId: number): void {
    const monitor = this.monitorOf(chip);
    if (monitor === undefined || at.core < 1 || at.core >= monitor.cores.count) {
      throw new RangeError(`${formatCore(at)} is no application core of a booted machine`);
    }
    monitor.programs.run(at.core, program, appId);
  }

  /** All monitors that live, in the order of their chips. */
  get monitors(): readonly Monitor[] {
    return this.byChip.flatMap((region, chip) => region?.monitorOf(chip) ?? []);
  }
}

/** Chips that run the image they were booted with, in this thread and in others. */
import type { CoreAddress } from '@spin-tools/scp';
import type { ArmCore } from '../arm/arm-core.js';
import type { Packet, ResettableCore } from '../core/core.js';
import type { CoreProgram } from '../core/program-core.js';
import { type Firmware, refuseBuiltIn } from '../machine/firmware.js';
import type { Monitors } from '../machine/monitors.js';
import type { Network } from '../machine/network.js';
import type { RemoteBoards } from './remote-boards.js';

/** What the firmware of several threads needs of the machine. */
export interface SharedFirmwareWiring {
  readonly network: Network;
  readonly others: readonly RemoteBoards[];
  /** Chips with a serial ROM, and the IPv4 addresses that those are to hold. */
  readonly ips: () => readonly (readonly [chip: number, ip: string])[];
  /** An image has started on a chip. */
  started(): void;
}

/** All chips of a machine. */
export class SharedFirmware implements Monitors {
  /** By chip, of those that other threads run. */
  private readonly booted: Uint8Array;

  constructor(
    private readonly own: Firmware,
    private readonly wiring: SharedFirmwareWiring,
  ) {
    this.booted = new Uint8Array(wiring.network.chips.length);
  }

  boot(
    image: Uint8Array,
    root: number,
    isWaiting: (chip: number) => boolean,
    failing: readonly number[],
  ): void {
    refuseBuiltIn(image);
    for (const [chip, ip] of this.wiring.ips()) this.otherOf(chip)?.post('setIp', chip, ip);
    for (const other of this.wiring.others) other.post('beginBoot', failing);
    this.own.expectImages(isWaiting);
    const other = this.otherOf(root);
    if (other === undefined) this.own.startRoot(image, root);
    else other.ask('boot', image, root);
  }

  /** An image has started on a chip that another thread runs. */
  startedElsewhere(chip: number): void {
    this.booted[chip] = 1;
    this.wiring.started();
  }

  isBooted(chip: number): boolean {
    return this.booted[chip] === 1 || this.own.isBooted(chip);
  }

  switchedOn(chip: number): void {
    const other = this.otherOf(chip);
    if (other === undefined) this.own.switchedOn(chip);
    else other.post('switchedOn', chip);
  }

  forget(chip: number): void {
    this.own.forget(chip);
    this.booted[chip] = 0;
    this.otherOf(chip)?.post('forget', chip);
  }

  coreDied(chip: number, core: number): void {
    const other = this.otherOf(chip);
    if (other === undefined) this.own.coreDied(chip, core);
    else other.post('coreDied', chip, core);
  }

  resettable(chip: number, core: number): ResettableCore | undefined {
    return this.own.resettable(chip, core);
  }

  repeatsImage(from: number, packet: Packet): boolean {
    return this.own.repeatsImage(from, packet);
  }

  reversePorts(chip: number): readonly number[] {
    return this.own.reversePorts(chip);
  }

  get armCores(): readonly ArmCore[] {
    return this.own.armCores;
  }

  runProgram(chip: number, at: CoreAddress, program: CoreProgram, appId: number): void {
    this.own.runProgram(chip, at, program, appId);
  }

  private otherOf(chip: number): RemoteBoards | undefined {
    return this.wiring.others.find((other) => other.has(chip));
  }
}

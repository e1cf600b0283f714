/** Who runs the chips of a machine once they are booted: the built-in monitor, or the image itself. */
import type { CoreAddress } from '@spin-tools/scp';
import type { ArmCore } from '../arm/arm-core.js';
import type { Packet, ResettableCore } from '../core/core.js';
import type { CoreProgram } from '../core/program-core.js';

/** All monitors of a machine; chips by their numbers. */
export interface Monitors {
  /**
   * Boots a chip and all that it reaches.
   *
   * @param isWaiting whether a chip waits in its boot ROM
   * @param failing numbers of boards that do not boot although they wait
   * @throws MalformedMessageError for what is no image, or not one for this machine
   */
  boot(
    image: Uint8Array,
    root: number,
    isWaiting: (chip: number) => boolean,
    failing: readonly number[],
  ): void;
  /** Whether a chip was booted. */
  isBooted(chip: number): boolean;
  /** A chip has power again: it is in its boot ROM. */
  switchedOn(chip: number): void;
  /** A chip lost power, or was reset: it can be booted again. */
  forget(chip: number): void;
  /** A physical core dies; its place was taken by a dead one. */
  coreDied(chip: number, core: number): void;
  /** What starts on a physical core that leaves its reset; undefined when nothing does. */
  resettable(chip: number, core: number): ResettableCore | undefined;
  /** See {@link NetworkSurroundings.repeatsImage}. */
  repeatsImage?(from: number, packet: Packet): boolean;
  /** A core of a chip that another thread runs has interrupted the built-in monitor, so many ns ago. */
  interrupted?(chip: number, ago: number): void;
  /** A packet has reached the built-in monitor of such a chip. */
  packetArrived?(chip: number, key: number, payload: number): void;
  /** An image has started on such a chip. */
  startedElsewhere?(chip: number): void;
  /** UDP ports that a chip's reverse IPTags listen to. */
  reversePorts(chip: number): readonly number[];
  /** ARM cores that were started at least once. */
  readonly armCores: readonly ArmCore[];
  /**
   * Runs a TypeScript program on an application core of a chip, in place of whatever ran there.
   *
   * @throws RangeError when the chip is not booted or has no such core
   */
  runProgram(chip: number, at: CoreAddress, program: CoreProgram, appId: number): void;
}

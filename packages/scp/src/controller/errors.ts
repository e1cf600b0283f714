/** What can go wrong while a machine is used, besides a command failing. */
import { type ChipAddress, type CoreAddress, formatChip, formatCore } from '../addresses.js';
import { type CoreState, describeCoreState } from '../memory/vcpu.js';

/** A machine did not come up after it was sent a boot image. */
export class BootError extends Error {
  override readonly name = 'BootError';

  constructor(
    readonly attempts: number,
    readonly waitedMs: number,
  ) {
    super(
      `the machine did not come up after ${attempts} boot attempts, ` +
        `${(waitedMs / 1000).toFixed(1)} s each. Is it powered, and is the image made for it?`,
    );
  }
}

/** A core was given where a chip is meant: only its monitor does what was asked. */
export class NotAChipError extends RangeError {
  override readonly name = 'NotAChipError';

  /** @param method what was called, for example `chipInformation` */
  constructor(
    readonly method: string,
    readonly at: CoreAddress,
  ) {
    super(
      `"${method}" is for chips, not for ${formatCore(at)}: leave "core" away, as in { x: ${at.x}, y: ${at.y} }`,
    );
  }
}

/** A chip has no room for what was asked. */
export class AllocationError extends Error {
  override readonly name = 'AllocationError';

  /** @param what for example `1024 bytes of SDRAM` */
  constructor(
    readonly chip: ChipAddress,
    readonly what: string,
    readonly appId: number,
  ) {
    super(
      `${formatChip(chip)} has no room for ${what} for application ${appId}. ` +
        'Stop applications that are no longer needed, or use more chips',
    );
  }
}

/** A core that is not as it should be. */
export interface Laggard extends ChipAddress {
  readonly core: number;
  readonly state: CoreState;
}

/** Cores did not come to a state in time, or ended in an error. */
export class CoreStateError extends Error {
  override readonly name = 'CoreStateError';

  constructor(
    readonly wanted: readonly CoreState[],
    readonly laggards: readonly Laggard[],
    readonly waitedMs: number,
  ) {
    const shown = laggards.slice(0, MOST_SHOWN);
    const more = laggards.length - shown.length;
    super(
      `${laggards.length} cores are not in ${wanted.map(describeCoreState).join(' or ')} ` +
        `after ${(waitedMs / 1000).toFixed(1)} s: ` +
        shown.map((at) => `${formatCore(at)} in ${describeCoreState(at.state)}`).join(', ') +
        (more > 0 ? `, and ${more} more` : ''),
    );
  }
}

/** Cores named in a message; the error holds all of them. */
const MOST_SHOWN = 8;

/** Bytes in the memory of a chip make no sense. */
export class CorruptMemoryError extends Error {
  override readonly name = 'CorruptMemoryError';

  constructor(
    readonly chip: ChipAddress,
    readonly what: string,
  ) {
    super(`${formatChip(chip)}: ${what}`);
  }
}

/** The chips and cores that a caller names, made sure of before anything is sent. */
import type { ChipAddress } from '../addresses.js';
import { NotAChipError } from './errors.js';

/** Cores of one chip. */
export interface ChipCores {
  readonly chip: ChipAddress;
  /** Virtual cores, 1 to 17. */
  readonly cores: Iterable<number>;
}

/** The same, to be gone through any number of times. */
export interface CheckedCores extends ChipCores {
  readonly cores: readonly number[];
}

const LAST_CORE = 17;

/**
 * Chips have a wider type than cores, which would be asked in place of their monitors.
 *
 * @param method what was called, for the message
 * @throws NotAChipError for a core
 */
export function checkChip(method: string, chip: ChipAddress & { readonly core?: number }): void {
  const { x, y, core = 0 } = chip;
  if (core !== 0) throw new NotAChipError(method, { x, y, core });
}

/**
 * Leaves out chips without cores.
 *
 * @param method what was called, for the messages
 * @param first the least core that the method takes, 0 for the monitor
 * @throws NotAChipError for a core in place of a chip; RangeError for a core that there is not
 */
export function checkTargets(
  method: string,
  targets: Iterable<ChipCores>,
  first: 0 | 1,
): CheckedCores[] {
  const checked = Array.from(targets, ({ chip, cores }) => {
    checkChip(method, chip);
    return { chip, cores: [...cores] };
  });
  for (const core of checked.flatMap(({ cores }) => cores)) {
    if (Number.isInteger(core) && core >= first && core <= LAST_CORE) continue;
    throw new RangeError(`"${method}" takes cores ${first} to ${LAST_CORE}, not ${core}`);
  }
  return checked.filter(({ cores }) => cores.length > 0);
}

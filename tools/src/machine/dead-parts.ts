/** What a machine lacks, compared with the boards that it is made of. */
import {
  boardChips,
  isEthernet,
  LINKS,
  type Machine,
  neighbour,
  oppositeLink,
  spin3,
} from '@spin-tools/machine-model';
import { type ChipAddress, sameChip } from '@spin-tools/scp';
import type { DeadOptions } from './options.js';

/** Cores of a chip of which all work. */
const CORES = 18;

/** Chips, links and cores that should be there. */
export interface DeadParts {
  readonly chips: readonly ChipAddress[];
  /** Each link once, from the end where it has the lower number. */
  readonly links: readonly (ChipAddress & { readonly link: number })[];
  /** How many cores of a chip do not work. */
  readonly cores: readonly (ChipAddress & { readonly dead: number })[];
}

/** Without those that are known; a known link may be named from either end. */
export function unknownDeadParts(
  machine: Machine,
  known: Pick<DeadOptions, 'deadChip' | 'deadLink'>,
): DeadParts {
  const { chips, links, cores } = deadParts(machine);
  const { deadChip = [], deadLink = [] } = known;
  const isKnown = (place: ChipAddress, number: number): boolean =>
    deadLink.some(({ link, ...at }) => link === number && sameChip(at, place));
  return {
    chips: chips.filter((chip) => !deadChip.some((other) => sameChip(other, chip))),
    links: links.filter(({ link, ...chip }) => {
      const mate = neighbour(machine, chip, link);
      return !isKnown(chip, link) && (mate === undefined || !isKnown(mate, oppositeLink(link)));
    }),
    cores,
  };
}

/** Compares a machine with whole boards around the ethernet chips that it has. */
export function deadParts(machine: Machine): DeadParts {
  const whole = machine.width === 2 && machine.height === 2 ? spin3() : undefined;
  return {
    chips: expectedChips(machine, whole).filter(({ x, y }) => machine.chipAt(x, y) === undefined),
    links: machine.chips.flatMap((chip) => deadLinks(machine, whole, chip)),
    cores: machine.chips.flatMap(({ x, y, cores }) =>
      cores < CORES ? [{ x, y, dead: CORES - cores }] : [],
    ),
  };
}

function expectedChips(machine: Machine, whole: Machine | undefined): readonly ChipAddress[] {
  return (
    whole?.chips ?? machine.chips.filter(isEthernet).flatMap((chip) => boardChips(machine, chip))
  );
}

function deadLinks(
  machine: Machine,
  whole: Machine | undefined,
  { x, y }: ChipAddress,
): (ChipAddress & { link: number })[] {
  const works = machine.chipAt(x, y)?.linkMask ?? 0;
  return Array.from({ length: LINKS / 2 }, (_, link) => link)
    .filter((link) => (works & (1 << link)) === 0)
    .filter((link) => {
      const other = neighbour(machine, { x, y }, link);
      if (other === undefined || machine.chipAt(other.x, other.y) === undefined) return false;
      return whole === undefined || whole.chipAt(x, y)?.links.includes(link) === true;
    })
    .map((link) => ({ x, y, link }));
}

/** Reads numbers and ranges of them: `0,3-5`. */
import { InvalidArgumentError } from 'commander';

/** Makes a parser for one more argument of ranges from `least` to `most`; gives each number once, ascending. */
export const numberRanges =
  (what: string, least: number, most: number) =>
  (value: string, before: readonly number[] = []): readonly number[] => {
    const numbers = value.split(',').flatMap((range) => rangeOf(range, what, least, most));
    return [...new Set([...before, ...numbers])].sort((a, b) => a - b);
  };

function rangeOf(range: string, what: string, least: number, most: number): number[] {
  const [, first, last = first] = /^(\d{1,3})(?:-(\d{1,3}))?$/.exec(range) ?? [];
  const [from, to] = [Number(first), Number(last)];
  if (from >= least && to >= from && to <= most) {
    return Array.from({ length: to - from + 1 }, (_, index) => from + index);
  }
  throw new InvalidArgumentError(
    `"${range}" is not a ${what} or range of ${what}s from ${least} to ${most}.`,
  );
}

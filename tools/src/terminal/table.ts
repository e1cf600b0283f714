/** Tables for people: cells lined up, two spaces between, no borders. */
import Table from 'cli-table3';

/** A line of a table. */
export type Row = readonly (string | number)[];

const BORDERS = [
  ...['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left'],
  ...['bottom-right', 'left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid'],
];
const STYLE = {
  chars: { ...Object.fromEntries(BORDERS.map((border) => [border, ''])), middle: '  ' },
  style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
};

/** Columns under their heads; columns that end in a number go to the right. */
export function table(heads: readonly string[], rows: readonly Row[]): string[] {
  return columns([heads, ...rows]);
}

/** Lines up the cells of rows: columns that end in a number to the right, others to the left. */
export function columns(rows: readonly Row[]): string[] {
  const last = rows.at(-1);
  if (last === undefined) return [];
  const colAligns = last.map((cell) => (typeof cell === 'number' ? 'right' : 'left'));
  const lines = new Table({ ...STYLE, colAligns });
  for (const row of rows) lines.push([...row]);
  return lines
    .toString()
    .split('\n')
    .map((line) => line.trimEnd());
}

/** Whether a program printed what a page says, but for what differs from run to run. */

/** Speeds, ports, times and the energy that follows from them, and packets of a machine that a host asks by the wall clock. */
const VARYING = [
  [/\b\d+(\.\d+)?( (s|ms|min|MB|J))\b/g, '#$2'],
  [/((samples\/s here|packets sent) +)[\d,]+/g, '$1#'],
  [/(port )\d{5}\b/g, '$1#'],
];

/** Stands on a page for any lines. */
const ELLIPSIS = '...';

/**
 * @param {readonly string[]} expected lines of the page
 * @param {readonly string[]} printed
 */
export function matches(expected, printed) {
  const pieces = [[]];
  for (const line of expected) {
    if (line === ELLIPSIS) pieces.push([]);
    else pieces.at(-1).push(masked(line));
  }
  const lines = printed.map(masked);
  const [first, ...rest] = pieces;
  if (rest.length === 0) return equal(first, lines);
  const last = rest.pop();
  if (first.length + last.length > lines.length) return false;
  const end = lines.length - last.length;
  if (!equal(first, lines.slice(0, first.length)) || !equal(last, lines.slice(end))) return false;
  return rest.reduce((from, piece) => find(piece, lines.slice(0, end), from), first.length) >= 0;
}

/** Where the lines behind a piece begin that is found at `from` or later; -1 when it is not. */
function find(piece, lines, from) {
  if (from < 0) return -1;
  for (let at = from; at + piece.length <= lines.length; at++) {
    if (equal(piece, lines.slice(at, at + piece.length))) return at + piece.length;
  }
  return -1;
}

function equal(some, others) {
  return some.length === others.length && some.every((line, index) => line === others[index]);
}

function masked(line) {
  return VARYING.reduce((text, [pattern, mask]) => text.replace(pattern, mask), line)
    .replace(/ +/g, ' ')
    .trimEnd();
}

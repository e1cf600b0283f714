/** Numbers as people read them. */

/** Thousands apart: `1,234`. */
export const count = (value: number): string => Math.round(value).toLocaleString('en');

const PREFIXES = [
  [1e9, 'G'],
  [1e6, 'M'],
  [1e3, 'k'],
] as const;

/** Three digits and a prefix: `12.3 k`. */
export function short(value: number): string {
  for (const [unit, prefix] of PREFIXES) {
    if (value >= unit) return `${(value / unit).toPrecision(3)} ${prefix}`;
  }
  return value >= 100 || Number.isInteger(value) ? String(Math.round(value)) : value.toPrecision(2);
}

/** Packets a second. */
export const rate = (perSecond: number): string => `${short(perSecond)} packets/s`;

/** A span in seconds, `4.2 s` or `3 min 5 s`. */
export function span(seconds: number): string {
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

/** `0x00010203`. */
export const hex = (value: number): string => `0x${(value >>> 0).toString(16).padStart(8, '0')}`;

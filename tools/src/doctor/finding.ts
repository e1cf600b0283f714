/** What the doctor finds. */

/** How bad it is: `note` is worth knowing, a `fault` keeps programs from working or will. */
export type Level = 'ok' | 'note' | 'fault';

/** The outcome of a check. */
export interface Finding {
  /** What was checked, in a word or two: `network`, `routing tables`. */
  readonly check: string;
  readonly level: Level;
  readonly what: string;
  /** What to do about it; absent where there is nothing to do. */
  readonly advice?: string;
}

/** All is well. */
export const ok = (check: string, what: string): Finding => ({ check, level: 'ok', what });

/** Worth knowing. */
export const note = (check: string, what: string, advice: string): Finding => ({
  check,
  level: 'note',
  what,
  advice,
});

/** Wrong. */
export const fault = (check: string, what: string, advice: string): Finding => ({
  check,
  level: 'fault',
  what,
  advice,
});

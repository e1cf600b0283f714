/** Some of many names. */

/** The first names, for a sentence: `chip (0, 0), chip (1, 0) and 3 more`. */
export function some(names: readonly string[]): string {
  const shown = names.slice(0, MOST_NAMED).join(', ');
  const more = names.length - MOST_NAMED;
  return more > 0 ? `${shown} and ${more} more` : shown;
}

const MOST_NAMED = 4;

/** Quoting for shells. */

/** A word in single quotes, as all three shells read it; fish also knows backslashes inside of them. */
export function quote(text: string): string {
  return `'${text.replaceAll('\\', '').replaceAll("'", '’')}'`;
}

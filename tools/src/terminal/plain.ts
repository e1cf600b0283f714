/** Text of others on a terminal: it must not move the cursor, change colours or pretend to be ours. */

/** Control characters but for tabulators, ASCII and those above it. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const CONTROLS = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/g;

/** One line of text with a dot in place of each control character. */
export function plain(text: string): string {
  return text.replaceAll(CONTROLS, '·');
}

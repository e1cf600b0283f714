/** Whether text may have colours. */
import type { Output } from './terminal.js';

/** Whether a human with a screen of colours is looking who did not ask for none. Source: no-color.org. */
export function hasColours(output: Output, environment = process.env): boolean {
  const { NO_COLOR: refused, TERM: kind } = environment;
  return output.isTTY === true && (refused === undefined || refused === '') && kind !== 'dumb';
}

/** The page of the viewer: one file of HTML, alone or with messages in it. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { encodeMessage, type Message } from './messages.js';

/** Where `viewer/build.mjs` puts the page, seen from the folder of this file's compiled form or its source. */
const PAGE = new URL('../../dist/viewer/page.html', import.meta.url);
/** Where messages go. */
const PLACE = '<script type="application/json" id="recording"></script>';

/** The page that asks its server for messages. */
export function livePage(): Promise<string> {
  return readFile(fileURLToPath(PAGE), 'utf8');
}

/** A page that shows messages without any server. */
export async function savedPage(messages: readonly Message[]): Promise<string> {
  const page = await livePage();
  // No text in a script element may end it, nor begin a comment.
  const json = `[${messages.map(encodeMessage).join(',\n')}]`.replaceAll('<', '\\u003c');
  return page.replace(PLACE, () => PLACE.replace('><', `>${json}<`));
}

/** The page of `spin-tools view`: messages come from its server, or from the page itself when it was saved. */
import { encodeMessage, type Message } from '../src/view/messages.js';
import { startPage } from './page/page.js';
import { recordedSource, serverSource } from './page/source.js';

const RECORDING = 'recording';
const recording = document.getElementById(RECORDING)?.textContent?.trim() ?? '';
/** The page as it was before anything was shown. */
const blank = `<!doctype html>${document.documentElement.outerHTML}`;

startPage({
  connect: (take) => (recording === '' ? serverSource(take) : recordedSource(recording, take)),
  save: (messages) => withRecording(blank, messages),
});

function withRecording(page: string, messages: readonly Message[]): string {
  const json = `[${messages.map(encodeMessage).join(',\n')}]`.replaceAll('<', '\\u003c');
  const begin = page.indexOf('>', page.indexOf(`id="${RECORDING}"`)) + 1;
  const end = page.indexOf('</script>', begin);
  return page.slice(0, begin) + json + page.slice(end);
}

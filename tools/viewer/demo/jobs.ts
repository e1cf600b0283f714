/** What the demo page and its worker say to each other besides messages of the viewer. */
import type { Message, Question } from '../../src/view/messages.js';

/** Pixels of an edge of a digit. */
export const EDGE = 14;
/** Pixels of a digit. */
export const PIXELS = EDGE * EDGE;
/** Kinds of digits. */
export const KINDS = 10;

/** Digits: 0 to 1 a pixel, rows from the top. */
export interface Digits {
  readonly pixels: Float32Array;
  readonly labels: Uint8Array;
}

/** From the page. */
export type Job =
  | { readonly type: 'start'; readonly digits: Digits }
  | { readonly type: 'train'; readonly own: Digits; readonly epochs: number }
  | { readonly type: 'predict'; readonly pixels: Float32Array }
  | { readonly type: 'stop' }
  | { readonly type: 'ask'; readonly question: Question };

/** From the worker. */
export type News =
  | { readonly type: 'message'; readonly message: Message }
  | { readonly type: 'prediction'; readonly outputs: Float32Array }
  | { readonly type: 'busy'; readonly busy: boolean; readonly text: string }
  | { readonly type: 'failed'; readonly text: string };

/** Digits as `viewer/build.mjs` ships them: a byte for the label, then a byte a pixel, in base 64. */
export function unpackDigits(base64: string): Digits {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const count = Math.floor(bytes.length / (PIXELS + 1));
  const pixels = new Float32Array(count * PIXELS);
  const labels = new Uint8Array(count);
  for (let digit = 0; digit < count; digit++) {
    const start = digit * (PIXELS + 1);
    labels[digit] = bytes[start] as number;
    for (let pixel = 0; pixel < PIXELS; pixel++) {
      pixels[digit * PIXELS + pixel] = (bytes[start + 1 + pixel] as number) / 255;
    }
  }
  return { pixels, labels };
}

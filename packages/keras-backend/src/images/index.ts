/**
 * The on-core programs as APLX images, ready for `loadApplication`; their sources are in `kernels/`.
 *
 * They travel inside the package as text, so they load in a browser as well.
 */
import { denseBase64, layersBase64, overlaysBase64, sequencerBase64 } from './programs.js';

const bytesOf = (base64: string): Uint8Array =>
  Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));

/** The program of tiles and heads. */
export const denseImage = (): Uint8Array => bytesOf(denseBase64);

/** The program that runs batches. */
export const sequencerImage = (): Uint8Array => bytesOf(sequencerBase64);

/** The program of workers, which run schedules. */
export const layersImage = (): Uint8Array => bytesOf(layersBase64);

/** Overlays of the program of workers: a block that has to be in the SDRAM of their chip. */
export const layersOverlays = (): Uint8Array => bytesOf(overlaysBase64);

/**
 * The on-core programs as APLX images, ready for `loadApplication`; their sources are in `kernels/`.
 *
 * They travel inside the package as text, so they load in a browser as well.
 */
import type { LayersProgram } from './layers-programs.js';
import {
  branchesBase64,
  denseBase64,
  depthwiseBase64,
  layersBase64,
  mobileBase64,
  sequencerBase64,
} from './programs.js';

const bytesOf = (base64: string): Uint8Array =>
  Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));

/** The program of tiles and heads. */
export const denseImage = (): Uint8Array => bytesOf(denseBase64);

/** The program that runs batches. */
export const sequencerImage = (): Uint8Array => bytesOf(sequencerBase64);

const LAYERS_BASE64: Readonly<Record<LayersProgram, string>> = {
  layers: layersBase64,
  depthwise: depthwiseBase64,
  mobile: mobileBase64,
  branches: branchesBase64,
};

/** A program of workers. */
export const layersImage = (program: LayersProgram): Uint8Array => bytesOf(LAYERS_BASE64[program]);

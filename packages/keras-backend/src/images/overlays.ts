/** Which operations are in overlays of the program for schedules: code that is brought when they begin. */
import { decodeLayout, overlayEntry, overlaysHeader } from '../layouts/index.js';
import { OPERATION_KINDS, type OperationKind } from '../schedule/operations.js';
import { layersOverlays } from './index.js';

/** An overlay of some kind of operations. */
export interface OverlayPlace {
  /** Where it lies in the block of overlays; overlays with the same place are the same. */
  readonly offset: number;
  /** Its size. */
  readonly bytes: number;
}

/** The overlay of each kind of operations that is not always there. */
export const OVERLAYS: ReadonlyMap<OperationKind, OverlayPlace> = new Map(
  OPERATION_KINDS.flatMap((kind, number) => {
    const at = overlaysHeader.size + number * overlayEntry.size;
    const entry = decodeLayout(overlayEntry, layersOverlays().subarray(at, at + overlayEntry.size));
    return entry.bytes === 0 ? [] : [[kind, entry] as const];
  }),
);

/**
 * Code of operations that takes turns in one place of a worker's code memory, as it lies in the SDRAM of its chip: a
 * header, an entry for each kind of operations, and the overlays one after the other.
 */
import { declareLayout, encodeLayout } from './layout.js';

/** First word of a block of overlays: "OVL1". */
export const OVERLAYS_MAGIC = 0x4f564c31;
/** Overlays begin at multiples of this in their block, and have multiples of it, bytes: a DMA burst of 16 double words is 128. */
const ALIGNMENT = 32;

/** What a block of overlays begins with. */
export const overlaysHeader = declareLayout('OverlaysHeader', 'What overlays begin with.', [
  { name: 'magic', type: 'u32', about: 'OVERLAYS_MAGIC.' },
  { name: 'kinds', type: 'u32', about: 'Entries that follow: kinds of operations.' },
]);

/** Where the code of a kind of operations is. */
export const overlayEntry = declareLayout('OverlayEntry', 'The overlay of a kind of operations.', [
  { name: 'offset', type: 'u32', about: 'Where the overlay begins, in bytes from the header.' },
  { name: 'bytes', type: 'u32', about: 'Its size; 0 where the code is always there.' },
]);

/** An overlay: its code, and the numbers of the kinds of operations that it has. */
export interface Overlay {
  readonly code: Uint8Array;
  readonly operations: readonly number[];
}

/** A block of overlays for a program that knows so many kinds of operations. */
export function encodeOverlays(overlays: readonly Overlay[], kinds: number): Uint8Array {
  const entries = Array.from({ length: kinds }, () => ({ offset: 0, bytes: 0 }));
  let end = aligned(overlaysHeader.size + kinds * overlayEntry.size);
  const places = overlays.map(({ code, operations }) => {
    const place = { offset: end, bytes: aligned(code.length) };
    for (const operation of operations) entries[operation] = place;
    end += place.bytes;
    return place.offset;
  });
  const block = new Uint8Array(end);
  block.set(encodeLayout(overlaysHeader, { magic: OVERLAYS_MAGIC, kinds }));
  for (const [kind, entry] of entries.entries()) {
    block.set(encodeLayout(overlayEntry, entry), overlaysHeader.size + kind * overlayEntry.size);
  }
  for (const [index, { code }] of overlays.entries()) block.set(code, places[index]);
  return block;
}

const aligned = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;

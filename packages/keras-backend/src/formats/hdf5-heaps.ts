/**
 * A check that the HDF5 library does not make: a damaged global heap, where texts of variable length
 * lie, can keep it in an endless loop (HDF5 File Format Specification 3.0, section III.E).
 */
import { ModelFileError } from '../errors.js';

/** `GCOL` as a little-endian word. */
const SIGNATURE = 0x4c4f4347;
const HEADER_BYTES = 16;
const OBJECT_HEADER_BYTES = 16;
const ALIGNMENT = 8;

/** @throws ModelFileError when an object of a heap does not lead to the next */
export function checkHeaps(bytes: Uint8Array, field: string): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at + HEADER_BYTES <= bytes.length; at += ALIGNMENT) {
    if (view.getUint32(at, true) === SIGNATURE && view.getUint8(at + 4) === 1) {
      checkHeap(view, at, field);
    }
  }
}

function checkHeap(view: DataView, start: number, field: string): void {
  const end = Math.min(view.byteLength, start + Number(view.getBigUint64(start + 8, true)));
  for (let at = start + HEADER_BYTES; at + OBJECT_HEADER_BYTES <= end; ) {
    const index = view.getUint16(at, true);
    const size = Number(view.getBigUint64(at + 8, true));
    // Object 0 is the space that is left; its size counts its own header.
    const length =
      index === 0 ? size : OBJECT_HEADER_BYTES + Math.ceil(size / ALIGNMENT) * ALIGNMENT;
    if (length < OBJECT_HEADER_BYTES || at + length > end) {
      throw new ModelFileError(
        field,
        `is damaged: the heap at ${start} has an object of ${size} bytes at ${at}`,
      );
    }
    at += length;
  }
}

/**
 * Checks that the HDF5 library does not make: a damaged global heap, where texts of variable length lie, can keep it in
 * an endless loop, and so can the free space of a local heap, where names lie; and it takes as much memory as a text says
 * that it has bytes (HDF5 File Format Specification 3.0, sections III.D, III.E and IV.B; offsets of 8 bytes, as in all
 * files of Keras).
 */
import { ModelFileError } from '../errors.js';

/** `GCOL` as a little-endian word. */
const GLOBAL_SIGNATURE = 0x4c4f4347;
/** `HEAP` as a little-endian word. */
const LOCAL_SIGNATURE = 0x50414548;
const HEADER_BYTES = 16;
/** Of a local heap: where its first free block is, counted from its data, and where those lie in the file. */
const LOCAL_FIELDS = { firstFree: 16, data: 24, end: 32 } as const;
const OBJECT_HEADER_BYTES = 16;
const ALIGNMENT = 8;
const TEXT_ALIGNMENT = 4;

/** A text of variable length: its bytes, which heap it lies in, and as which object. */
const TEXT_FIELDS = { length: 0, heap: 4, heapUpper: 8, end: 16 } as const;

/**
 * @throws ModelFileError when an object of a heap does not lead to the next, or a free block to one before it, or a text
 *   says that it is longer than the file
 */
export function checkHeaps(bytes: Uint8Array, field: string): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const heaps = new Set<number>();
  for (let at = 0; at + HEADER_BYTES <= bytes.length; at += ALIGNMENT) {
    const signature = view.getUint32(at, true);
    const version = view.getUint8(at + 4);
    if (signature === LOCAL_SIGNATURE && version === 0) checkFreeBlocks(view, at, field);
    if (signature !== GLOBAL_SIGNATURE || version !== 1) continue;
    checkHeap(view, at, field);
    heaps.add(at);
  }
  if (heaps.size > 0) checkTexts(view, heaps, field);
}

/** Whatever leads to a heap is a text. */
function checkTexts(view: DataView, heaps: ReadonlySet<number>, field: string): void {
  for (let at = 0; at + TEXT_FIELDS.end <= view.byteLength; at += TEXT_ALIGNMENT) {
    const heap = view.getUint32(at + TEXT_FIELDS.heap, true);
    if (heap % ALIGNMENT !== 0 || view.getUint32(at + TEXT_FIELDS.heapUpper, true) !== 0) continue;
    const length = view.getUint32(at + TEXT_FIELDS.length, true);
    if (length > view.byteLength && heaps.has(heap)) {
      throw new ModelFileError(field, `is damaged: it has a text of ${length} bytes at ${at}`);
    }
  }
}

/** Free blocks begin with where the next one is; the library finds out by itself where that is nowhere. */
function checkFreeBlocks(view: DataView, start: number, field: string): void {
  if (start + LOCAL_FIELDS.end > view.byteLength) return;
  const data = Number(view.getBigUint64(start + LOCAL_FIELDS.data, true));
  const seen = new Set<number>();
  let block = Number(view.getBigUint64(start + LOCAL_FIELDS.firstFree, true));
  while (data + block + ALIGNMENT <= view.byteLength) {
    if (seen.has(block)) {
      const reason = `is damaged: the free blocks of the heap at ${start} come round to ${block}`;
      throw new ModelFileError(field, reason);
    }
    seen.add(block);
    block = Number(view.getBigUint64(data + block, true));
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

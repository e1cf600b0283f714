/** Room for datagrams, cut from larger pieces: memory of its own for each costs more than filling it. */

/** Size of a piece, bytes: some fifty datagrams, which keep it alive together. */
const PIECE_BYTES = 1 << 14;

let piece = new Uint8Array(0);
let used = 0;

/** Zeroed bytes that nobody else uses. */
export function newDatagram(length: number): Uint8Array {
  if (length > PIECE_BYTES) return new Uint8Array(length);
  if (used + length > piece.length) {
    piece = new Uint8Array(PIECE_BYTES);
    used = 0;
  }
  const start = used;
  used += length;
  return new Uint8Array(piece.buffer, start, length);
}

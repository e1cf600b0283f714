/** Numbers as base64 of their little-endian bytes. */
import { ModelFileError } from '../errors.js';

/** A call takes only so many arguments. */
const CHUNK = 8192;

/** Base64 of bytes. */
export function bytesToBase64(bytes: Uint8Array): string {
  let text = '';
  for (let from = 0; from < bytes.length; from += CHUNK) {
    text += String.fromCharCode(...bytes.subarray(from, from + CHUNK));
  }
  return btoa(text);
}

/** Base64 of 32-bit integers. */
export function integersToBase64(values: Int32Array): string {
  const bytes = new Uint8Array(values.length * 4);
  const view = new DataView(bytes.buffer);
  for (const [i, value] of values.entries()) view.setInt32(4 * i, value, true);
  return bytesToBase64(bytes);
}

/** Base64 of float32. */
export function floatsToBase64(values: Float32Array): string {
  const bytes = new Uint8Array(values.length * 4);
  const view = new DataView(bytes.buffer);
  for (const [i, value] of values.entries()) view.setFloat32(4 * i, value, true);
  return bytesToBase64(bytes);
}

/** 32-bit integers. @throws ModelFileError naming `field` when there are not `size` of them */
export function integersFromBase64(base64: string, size: number, field: string): Int32Array {
  const view = viewOf(base64, size, field);
  return Int32Array.from({ length: size }, (_, i) => view.getInt32(4 * i, true));
}

/** Float32. @throws ModelFileError naming `field` when there are not `size` of them */
export function floatsFromBase64(base64: string, size: number, field: string): Float32Array {
  const view = viewOf(base64, size, field);
  return Float32Array.from({ length: size }, (_, i) => view.getFloat32(4 * i, true));
}

function viewOf(base64: string, size: number, field: string): DataView {
  let text: string;
  try {
    text = atob(base64);
  } catch (cause) {
    throw new ModelFileError(field, 'is not base64', { cause });
  }
  if (text.length !== 4 * size) {
    throw new ModelFileError(field, `holds ${text.length} bytes, but the shape needs ${4 * size}`);
  }
  const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
  return new DataView(bytes.buffer);
}

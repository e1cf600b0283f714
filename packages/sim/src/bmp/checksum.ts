/** CRC-32 as the firmware computes it (`bmp_crc.c`): polynomial 0xedb88320, bits reversed. */

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++)
    value = (value & 1) === 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

/** Carries a CRC on over more bytes; the first is given 0xffffffff, the last is inverted for CRC-32. */
export function crc(bytes: Uint8Array, before = 0xffffffff): number {
  let value = before;
  for (let at = 0; at < bytes.length; at++)
    value = (TABLE[(value ^ (bytes[at] as number)) & 0xff] as number) ^ (value >>> 8);
  return value >>> 0;
}

/** Puts a CRC into the last four bytes, so that the one of all bytes is 0. */
export function seal(bytes: Uint8Array): void {
  const end = bytes.length - 4;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  view.setUint32(end, crc(bytes.subarray(0, end)), true);
}

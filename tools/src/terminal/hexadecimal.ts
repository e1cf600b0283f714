/** Memory and numbers in base 16. */

/** A number with a prefix and leading zeros. */
export function hexadecimal(value: number, digits = 8): string {
  return `0x${value.toString(16).padStart(digits, '0')}`;
}

/** Two digits without a prefix. */
export function hexByte(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}

/** Bytes in rows of sixteen, as words, with their characters. */
export function memoryLines(address: number, bytes: Uint8Array): string[] {
  return inGroups([...bytes], 16).map((row, index) => {
    const words = inGroups(row, 4).map((word) => word.map(hexByte).reverse().join(''));
    const text = row.map((byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : '.'));
    const place = (address + 16 * index).toString(16).padStart(8, '0');
    return `${place}  ${words.join(' ').padEnd(35)}  ${text.join('')}`;
  });
}

/** Pieces of a list, all of one size but the last. */
export function inGroups<T>(all: readonly T[], size: number): T[][] {
  const groups: T[][] = [];
  for (let at = 0; at < all.length; at += size) groups.push(all.slice(at, at + size));
  return groups;
}

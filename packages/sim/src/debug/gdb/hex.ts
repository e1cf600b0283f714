/** Numbers and bytes as the remote serial protocol writes them. */

/** A packet whose arguments make no sense. */
export class MalformedPacketError extends Error {
  override readonly name = 'MalformedPacketError';

  constructor(
    /** What was to be read, and what stands there. */
    readonly problem: string,
  ) {
    super(problem);
  }
}

/** Bytes in two digits each. */
export function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Bytes from two digits each. Throws MalformedPacketError. */
export function bytesOf(digits: string): Uint8Array {
  if (digits.length % 2 !== 0 || !/^[\da-f]*$/i.test(digits)) {
    throw new MalformedPacketError(`"${shortened(digits)}" is no row of hexadecimal bytes`);
  }
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

/** A register's word in target byte order. */
export function hexWord(value: number): string {
  return hexOf(Uint8Array.of(value, value >>> 8, value >>> 16, value >>> 24));
}

/** The word of a register. Throws MalformedPacketError. */
export function wordOf(digits: string): number {
  const bytes = bytesOf(digits);
  if (bytes.length !== 4) throw new MalformedPacketError(`"${shortened(digits)}" is no word`);
  return new DataView(bytes.buffer).getUint32(0, true);
}

/** A number, most significant digit first, below 2^32. Throws MalformedPacketError. */
export function numberOf(digits: string | undefined): number {
  if (digits === undefined || !/^0*[\da-f]{1,8}$/i.test(digits)) {
    throw new MalformedPacketError(`"${shortened(digits ?? '')}" is no hexadecimal number`);
  }
  return Number.parseInt(digits, 16);
}

/** Text as bytes of its characters. */
export function hexOfText(text: string): string {
  return hexOf(new TextEncoder().encode(text));
}

/** Text from bytes. Throws MalformedPacketError. */
export function textOf(digits: string): string {
  return new TextDecoder().decode(bytesOf(digits));
}

function shortened(text: string): string {
  return text.length > 20 ? `${text.slice(0, 20)}...` : text;
}

/**
 * Packets of GDB's remote serial protocol on a stream of bytes: `$` body `#` checksum, `}` in front of a
 * byte that is changed by bit 5. GDB manual, appendix "Remote Protocol", section "Overview".
 */

/** Longest body that is taken, bytes; GDB is told so. A longer one is dropped like a damaged one. */
export const PACKET_BYTES = 0x4000;

const DOLLAR = 0x24;
const HASH = 0x23;
const ESCAPE = 0x7d;
const ESCAPED = 0x20;
const INTERRUPT = 0x03;
const PLUS = 0x2b;
const MINUS = 0x2d;

/** What a stream holds. */
export type Incoming =
  | { readonly kind: 'packet'; readonly body: Uint8Array }
  | { readonly kind: 'damaged' }
  | { readonly kind: 'interrupt' }
  /** The other side asks for the last packet again. */
  | { readonly kind: 'again' };

/** Finds packets in bytes as they come. */
export class PacketReader {
  private state: 'outside' | 'body' | 'checksum' = 'outside';
  private readonly body: number[] = [];
  private checksum = '';
  private sum = 0;
  private isEscaped = false;
  private isTooLong = false;

  /** What became complete by these bytes, in their order. */
  read(bytes: Uint8Array): Incoming[] {
    const found: Incoming[] = [];
    for (const byte of bytes) {
      const incoming = this.take(byte);
      if (incoming !== undefined) found.push(incoming);
    }
    return found;
  }

  private take(byte: number): Incoming | undefined {
    switch (this.state) {
      case 'outside':
        return this.takeOutside(byte);
      case 'body':
        this.takeBody(byte);
        return undefined;
      default:
        return this.takeChecksum(byte);
    }
  }

  private takeOutside(byte: number): Incoming | undefined {
    if (byte === DOLLAR) this.begin();
    else if (byte === INTERRUPT) return { kind: 'interrupt' };
    else if (byte === MINUS) return { kind: 'again' };
    // Acknowledgements, and noise between packets.
    return undefined;
  }

  private begin(): void {
    this.state = 'body';
    this.body.length = 0;
    this.checksum = '';
    this.sum = 0;
    this.isEscaped = false;
    this.isTooLong = false;
  }

  private takeBody(byte: number): void {
    if (byte === DOLLAR) {
      // The rest of a packet that was broken off is no part of the next.
      this.begin();
      return;
    }
    if (byte === HASH) {
      this.state = 'checksum';
      return;
    }
    this.sum = (this.sum + byte) & 255;
    if (this.body.length >= PACKET_BYTES) this.isTooLong = true;
    else if (this.isEscaped) this.body.push(byte ^ ESCAPED);
    else if (byte !== ESCAPE) this.body.push(byte);
    this.isEscaped = byte === ESCAPE && !this.isEscaped;
  }

  private takeChecksum(byte: number): Incoming | undefined {
    this.checksum += String.fromCharCode(byte);
    if (this.checksum.length < 2) return undefined;
    this.state = 'outside';
    const isRight = this.checksum.toLowerCase() === hexByte(this.sum);
    if (!isRight || this.isTooLong) return { kind: 'damaged' };
    return { kind: 'packet', body: Uint8Array.from(this.body) };
  }
}

/** A packet around a body of characters up to 255. */
export function framed(body: string): Uint8Array {
  const bytes: number[] = [];
  for (const character of body) {
    const code = character.charCodeAt(0) & 255;
    if (MUST_BE_ESCAPED.has(code)) bytes.push(ESCAPE, code ^ ESCAPED);
    else bytes.push(code);
  }
  const sum = bytes.reduce((total, byte) => (total + byte) & 255, 0);
  return Uint8Array.from([
    DOLLAR,
    ...bytes,
    HASH,
    ...[...hexByte(sum)].map((digit) => digit.charCodeAt(0)),
  ]);
}

/** `*` would begin a run in a reply. */
const MUST_BE_ESCAPED: ReadonlySet<number> = new Set([DOLLAR, HASH, ESCAPE, 0x2a]);

/** A packet was received whole. */
export const ACKNOWLEDGED = Uint8Array.of(PLUS);
/** A packet was damaged. */
export const REFUSED = Uint8Array.of(MINUS);

function hexByte(value: number): string {
  return value.toString(16).padStart(2, '0');
}

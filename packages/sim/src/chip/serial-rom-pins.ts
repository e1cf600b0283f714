/**
 * The serial ROM of a board as its ethernet chip reaches it: bit by bit over four pins. Data sheet of the
 * 25AA1024: bits are taken at rising edges of the clock and given at falling ones, the highest first; what
 * changes the ROM is carried out when it is deselected.
 */
import type { SerialRomRequest } from '@spin-tools/scp';
import { Pin } from './pins.js';

const Operation = { WriteStatus: 0x01, Write: 0x02, Read: 0x03, ReadStatus: 0x05, Identify: 0xab };
/** Commands without an address between them and their data. */
const SHORT: ReadonlySet<number> = new Set([Operation.WriteStatus, Operation.ReadStatus]);
/** Commands that bring bytes. */
const BRINGING: ReadonlySet<number> = new Set([
  Operation.Read,
  Operation.ReadStatus,
  Operation.Identify,
]);
const LONG_HEADER_BYTES = 4;
const BYTE_BITS = 8;
const ADDRESS_MASK = 0xffffff;

/** What keeps the bytes. */
export interface SerialMemory {
  /** Carries out a command; what was read, in as many bytes as were asked for. */
  access(request: SerialRomRequest): Uint8Array;
}

/** Carries bits between pins and a serial ROM. */
export class SerialRomPins {
  private isSelected = false;
  private clock = 0;
  /** Whole bytes that came in since the ROM was selected, and the bits after them. */
  private incoming: number[] = [];
  private bits = 0;
  private byte = 0;
  private outgoing = 0;
  /** Level of the pin by which the ROM answers. */
  private output = 1;

  constructor(private readonly memory: SerialMemory) {}

  /** Levels that the ROM drives, one bit for each pin. */
  get levels(): number {
    return this.output << Pin.SerialDataOut;
  }

  /** The levels of the pins may have changed. */
  changed(levels: number): void {
    const isSelected = ((levels >>> Pin.SerialSelect) & 1) === 0;
    const clock = (levels >>> Pin.SerialClock) & 1;
    const isEdge = isSelected && this.isSelected && clock !== this.clock;
    if (isSelected && !this.isSelected) this.begin();
    if (!isSelected && this.isSelected) this.end();
    if (isEdge && clock === 1) this.take((levels >>> Pin.SerialDataIn) & 1);
    if (isEdge && clock === 0) this.give();
    this.isSelected = isSelected;
    this.clock = clock;
  }

  private get operation(): number {
    return this.incoming[0] ?? 0;
  }

  private get headerBytes(): number {
    return SHORT.has(this.operation) ? 1 : LONG_HEADER_BYTES;
  }

  private begin(): void {
    this.incoming = [];
    this.bits = 0;
  }

  private take(bit: number): void {
    this.byte = ((this.byte << 1) | bit) & 0xff;
    this.bits++;
    if (this.bits % BYTE_BITS === 0) this.incoming.push(this.byte);
  }

  private give(): void {
    const at = this.bits - BYTE_BITS * this.headerBytes;
    if (at < 0 || !BRINGING.has(this.operation)) return;
    if (at % BYTE_BITS === 0) this.outgoing = this.bring(at / BYTE_BITS);
    this.output = (this.outgoing >>> (BYTE_BITS - 1 - (at % BYTE_BITS))) & 1;
  }

  /** One of the bytes that a command brings, by its number. */
  private bring(index: number): number {
    const command = (this.operation << 24) | ((this.address + index) & ADDRESS_MASK);
    return this.memory.access({ ...this.request(command >>> 0), length: 1 })[0] ?? 0;
  }

  private get address(): number {
    const [, high = 0, middle = 0, low = 0] = this.incoming;
    return (high << 16) | (middle << 8) | low;
  }

  private end(): void {
    if (this.incoming.length === 0 || BRINGING.has(this.operation)) return;
    const data = Uint8Array.from(this.incoming.slice(this.headerBytes));
    const command = ((this.operation << 24) | this.address) >>> 0;
    const isWrite = this.operation === Operation.Write || this.operation === Operation.WriteStatus;
    this.memory.access({ ...this.request(command), write: isWrite, length: data.length, data });
  }

  private request(command: number): SerialRomRequest {
    const commandBits = Math.min(this.incoming.length, LONG_HEADER_BYTES) * BYTE_BITS;
    const plain = { write: false, writeEnable: false, waitReady: false, length: 0 };
    return { ...plain, command, commandBits, data: new Uint8Array(0) };
  }
}

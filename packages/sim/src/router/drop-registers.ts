/** What a router remembers of the first packet dropped since it was last asked. SpiNN-2 data sheet, "dump" registers. */
import type { Packet } from '../core/core.js';

const DROPPED = 0x80000000;
const OVERFLOW = 0x40000000;

/** Header, key and payload of a dropped packet, and the outputs that were blocked. */
export class DropRegisters {
  header = 0;
  key = 0;
  payload = 0;
  /** Blocked links in 5:0 and physical cores in 23:6. */
  outputs = 0;
  private status = 0;

  /** Whether a packet waits to be looked at. */
  get isFull(): boolean {
    return (this.status & DROPPED) !== 0;
  }

  /** Remembers a packet, unless there is one already; then only that there were more. */
  record(packet: Packet, port: number, outputs: number): void {
    if ((this.status & DROPPED) !== 0) {
      this.status |= OVERFLOW | outputs;
      return;
    }
    this.status = DROPPED | outputs;
    this.header = (port << 24) | (packet.control << 16);
    this.key = packet.key;
    this.payload = packet.payload ?? 0;
    this.outputs = outputs;
  }

  /** The status register; reading it makes room for the next packet. */
  readStatus(): number {
    const { status } = this;
    this.status = 0;
    return status >>> 0;
  }
}

/** What becomes of multicast packets from links that no entry matches. SpiNN-2 data sheet, router register 0x80. */

const FIELD_BITS = 2;
const TO_MONITOR = 1;
const DESTROY = 2;

/** Two bits for each link. */
export class Diversion {
  /** The register: link 0 in bits 1:0. 0 lets packets go straight on. */
  setting = 0;

  /** Whether packets of a link go to the monitor. */
  isForMonitor(link: number): boolean {
    return (this.field(link) & TO_MONITOR) !== 0;
  }

  /** Whether packets of a link are dropped. */
  isDestroyed(link: number): boolean {
    return this.field(link) === DESTROY;
  }

  private field(link: number): number {
    return (this.setting >>> (FIELD_BITS * link)) & 3;
  }
}

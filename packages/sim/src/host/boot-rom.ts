/**
 * The boot ROM's protocol on one ethernet chip: collects the blocks of an image until it is told to
 * start it. Frames that do not fit are ignored, as the ROM ignores them. Source: boot ROM of the chip.
 */
import {
  BOOT_IMAGE_MOST_BYTES,
  type BootFrame,
  BootOperation,
  decodeBootFrame,
} from '@spin-tools/scp';

const MOST_BLOCKS = 256;
const EXECUTE = 1;

/** Collects an image. */
export class BootRom {
  private blocks = 0;
  private received = new Set<number>();
  private image = new Uint8Array(0);
  private blockBytes = 0;

  /** @param start called with a whole image; its argument is as long as its blocks together */
  constructor(private readonly start: (image: Uint8Array) => void) {}

  /** Takes a datagram. Throws MalformedMessageError for one that is no frame, or ends what is no image. */
  receive(datagram: Uint8Array): void {
    const frame = decodeBootFrame(datagram);
    if (frame.operation === BootOperation.Start) this.begin(frame);
    else if (frame.operation === BootOperation.Block) this.take(frame);
    else if (frame.operation === BootOperation.Control) this.execute(frame);
  }

  private begin({ arguments: [target, , last] }: BootFrame): void {
    if ((target & 0xff) !== 0) return;
    this.blocks = (last & 0xff) + 1;
    this.received = new Set();
    this.image = new Uint8Array(0);
    this.blockBytes = 0;
  }

  private take({ arguments: [place], data }: BootFrame): void {
    const block = place & 0xff;
    const bytes = (((place >>> 8) & 0xff) + 1) * 4;
    const start = block * bytes;
    const fits = start + data.length <= BOOT_IMAGE_MOST_BYTES && data.length <= bytes;
    const isNew = block < Math.min(this.blocks, MOST_BLOCKS) && !this.received.has(block);
    if (!fits || !isNew || (this.blockBytes !== 0 && this.blockBytes !== bytes)) return;
    this.blockBytes = bytes;
    this.received.add(block);
    if (this.image.length < start + data.length) {
      const longer = new Uint8Array(start + data.length);
      longer.set(this.image);
      this.image = longer;
    }
    this.image.set(data, start);
  }

  private execute({ arguments: [flags] }: BootFrame): void {
    if ((flags & EXECUTE) === 0 || this.blocks === 0) return;
    if (this.received.size !== this.blocks) return;
    this.blocks = 0;
    this.start(this.image);
  }
}

/**
 * How a chip in its boot ROM takes an image from its neighbours: nearest-neighbour packets whose key has a
 * checksum in 31:28, an operation in 27:24 and 3 in 7:0. A monitor that was booted so sends its image on by all
 * links. Source: boot ROM of the chip; `scamp-boot.c` of spinnaker_tools 4.0.
 */
import { BOOT_IMAGE_MOST_BYTES } from '@spin-tools/scp';
import { crc } from '../bmp/checksum.js';

const MARK = 3;
const Operation = { Start: 1, BlockStart: 2, Word: 3, BlockEnd: 4, Control: 5 } as const;
/** Bit of the key of a control packet that starts the image. */
const EXECUTE = 1 << 8;
const LINKS = 6;
const WORD_BYTES = 4;
const MOST_WORDS = 256;

/** The block that a link is sending. */
interface Block {
  readonly number: number;
  /** Place in the image, bytes. */
  readonly offset: number;
  readonly words: Uint32Array;
  readonly isHere: Uint8Array;
}

/** Collects an image; all neighbours may send it at once, each at its own pace. */
export class NeighbourBoot {
  private blocks = 0;
  private received = new Set<number>();
  private readonly image = new Uint8Array(BOOT_IMAGE_MOST_BYTES);
  private readonly open: (Block | undefined)[] = new Array(LINKS).fill(undefined);

  /** @param start called with a whole image and the address at which it starts */
  constructor(private readonly start: (image: Uint8Array, entry: number) => void) {}

  /** Takes a packet that came by a link; others than those of this protocol are ignored. */
  receive(key: number, payload: number, link: number): void {
    if ((key & 0xff) !== MARK || checksum(key, payload) !== 0xf) return;
    switch ((key >>> 24) & 0xf) {
      case Operation.Start:
        if (this.blocks === 0 && payload >>> 24 === 0) this.blocks = ((payload >>> 16) & 0xff) + 1;
        return;
      case Operation.BlockStart:
        this.open[link] = this.newBlock(key, payload);
        return;
      case Operation.Word:
        this.takeWord(key, payload, this.open[link]);
        return;
      case Operation.BlockEnd:
        this.endBlock(key, payload, this.open[link]);
        return;
      case Operation.Control:
        if ((key & EXECUTE) !== 0 && this.blocks > 0 && this.received.size === this.blocks) {
          this.start(this.image, payload);
        }
        return;
      default:
    }
  }

  private newBlock(key: number, offset: number): Block | undefined {
    const number = (key >>> 16) & 0xff;
    const words = ((key >>> 8) & 0xff) + 1;
    const fits = offset % WORD_BYTES === 0 && offset + words * WORD_BYTES <= BOOT_IMAGE_MOST_BYTES;
    const isWanted = number < this.blocks && !this.received.has(number);
    if (!fits || !isWanted) return undefined;
    return { number, offset, words: new Uint32Array(words), isHere: new Uint8Array(MOST_WORDS) };
  }

  private takeWord(key: number, payload: number, block: Block | undefined): void {
    const index = (key >>> 8) & 0xff;
    if (block === undefined || block.number !== ((key >>> 16) & 0xff)) return;
    if (index >= block.words.length) return;
    block.words[index] = payload;
    block.isHere[index] = 1;
  }

  private endBlock(key: number, sum: number, block: Block | undefined): void {
    if (block === undefined || block.number !== ((key >>> 16) & 0xff)) return;
    const isWhole = block.words.every((_, index) => block.isHere[index] === 1);
    const bytes = new Uint8Array(block.words.buffer);
    if (!isWhole || ~crc(bytes) >>> 0 !== sum) return;
    this.image.set(bytes, block.offset);
    this.received.add(block.number);
  }
}

/** Sum of all nibbles of two words with the carries added back: 15 when the checksum in the key is right. */
function checksum(key: number, payload: number): number {
  let sum = 0;
  for (let shift = 0; shift < 32; shift += 4) {
    sum += ((key >>> shift) & 0xf) + ((payload >>> shift) & 0xf);
  }
  while (sum > 0xf) sum = (sum & 0xf) + (sum >>> 4);
  return sum;
}

/** Memory that is all ones when erased, and whose bits writing can only clear; takes room only where written. */

/** Bytes of one page of ours. */
const PAGE_BYTES = 4096;
const ERASED = 0xff;

/** Flash of a given size, at addresses from 0. */
export class NorMemory {
  private readonly pages = new Map<number, Uint8Array>();

  /** @param size bytes, a multiple of 4096 */
  constructor(readonly size: number) {}

  /** Copies bytes out; addresses wrap at the end. */
  read(address: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length).fill(ERASED);
    for (let done = 0; done < length; ) {
      const at = (address + done) % this.size;
      const within = at % PAGE_BYTES;
      const count = Math.min(PAGE_BYTES - within, length - done);
      const page = this.pages.get(Math.floor(at / PAGE_BYTES));
      if (page !== undefined) bytes.set(page.subarray(within, within + count), done);
      done += count;
    }
    return bytes;
  }

  /** Clears the bits that are 0 in `bytes`; addresses wrap at the end. */
  program(address: number, bytes: Uint8Array): void {
    bytes.forEach((byte, index) => {
      const at = (address + index) % this.size;
      const page = this.page(Math.floor(at / PAGE_BYTES));
      page[at % PAGE_BYTES] = (page[at % PAGE_BYTES] as number) & byte;
    });
  }

  /** Sets all bits of whole pages of 4 KiB, from the one of `start` to the one of `end` - 1. */
  erase(start: number, end: number): void {
    const last = Math.ceil(Math.min(end, this.size) / PAGE_BYTES);
    for (let page = Math.floor(start / PAGE_BYTES); page < last; page++) this.pages.delete(page);
  }

  private page(number: number): Uint8Array {
    const found = this.pages.get(number);
    if (found !== undefined) return found;
    const page = new Uint8Array(PAGE_BYTES).fill(ERASED);
    this.pages.set(number, page);
    return page;
  }
}

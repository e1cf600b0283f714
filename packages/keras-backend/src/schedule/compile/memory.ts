/** Lays out the memory of a replica. */

/** Blocks start at multiples of this, so that 64-bit numbers are aligned and bursts are whole. */
const ALIGNMENT = 16;
/** Address 0 means that there is nothing. */
const FIRST = 64;

/** Gives blocks of memory, one behind the other. */
export class ReplicaMemory {
  #next = FIRST;

  /** Bytes of all blocks so far. */
  get size(): number {
    return this.#next;
  }

  /** A block. @param bytes whole number of at least 0 */
  reserve(bytes: number): number {
    const address = this.#next;
    this.#next += Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
    return address;
  }
}

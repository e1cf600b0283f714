/** Arrays that passes use again: what is as large as a layer's outputs is dear to allocate for every batch. */

/** Arrays that nobody uses, by their length. */
export class Buffers {
  readonly #free = new Map<number, Float32Array[]>();

  /** Arrays for one pass. */
  lease(): Lease {
    return new Lease(this.#free);
  }
}

/** The arrays that a pass has taken. */
export class Lease {
  readonly #free: Map<number, Float32Array[]>;
  #taken: Float32Array[] = [];

  /** @param free those to take from, and to give back to */
  constructor(free: Map<number, Float32Array[]>) {
    this.#free = free;
  }

  /** An array of a length. What it holds is undefined. */
  take(length: number): Float32Array {
    const array = this.#free.get(length)?.pop() ?? new Float32Array(length);
    this.#taken.push(array);
    return array;
  }

  /** Gives all of them back: others may write to them from now on. */
  release(): void {
    for (const array of this.#taken) {
      const free = this.#free.get(array.length);
      if (free) free.push(array);
      else this.#free.set(array.length, [array]);
    }
    this.#taken = [];
  }
}

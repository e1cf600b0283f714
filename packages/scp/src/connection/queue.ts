/** First in, first out, in constant time per item. */
export class Queue<T> {
  private incoming: T[] = [];
  private outgoing: T[] = [];

  /** Adds an item at the end. */
  push(item: T): void {
    this.incoming.push(item);
  }

  /** Takes the first item away, if there is one. */
  shift(): T | undefined {
    if (this.outgoing.length === 0) {
      this.outgoing = this.incoming.reverse();
      this.incoming = [];
    }
    return this.outgoing.pop();
  }

  /** The first item, if there is one. */
  get first(): T | undefined {
    return this.outgoing.at(-1) ?? this.incoming[0];
  }

  get length(): number {
    return this.incoming.length + this.outgoing.length;
  }
}

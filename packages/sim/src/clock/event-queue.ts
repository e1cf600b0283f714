/**
 * Things that happen at a time: a binary heap in typed arrays. Events of one time come out in the order
 * in which they went in, so that a run is the same every time.
 */

const FIRST_CAPACITY = 16;

/** A queue of events; each has a time, a small number that says where, and an item that says what. */
export class EventQueue<T> {
  /** Time of the event taken last, ns. */
  time = 0;
  /** Where the event taken last happens. */
  target = 0;
  /** What the event taken last is. */
  item: T | undefined;

  private size = 0;
  private order = 0;
  private times = new Float64Array(FIRST_CAPACITY);
  private orders = new Float64Array(FIRST_CAPACITY);
  private targets = new Int32Array(FIRST_CAPACITY);
  private readonly items: (T | undefined)[] = new Array(FIRST_CAPACITY).fill(undefined);

  /** Time of the earliest event, ns; Infinity when there is none. */
  get nextTime(): number {
    return this.size === 0 ? Number.POSITIVE_INFINITY : (this.times[0] as number);
  }

  /** How many events wait. */
  get length(): number {
    return this.size;
  }

  /** Adds an event. */
  push(time: number, target: number, item: T): void {
    if (this.size === this.times.length) this.grow();
    const order = this.order++;
    let hole = this.size++;
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      if ((this.times[parent] as number) <= time) break;
      this.move(parent, hole);
      hole = parent;
    }
    this.put(hole, time, order, target, item);
  }

  /** Takes the earliest event into {@link time}, {@link target} and {@link item}; there must be one. */
  take(): void {
    this.time = this.times[0] as number;
    this.target = this.targets[0] as number;
    this.item = this.items[0];
    const last = --this.size;
    const time = this.times[last] as number;
    const order = this.orders[last] as number;
    const target = this.targets[last] as number;
    const item = this.items[last];
    this.items[last] = undefined;
    if (last > 0) this.put(this.sink(time, order, last), time, order, target, item);
  }

  /** Moves smaller events up from the root until there is a place for one of this time and order. */
  private sink(time: number, order: number, size: number): number {
    let hole = 0;
    for (let child = 1; child < size; child = 2 * hole + 1) {
      if (child + 1 < size && this.isBefore(child + 1, child)) child++;
      const childTime = this.times[child] as number;
      const stays =
        childTime > time || (childTime === time && (this.orders[child] as number) > order);
      if (stays) break;
      this.move(child, hole);
      hole = child;
    }
    return hole;
  }

  private isBefore(a: number, b: number): boolean {
    const difference = (this.times[a] as number) - (this.times[b] as number);
    return (
      difference < 0 ||
      (difference === 0 && (this.orders[a] as number) < (this.orders[b] as number))
    );
  }

  private move(from: number, to: number): void {
    this.times[to] = this.times[from] as number;
    this.orders[to] = this.orders[from] as number;
    this.targets[to] = this.targets[from] as number;
    this.items[to] = this.items[from];
  }

  private put(at: number, time: number, order: number, target: number, item: T | undefined): void {
    this.times[at] = time;
    this.orders[at] = order;
    this.targets[at] = target;
    this.items[at] = item;
  }

  private grow(): void {
    const capacity = this.times.length * 2;
    const times = new Float64Array(capacity);
    const orders = new Float64Array(capacity);
    const targets = new Int32Array(capacity);
    times.set(this.times);
    orders.set(this.orders);
    targets.set(this.targets);
    this.times = times;
    this.orders = orders;
    this.targets = targets;
    while (this.items.length < capacity) this.items.push(undefined);
  }
}

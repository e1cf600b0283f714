/**
 * The memory by which a machine's own thread and one that runs boards for it talk: a few words that both watch and,
 * when nothing comes for a while, sleep on, and what goes from board to board. All else goes by a message port.
 */
import { Crossings } from '../machine/crossings.js';

/** Words, of 32 bits. */
const Word = {
  /** Counts of what was asked and answered. */
  Asked: 0,
  Answered: 1,
  Request: 2,
  /** Whether operations, or an answer, come by the port. */
  HasMessage: 3,
  In: 4,
  Out: 5,
  IsIdle: 6,
} as const;
/** Numbers: times in ns, and how much there was to do. */
const Float = {
  Present: 0,
  Until: 1,
  Amount: 2,
  NextTime: 3,
  NextAction: 4,
  LatestEnd: 5,
} as const;
const FLOATS_OFFSET = 64;
const CROSSINGS_OFFSET = 128;
/** How often the other side is looked at before this one sleeps: some 20 microseconds, as sleeping and waking take. */
const SPINS = 800;

/** What is asked: to carry out operations, to run through a window of time, or to end. */
export const Request = { Operations: 1, Window: 2, End: 3 } as const;

/** Bytes of a memory with room for so many crossings in each direction. */
export function sharedBytes(room: number): number {
  return CROSSINGS_OFFSET + 2 * Crossings.numbersFor(room) * Float64Array.BYTES_PER_ELEMENT;
}

/** Both ends of a shared memory. */
export class SharedWords {
  /** What goes to the boards of the other thread, and what comes from them. */
  readonly incoming: Crossings;
  readonly outgoing: Crossings;
  private readonly words: Int32Array;
  private readonly floats: Float64Array;
  private seen = 0;

  constructor(memory: SharedArrayBuffer, room: number) {
    const numbers = Crossings.numbersFor(room);
    this.words = new Int32Array(memory, 0, FLOATS_OFFSET / Int32Array.BYTES_PER_ELEMENT);
    this.floats = new Float64Array(memory, FLOATS_OFFSET, 8);
    this.incoming = new Crossings(new Float64Array(memory, CROSSINGS_OFFSET, numbers));
    const second = CROSSINGS_OFFSET + numbers * Float64Array.BYTES_PER_ELEMENT;
    this.outgoing = new Crossings(new Float64Array(memory, second, numbers));
  }

  /** Asks the thread that runs boards; `until` is the end of a window. */
  ask(request: number, hasMessage: boolean, present: number, until: number): void {
    const { words, floats } = this;
    words[Word.Request] = request;
    words[Word.HasMessage] = Number(hasMessage);
    words[Word.In] = this.incoming.length;
    floats[Float.Present] = present;
    floats[Float.Until] = until;
    this.incoming.clear();
    Atomics.add(words, Word.Asked, 1);
    Atomics.notify(words, Word.Asked);
  }

  /**
   * Waits for its answer; says whether a message comes by the port.
   *
   * @param patienceMs how long, ms
   * @param lost called when that was too long; throws
   */
  awaitAnswer(patienceMs: number, lost: () => never): boolean {
    if (!this.awaitChange(Word.Answered, patienceMs)) lost();
    this.outgoing.length = this.words[Word.Out] as number;
    return this.words[Word.HasMessage] === 1;
  }

  /** Waits to be asked something, a {@link Request}. */
  awaitRequest(): number {
    this.awaitChange(Word.Asked, Number.POSITIVE_INFINITY);
    this.incoming.length = this.words[Word.In] as number;
    return this.words[Word.Request] as number;
  }

  /** Answers what was asked. */
  answer(hasMessage: boolean, crossings: number, amount: number, status: BoardStatus): void {
    const { words, floats } = this;
    words[Word.HasMessage] = Number(hasMessage);
    words[Word.Out] = crossings;
    words[Word.IsIdle] = Number(status.isIdle);
    floats[Float.Amount] = amount;
    floats[Float.NextTime] = status.nextTime;
    floats[Float.NextAction] = status.nextAction;
    floats[Float.LatestEnd] = status.latestEnd;
    Atomics.add(words, Word.Answered, 1);
    Atomics.notify(words, Word.Answered);
  }

  /** Whether operations come by the port. */
  get hasMessage(): boolean {
    return this.words[Word.HasMessage] === 1;
  }

  get present(): number {
    return this.floats[Float.Present] as number;
  }

  get until(): number {
    return this.floats[Float.Until] as number;
  }

  get amount(): number {
    return this.floats[Float.Amount] as number;
  }

  /** How the boards stood when the last answer came. */
  get status(): BoardStatus {
    return {
      isIdle: this.words[Word.IsIdle] === 1,
      nextTime: this.floats[Float.NextTime] as number,
      nextAction: this.floats[Float.NextAction] as number,
      latestEnd: this.floats[Float.LatestEnd] as number,
    };
  }

  /** Waits until a count is another than before; false when it took too long. */
  private awaitChange(word: number, patienceMs: number): boolean {
    const { words, seen } = this;
    for (let spin = 0; spin < SPINS; spin++) {
      if (Atomics.load(words, word) !== seen) break;
    }
    while (Atomics.load(words, word) === seen) {
      if (Atomics.wait(words, word, seen, patienceMs) === 'timed-out') return false;
    }
    this.seen = Atomics.load(words, word);
    return true;
  }
}

/** When something will happen on boards. */
export interface BoardStatus {
  /** Whether nothing will ever happen by itself. */
  readonly isIdle: boolean;
  /** Time of the next thing that happens by itself, ns. */
  readonly nextTime: number;
  /** Time of the next thing that is done by a device, ns. */
  readonly nextAction: number;
  /** When a window has to end in which these boards run, so that nothing reaches others too late, ns. */
  readonly latestEnd: number;
}

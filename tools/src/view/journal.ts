/** Keeps what viewers were told, so that one that comes later, or a file, can tell the same story. */
import {
  CORES_OF_CHIP,
  type FrameMessage,
  LINKS_OF_CHIP,
  type Message,
  ROUTER_COUNTERS,
} from './messages.js';

/** Most bytes of frames that are kept, about: a quarter of an hour of a board, some minutes of a large machine. */
const MOST_FRAME_BYTES = 24_000_000;
/** Most frames, however little they say: more than an hour of a machine on which nothing happens. */
const MOST_FRAMES = 20_000;

/** Messages so far, without those that later ones replaced. */
export class Journal {
  /** Messages by what they are about; later ones replace earlier ones. */
  private readonly latest = new Map<string, Message>();
  private readonly frames: FrameMessage[] = [];
  private bytes = 0;
  private readonly listeners = new Set<(message: Message) => void>();

  constructor(
    private readonly mostFrameBytes = MOST_FRAME_BYTES,
    private readonly mostFrames = MOST_FRAMES,
  ) {}

  /** Keeps a message and passes it on. */
  readonly add = (message: Message): void => {
    if (message.type === 'machine') this.forgetMachine();
    if (message.type === 'training') this.forgetTraining();
    if (message.type === 'frame') this.addFrame(message);
    else if (message.type === 'programs') this.addPrograms(message);
    else this.latest.set(keyOf(message), message);
    for (const listener of this.listeners) listener(message);
  };

  /** Calls back with every message from now on; the result stops that. */
  listen(listener: (message: Message) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** All that is worth telling, in order. */
  messages(): Message[] {
    const others = [...this.latest.values()];
    const isFirst = ({ type }: Message) => type === 'machine';
    return [
      ...others.filter(isFirst),
      ...this.frames,
      ...others.filter((message) => !isFirst(message)),
    ];
  }

  private forgetMachine(): void {
    for (const [key, { type }] of this.latest) {
      if (type === 'table' || type === 'programs' || type === 'iobuf') this.latest.delete(key);
    }
    this.frames.length = 0;
    this.bytes = 0;
  }

  private forgetTraining(): void {
    for (const [key, { type }] of this.latest) {
      if (type === 'epoch' || type === 'progress') this.latest.delete(key);
    }
  }

  private addPrograms({ cores }: Extract<Message, { type: 'programs' }>): void {
    for (const core of cores) {
      this.latest.set(`programs ${core.chip} ${core.core}`, { type: 'programs', cores: [core] });
    }
  }

  private get isFull(): boolean {
    return this.bytes > this.mostFrameBytes || this.frames.length > this.mostFrames;
  }

  private addFrame(frame: FrameMessage): void {
    this.frames.push(frame);
    this.bytes += sizeOf(frame);
    while (this.isFull && this.frames.length > 2) {
      const [first, second] = this.frames.splice(0, 2) as [FrameMessage, FrameMessage];
      const merged = mergeFrames(first, second);
      this.frames.unshift(merged);
      this.bytes += sizeOf(merged) - sizeOf(first) - sizeOf(second);
    }
  }
}

function keyOf(message: Exclude<Message, FrameMessage>): string {
  switch (message.type) {
    case 'table':
      return `table ${message.chip}`;
    case 'iobuf':
      return `iobuf ${message.chip} ${message.core}`;
    case 'epoch':
      return `epoch ${message.epoch}`;
    default:
      return message.type;
  }
}

const COLUMNS = ['states', 'router', 'entries', 'linkPackets', 'linkDrops'] as const;

function sizeOf(frame: FrameMessage): number {
  return COLUMNS.reduce(
    (sum, name) => sum + (frame[name]?.byteLength ?? 0),
    frame.chips.byteLength,
  );
}

/** One frame that says what two in a row said. */
export function mergeFrames(first: FrameMessage, second: FrameMessage): FrameMessage {
  const chips = Uint32Array.from(new Set([...first.chips, ...second.chips])).sort();
  const placeOf = new Map(Array.from(chips, (chip, place) => [chip, place]));
  const merge = <Column extends Uint8Array | Uint16Array | Uint32Array>(
    into: Column,
    ...columns: readonly [Column, Column]
  ): Column => {
    const width = into.length / chips.length;
    [first, second].forEach((frame, which) => {
      frame.chips.forEach((chip, index) => {
        const values = columns[which]?.subarray(width * index, width * (index + 1));
        if (values) into.set(values, width * (placeOf.get(chip) as number));
      });
    });
    return into;
  };
  const { length } = chips;
  const links = (name: 'linkPackets' | 'linkDrops') => {
    const columns = [first[name], second[name]] as const;
    const [one, other] = columns;
    return one && other
      ? { [name]: merge(new Uint32Array(length * LINKS_OF_CHIP), one, other) }
      : {};
  };
  return {
    ...second,
    from: Math.min(first.from, second.from),
    to: Math.max(first.to, second.to),
    chips,
    states: merge(new Uint8Array(length * CORES_OF_CHIP), first.states, second.states),
    router: merge(new Uint32Array(length * ROUTER_COUNTERS), first.router, second.router),
    entries: merge(new Uint16Array(length), first.entries, second.entries),
    ...links('linkPackets'),
    ...links('linkDrops'),
  };
}

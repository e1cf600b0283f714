/** All that the page knows: the messages so far, put into order, and the time that is shown. */
import {
  CORES_OF_CHIP,
  type CoreProgramEntry,
  type EpochMessage,
  type FrameMessage,
  type MachineMessage,
  type Message,
  type ProgressMessage,
  type StatusMessage,
  type TrainingMessage,
} from '../../src/view/messages.js';
import { MachineState } from './machine-state.js';

/** What changed, for those who show it. */
export type Topic = 'machine' | 'frame' | 'programs' | 'tables' | 'iobuf' | 'status' | 'training';

/** What the timeline shows of a frame. */
export interface Moment {
  readonly at: number;
  /** Packets that cores sent, a second. */
  readonly packetRate: number;
  readonly dropped: number;
}

/** Most bytes of frames that are kept to go back in time. */
const MOST_BYTES = 96_000_000;
/** The same by their number: more than an hour of a board. */
const MOST_FRAMES = 20_000;

/** Puts messages together. */
export class Store {
  machine: MachineMessage | undefined;
  /** What is shown: now, or the time gone back to. */
  shown = new MachineState(0);
  readonly programs = new Map<number, CoreProgramEntry>();
  readonly tables = new Map<number, Uint32Array>();
  readonly iobufs = new Map<number, string>();
  readonly moments: Moment[] = [];
  status: StatusMessage | undefined;
  training: TrainingMessage | undefined;
  progress: ProgressMessage | undefined;
  readonly epochs: EpochMessage[] = [];
  private layers = new Map<number, string>();
  private live = new MachineState(0);
  private base = new MachineState(0);
  private frames: FrameMessage[] = [];
  private bytes = 0;
  private seekTo: number | undefined;
  private readonly listeners = new Map<Topic, (() => void)[]>();

  /** Calls back when something about a topic changed. */
  on(topics: readonly Topic[], listener: () => void): void {
    for (const topic of topics) {
      this.listeners.set(topic, [...(this.listeners.get(topic) ?? []), listener]);
    }
  }

  /** Whether the present is shown. */
  get isLive(): boolean {
    return this.seekTo === undefined;
  }

  /** Layer whose core is at a place, chip times 18 plus core, while something is trained. */
  layerOf(place: number): string | undefined {
    return this.layers.get(place);
  }

  /** Takes in a message. */
  take(message: Message): void {
    this.changed(this.put(message));
  }

  /** Goes back to a time, ms since watching began, or to the present. */
  seek(at: number | undefined): void {
    this.seekTo = at;
    if (at === undefined) this.shown = this.live;
    else {
      const state = new MachineState(this.machine?.x.length ?? 0);
      state.become(this.base);
      for (const frame of this.frames) {
        if (frame.at > at) break;
        state.apply(frame);
      }
      this.shown = state;
    }
    this.changed('frame');
  }

  private put(message: Message): Topic {
    switch (message.type) {
      case 'machine':
        this.begin(message);
        return 'machine';
      case 'frame':
        this.addFrame(message);
        return 'frame';
      case 'programs':
        for (const entry of message.cores) {
          this.programs.set(entry.chip * CORES_OF_CHIP + entry.core, entry);
        }
        return 'programs';
      case 'table':
        this.tables.set(message.chip, message.entries);
        return 'tables';
      case 'iobuf':
        this.iobufs.set(message.chip * CORES_OF_CHIP + message.core, message.text);
        return 'iobuf';
      case 'status':
        this.status = message;
        return 'status';
      case 'training':
        this.training = message;
        this.progress = undefined;
        this.epochs.length = 0;
        this.placeLayers();
        return 'training';
      case 'progress':
        this.progress = message;
        return 'training';
      case 'epoch':
        this.epochs[message.epoch] = message;
        return 'training';
    }
  }

  private changed(topic: Topic): void {
    for (const listener of this.listeners.get(topic) ?? []) listener();
  }

  private begin(machine: MachineMessage): void {
    const chips = machine.x.length;
    this.machine = machine;
    this.live = new MachineState(chips);
    this.base = new MachineState(chips);
    this.shown = this.live;
    this.seekTo = undefined;
    this.frames = [];
    this.bytes = 0;
    this.moments.length = 0;
    for (const map of [this.programs, this.tables, this.iobufs]) map.clear();
    this.placeLayers();
  }

  private placeLayers(): void {
    const { machine, training } = this;
    this.layers = new Map();
    if (machine === undefined || training === undefined) return;
    const chips = new Map<string, number>();
    machine.x.forEach((x, chip) => {
      chips.set(`${x},${machine.y[chip]}`, chip);
    });
    for (const { name, cores } of training.layers) {
      for (const { x, y, core } of cores) {
        const chip = chips.get(`${x},${y}`);
        if (chip !== undefined) this.layers.set(chip * CORES_OF_CHIP + core, name);
      }
    }
  }

  private addFrame(frame: FrameMessage): void {
    const before = this.live.simulatedNs === undefined ? this.live.at : this.live.simulatedNs / 1e6;
    const now = frame.simulatedNs === undefined ? frame.at : frame.simulatedNs / 1e6;
    const { sent, dropped } = this.live.apply(frame);
    const packetRate = now > before ? (sent * 1000) / (now - before) : 0;
    this.moments.push({ at: frame.at, packetRate, dropped });
    this.frames.push(frame);
    this.bytes += sizeOf(frame);
    while (this.bytes > MOST_BYTES || this.frames.length > MOST_FRAMES) {
      const oldest = this.frames.shift() as FrameMessage;
      this.moments.shift();
      this.base.apply(oldest);
      this.bytes -= sizeOf(oldest);
    }
  }

  /** Every message that is needed to show all this again. */
  recording(): Message[] {
    if (this.machine === undefined) return [];
    const about = (key: number) => ({
      chip: Math.floor(key / CORES_OF_CHIP),
      core: key % CORES_OF_CHIP,
    });
    const others = [this.status, this.training, this.progress, ...this.epochs];
    return [
      this.machine,
      ...this.frames,
      { type: 'programs', cores: [...this.programs.values()] },
      ...[...this.tables].map(([chip, entries]): Message => ({ type: 'table', chip, entries })),
      ...[...this.iobufs].map(([key, text]): Message => ({ type: 'iobuf', ...about(key), text })),
      ...others.filter((message) => message !== undefined),
    ];
  }
}

function sizeOf({ chips, states, router, linkPackets, linkDrops }: FrameMessage): number {
  const columns = [chips, states, router, linkPackets, linkDrops];
  // Besides its columns, a frame takes about as much as its objects do.
  return columns.reduce((sum, column) => sum + (column?.byteLength ?? 0), 600);
}

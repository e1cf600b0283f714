/**
 * What a viewer is told: plain data, in the order in which it was found out. A page that is served gets them one by
 * one, a saved page holds a list of them, a page with a machine of its own gets them from its worker.
 */

/** Cores of a chip, working or not. */
export const CORES_OF_CHIP = 18;
/** Links of a chip. */
export const LINKS_OF_CHIP = 6;
/** Counters of a router that are told. */
export const ROUTER_COUNTERS = 3;
/** State of all cores of a chip that gave no answer; no state of a core. */
export const NO_ANSWER = 0xff;

/** What is being watched: sent first, and again when another machine answers. Columns have an element a chip. */
export interface MachineMessage {
  readonly type: 'machine';
  /** Where it is, for the title: an address, or `a virtual SpiNN-5`. */
  readonly name: string;
  /** What runs on it, for example `SC&MP/SpiNNaker 4.0.0`. */
  readonly software: string;
  readonly width: number;
  readonly height: number;
  readonly wrapX: boolean;
  readonly wrapY: boolean;
  readonly x: Uint8Array;
  readonly y: Uint8Array;
  /** Working cores, monitor included. */
  readonly cores: Uint8Array;
  /** Working links, bit l for link l. */
  readonly links: Uint8Array;
  /** Index into `boards`. */
  readonly board: Uint16Array;
  readonly boards: readonly BoardPlace[];
  /** Whether every chip's table and programs are told unasked; on large machines only of chips asked for. */
  readonly tellsAll: boolean;
}

/** A board by its ethernet chip. */
export interface BoardPlace {
  readonly x: number;
  readonly y: number;
  readonly ip?: string;
}

/** How chips are now; chips that are as they were may be left out. */
export interface FrameMessage {
  readonly type: 'frame';
  /** Milliseconds since watching began. */
  readonly at: number;
  /** Simulated time, ns, on a machine that tells it. */
  readonly simulatedNs?: number;
  /** First chip that was looked at, and the one behind the last; those that are not in `chips` are as they were. */
  readonly from: number;
  readonly to: number;
  /** Indices of the chips that the columns are about, ascending. */
  readonly chips: Uint32Array;
  /** State of virtual core c at 18 i + c, or {@link NO_ANSWER}. */
  readonly states: Uint8Array;
  /** Multicast packets of the chip's own cores, those from neighbours, packets dropped: at 3 i. They wrap at 2^32. */
  readonly router: Uint32Array;
  /** Routing entries outside of the largest free block. */
  readonly entries: Uint16Array;
  /** Packets that left by link l so far, at 6 i + l, on a machine that counts them. */
  readonly linkPackets?: Uint32Array;
  /** Packets dropped at link l so far, likewise. */
  readonly linkDrops?: Uint32Array;
}

/** What application cores run. */
export interface ProgramsMessage {
  readonly type: 'programs';
  readonly cores: readonly CoreProgramEntry[];
}

/** What one core runs. */
export interface CoreProgramEntry {
  readonly chip: number;
  readonly core: number;
  readonly appId: number;
  readonly name: string;
  /** What went wrong; absent where nothing did. */
  readonly error?: string;
}

/** The multicast table of a chip: key, mask and route of each entry in turn, lower ones win. */
export interface TableMessage {
  readonly type: 'table';
  readonly chip: number;
  readonly entries: Uint32Array;
}

/** Text that a core has put out. */
export interface IobufMessage {
  readonly type: 'iobuf';
  readonly chip: number;
  readonly core: number;
  readonly text: string;
}

/** Whether the machine answers: `waiting` before it was booted, `lost` when it went away. */
export interface StatusMessage {
  readonly type: 'status';
  readonly status: 'waiting' | 'watching' | 'lost' | 'ended';
  /** For a human. */
  readonly text: string;
}

/** What is trained, and where its layers lie. */
export interface TrainingMessage {
  readonly type: 'training';
  readonly title: string;
  readonly epochs: number;
  /** Batches of an epoch. */
  readonly batches: number;
  readonly layers: readonly LayerOfTraining[];
}

/** A layer and its cores. */
export interface LayerOfTraining {
  readonly name: string;
  readonly description: string;
  readonly cores: readonly { readonly x: number; readonly y: number; readonly core: number }[];
}

/** Batches of an epoch that are done. */
export interface ProgressMessage {
  readonly type: 'progress';
  /** From 0. */
  readonly epoch: number;
  readonly batch: number;
}

/** How an epoch went. */
export interface EpochMessage {
  readonly type: 'epoch';
  /** From 0. */
  readonly epoch: number;
  /** Loss and metrics by Keras's names. */
  readonly logs: Readonly<Record<string, number>>;
  /** Time of the machine, seconds; absent where none was used. */
  readonly seconds?: number;
  /** In the order of the layers with cores of their own; absent where no machine was used. */
  readonly layers?: readonly LayerUse[];
}

/** What a layer's cores did in an epoch. */
export interface LayerUse {
  readonly name: string;
  readonly cores: number;
  /** Time for which its busiest core was awake, seconds. */
  readonly busySeconds: number;
  /** Share of the epoch for which its cores were awake, mean over the cores, 0 to 1. */
  readonly utilisation: number;
  readonly packetsSent: number;
  /** Values that were clamped to their format. */
  readonly saturations: number;
}

/** Anything that a viewer is told. */
export type Message =
  | MachineMessage
  | FrameMessage
  | ProgramsMessage
  | TableMessage
  | IobufMessage
  | StatusMessage
  | TrainingMessage
  | ProgressMessage
  | EpochMessage;

/** What a viewer may ask for; the answer is a message to all viewers. */
export type Question =
  | { readonly about: 'chip'; readonly chip: number }
  | { readonly about: 'iobuf'; readonly chip: number; readonly core: number };

/** Column types by the name that stands for them in JSON. */
const COLUMNS = { u8: Uint8Array, u16: Uint16Array, u32: Uint32Array } as const;
type ColumnName = keyof typeof COLUMNS;

/** A message as JSON without line ends; columns are little-endian bytes in base 64. */
export function encodeMessage(message: Message): string {
  return JSON.stringify(message, (_, value: unknown) => {
    for (const name of Object.keys(COLUMNS) as ColumnName[]) {
      if (value instanceof COLUMNS[name]) return { [name]: toBase64(value) };
    }
    return value;
  });
}

/** The message of some JSON that {@link encodeMessage} made. */
export function decodeMessage(json: string): Message {
  return JSON.parse(json, (_, value: unknown) => {
    if (typeof value !== 'object' || value === null) return value;
    for (const name of Object.keys(COLUMNS) as ColumnName[]) {
      const text = (value as Partial<Record<ColumnName, unknown>>)[name];
      if (typeof text === 'string') return new COLUMNS[name](fromBase64(text));
    }
    return value;
  });
}

/** Bytes that are turned into characters at a time: fewer than a call may have arguments. */
const PIECE = 0x8000;

function toBase64({ buffer, byteOffset, byteLength }: ArrayBufferView): string {
  const bytes = new Uint8Array(buffer, byteOffset, byteLength);
  let text = '';
  for (let at = 0; at < bytes.length; at += PIECE) {
    text += String.fromCharCode(...bytes.subarray(at, at + PIECE));
  }
  return btoa(text);
}

function fromBase64(text: string): ArrayBuffer {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer as ArrayBuffer;
}

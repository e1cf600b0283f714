/** Commands that load, start, signal and stop applications. */
import { MalformedMessageError } from '../errors.js';
import { body, type Command, type CommandKind, commandOf, emptyReply } from './command.js';

/** How a program starts: the word that CMD_AR, CMD_AS, CMD_APP_COPY_RUN and FFE share. */
export interface StartOptions {
  readonly appId: number;
  /** The program waits for the signal START before its main function. */
  readonly wait: boolean;
  /** Virtual cores, bit c for core c; never bit 0, the monitor. */
  readonly cores: number;
}

/** Bit of the application flags that makes a program wait. */
const WAIT_FLAG = 1;
const CORE_MASK = 0x3ffff;

/** app id in 31:24, flags in 23:18, cores in 17:0. */
export function encodeStart({ appId, wait, cores }: StartOptions): number {
  return ((appId << 24) | ((wait ? WAIT_FLAG : 0) << 18) | (cores & CORE_MASK)) >>> 0;
}

/** The opposite of {@link encodeStart}. */
export function decodeStart(word: number): StartOptions {
  return {
    appId: word >>> 24,
    wait: ((word >>> 18) & WAIT_FLAG) !== 0,
    cores: word & CORE_MASK,
  };
}

/** CMD_AR: start the image in the staging area of SDRAM, `sv.sdram_sys`. */
export const ApplicationRun: CommandKind<StartOptions, void> = {
  name: 'CMD_AR',
  code: 19,
  repeatable: () => false,
  encodeRequest: (start) => body(encodeStart(start)),
  decodeRequest: ({ arguments: [start] }) => decodeStart(start),
  ...emptyReply,
};

/** CMD_AS: start the image at an address. */
export const ApplicationStart: CommandKind<StartOptions & { address: number }, void> = {
  name: 'CMD_AS',
  code: 24,
  repeatable: () => false,
  encodeRequest: (request) => body(request.address, encodeStart(request)),
  decodeRequest: ({ arguments: [address, start] }) => ({ address, ...decodeStart(start) }),
  ...emptyReply,
};

/** CMD_APP_COPY_RUN: copy the neighbour's staging area, check its sum, start it. */
export const ApplicationCopyRun: CommandKind<
  StartOptions & { link: number; length: number; checksum: number },
  void
> = {
  name: 'CMD_APP_COPY_RUN',
  code: 21,
  repeatable: ({ cores }) => cores === 0,
  encodeRequest: (request) =>
    body((request.checksum << 3) | request.link, request.length, encodeStart(request)),
  decodeRequest: ({ arguments: [first, length, start] }) => {
    const link = first & 7;
    if (link > 5) throw new MalformedMessageError('CMD_APP_COPY_RUN', `there is no link ${link}`);
    return { checksum: first >>> 3, link, length, ...decodeStart(start) };
  },
  ...emptyReply,
};

/** CMD_NNP: send a nearest-neighbour packet, which neighbours pass on. */
export const NearestNeighbourPacket: CommandKind<
  { key: number; payload: number; assignId: boolean; forward: number; retry: number },
  void
> = {
  name: 'CMD_NNP',
  code: 20,
  repeatable: () => false,
  encodeRequest: ({ key, payload, assignId, forward, retry }) =>
    body(key, payload, (assignId ? 0x80000000 : 0) | (forward << 8) | retry),
  decodeRequest: ({ arguments: [key, payload, third] }) => ({
    key,
    payload,
    assignId: third >= 0x80000000,
    forward: (third >>> 8) & 0xff,
    retry: third & 0xff,
  }),
  ...emptyReply,
};

/** CMD_FFD: send one block of a flood fill, 4 to 256 bytes, to all chips. */
export const FloodFillData: CommandKind<
  {
    id: number;
    forward: number;
    retry: number;
    block: number;
    address: number;
    data: Uint8Array;
  },
  void
> = {
  name: 'CMD_FFD',
  code: 23,
  repeatable: () => false,
  encodeRequest: ({ id, forward, retry, block, address, data }) => {
    if (data.length === 0 || data.length > 256 || data.length % 4 !== 0) {
      throw new RangeError(`a block has whole words, at most 256 bytes: ${data.length}`);
    }
    return body(
      (forward << 24) | (retry << 16) | id,
      (block << 16) | ((data.length / 4 - 1) << 8),
      address,
      data,
    );
  },
  decodeRequest: ({ arguments: [first, second, address], data }) => {
    const length = (((second >>> 8) & 0xff) + 1) * 4;
    if (length > data.length) {
      throw new MalformedMessageError('CMD_FFD', `${data.length} bytes instead of ${length}`);
    }
    return {
      forward: first >>> 24,
      retry: (first >>> 16) & 0xff,
      id: first & 0xff,
      block: (second >>> 16) & 0xff,
      address,
      data: data.subarray(0, length),
    };
  },
  ...emptyReply,
};

/** Signals to applications. */
export const Signal = {
  Init: 0,
  PowerDown: 1,
  Stop: 2,
  Start: 3,
  Sync0: 4,
  Sync1: 5,
  Pause: 6,
  Continue: 7,
  Exit: 8,
  Timer: 9,
  User0: 10,
  User1: 11,
  User2: 12,
  User3: 13,
} as const;

/** A {@link Signal}. */
export type Signal = (typeof Signal)[keyof typeof Signal];

/** Signals that change nothing when they come a second time. */
const HARMLESS_TWICE: ReadonlySet<number> = new Set([
  Signal.Init,
  Signal.PowerDown,
  Signal.Stop,
  Signal.Start,
]);

/** How a signal travels. */
export const SignalRoute = { Multicast: 0, PointToPoint: 1, NearestNeighbour: 2 } as const;

/** A signal to all cores whose app id, masked by `appMask`, is `appId`. */
export interface SignalRequest {
  readonly route: number;
  readonly signal: number;
  readonly appId: number;
  readonly appMask: number;
}

/** The word that carries a signal in CMD_SIG and in packets. */
export function encodeSignal({ signal, appId, appMask }: Omit<SignalRequest, 'route'>): number {
  return (signal << 16) | (appMask << 8) | appId;
}

/** The opposite of {@link encodeSignal}. */
export function decodeSignal(word: number): Omit<SignalRequest, 'route'> {
  return { signal: (word >>> 16) & 0xff, appMask: (word >>> 8) & 0xff, appId: word & 0xff };
}

/** CMD_SIG: signal applications on all chips; multicast signals start at the root chip only. */
export const SendSignal: CommandKind<SignalRequest, void> = {
  name: 'CMD_SIG',
  code: 22,
  repeatable: ({ signal }) => HARMLESS_TWICE.has(signal),
  encodeRequest: (request) => body(request.route, encodeSignal(request), 0xffff),
  decodeRequest: ({ arguments: [route, word] }) => ({ route, ...decodeSignal(word) }),
  ...emptyReply,
};

/** Starts the image in a chip's staging area. */
export const runStaged = (start: StartOptions): Command<void> => commandOf(ApplicationRun, start);

/** Starts the image at an address of a chip. */
export const startAt = (address: number, start: StartOptions): Command<void> =>
  commandOf(ApplicationStart, { address, ...start });

/** Sends a signal by multicast from the root chip. */
export const signalByMulticast = (signal: Signal, appId: number): Command<void> =>
  commandOf(SendSignal, { route: SignalRoute.Multicast, signal, appId, appMask: 0xff });

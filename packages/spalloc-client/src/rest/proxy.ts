/**
 * Datagrams to and from boards through the service's proxy, for those who are not in the boards' network: one
 * WebSocket with a channel for each port of a board. A connection that is lost comes back, with its channels;
 * datagrams that were on the way are lost, as any datagram may be.
 */
import type { ChipAddress, Transport } from '@spin-tools/scp';
import { WebSocket } from 'ws';
import type { Clock } from '../clock.js';
import { SpallocConnectionError, SpallocProxyError, SpallocTimeoutError } from '../errors.js';
import {
  decodeProxyMessage,
  encodeClose,
  encodeDatagram,
  encodeDatagramTo,
  encodeOpen,
  encodeOpenUnconnected,
  type ProxyMessage,
} from './proxy-messages.js';

/** How the proxy is reached, asked for anew with each connection, as log-ins grow old. */
export interface ProxyPlace {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
}

/** What a proxy connection needs. */
export interface ProxyOptions {
  /** Asks anew where the proxy is, before each connection. */
  readonly place: () => Promise<ProxyPlace>;
  readonly clock: Clock;
  /** Longest wait for a connection or a channel, ms. */
  readonly timeoutMs: number;
  /** Pause before a lost connection is opened anew. */
  readonly pause: () => Promise<void>;
  readonly certificate?: string;
}

/** A channel to all boards of a job. */
export interface UnconnectedChannel extends Omit<Transport, 'send'> {
  /** Where boards reach the channel, for tags; another place after a lost connection. */
  readonly address: { readonly ip: string; readonly port: number };
  /** Sends a datagram to a UDP port of the board with an ethernet chip. */
  sendTo(chip: ChipAddress, port: number, datagram: Uint8Array): void;
}

/** Pause between two signs of life, ms, as the official clients have it. */
const PING_MS = 30_000;
/** Bytes that wait to be sent, above which datagrams are lost rather than kept. */
const MOST_WAITING = 4 * 1024 * 1024;
/** Bytes. A datagram and eight words. */
const LONGEST_MESSAGE = 65_536 + 64;

type Opened = Extract<ProxyMessage, { kind: 'opened' | 'opened-unconnected' }>;

interface Channel {
  readonly what: string;
  readonly request: (correlation: number) => Uint8Array;
  readonly listeners: ((datagram: Uint8Array) => void)[];
  /** Undefined while there is no connection. */
  opened: Opened | undefined;
  closed: boolean;
}

interface Asked {
  readonly what: string;
  readonly cancelTimer: () => void;
  readonly resolve: (opened: Opened) => void;
  readonly reject: (error: Error) => void;
}

/** A connection to the proxy of one job. */
export class BoardProxy {
  readonly #options: ProxyOptions;
  readonly #channels = new Set<Channel>();
  readonly #asked = new Map<number, Asked>();
  #socket: WebSocket | undefined;
  #connecting: Promise<WebSocket> | undefined;
  #isClosed = false;
  #nextCorrelation = 1;

  constructor(options: ProxyOptions) {
    this.#options = options;
  }

  /**
   * Opens a channel to a UDP port of a board.
   *
   * @throws SpallocProxyError when the proxy refuses, SpallocConnectionError or SpallocTimeoutError when it
   * cannot be reached
   */
  async open(chip: ChipAddress, port: number): Promise<Transport> {
    const what = `UDP port ${port} of the board at chip (${chip.x}, ${chip.y})`;
    const channel = await this.#add(what, (correlation) => encodeOpen(correlation, chip, port));
    return {
      send: (datagram) => this.#send(channel, (id) => encodeDatagram(id, datagram)),
      onDatagram: (listener) => channel.listeners.push(listener),
      close: () => this.#remove(channel),
    };
  }

  /** Opens a channel to all boards. Throws what {@link open} throws. */
  async openUnconnected(): Promise<UnconnectedChannel> {
    const channel = await this.#add('a channel to all boards', encodeOpenUnconnected);
    return {
      get address() {
        const { opened } = channel;
        return opened?.kind === 'opened-unconnected'
          ? { ip: opened.ip, port: opened.port }
          : { ip: '0.0.0.0', port: 0 };
      },
      sendTo: (chip, port, datagram) =>
        this.#send(channel, (id) => encodeDatagramTo(id, chip, port, datagram)),
      onDatagram: (listener) => channel.listeners.push(listener),
      close: () => this.#remove(channel),
    };
  }

  /** Closes all channels and the connection. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#channels.clear();
    this.#socket?.terminate();
    await this.#connecting?.then(
      (socket) => socket.terminate(),
      () => undefined,
    );
  }

  async #add(what: string, request: Channel['request']): Promise<Channel> {
    const channel: Channel = { what, request, listeners: [], opened: undefined, closed: false };
    const socket = await this.#connected();
    const opened = await this.#ask(socket, channel);
    this.#channels.add(channel);
    if (socket === this.#socket) channel.opened = opened;
    else void this.#comeBack();
    return channel;
  }

  async #remove(channel: Channel): Promise<void> {
    channel.closed = true;
    this.#channels.delete(channel);
    const id = channel.opened?.channel;
    if (id !== undefined) this.#socket?.send(encodeClose(this.#nextCorrelation++, id), ignoreError);
  }

  #send(channel: Channel, encode: (id: number) => Uint8Array): void {
    const socket = this.#socket;
    const id = channel.opened?.channel;
    if (id === undefined || channel.closed || socket?.readyState !== WebSocket.OPEN) return;
    if (socket.bufferedAmount < MOST_WAITING) socket.send(encode(id), ignoreError);
  }

  #connected(): Promise<WebSocket> {
    if (this.#socket?.readyState === WebSocket.OPEN) return Promise.resolve(this.#socket);
    this.#connecting ??= this.#connect().finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  async #connect(): Promise<WebSocket> {
    const { url, headers } = await this.#options.place();
    const socket = await this.#handshake(url, headers);
    if (this.#isClosed) {
      socket.terminate();
      throw new SpallocConnectionError(url.origin, 'the connection was closed here');
    }
    this.#socket = socket;
    const stopPinging = this.#ping(socket);
    socket.on('message', (data: Buffer, isBinary) => this.#receive(socket, data, isBinary));
    socket.on('close', () => {
      stopPinging();
      this.#lost(url);
    });
    await Promise.all([...this.#channels].map((channel) => this.#openAgain(socket, channel)));
    return socket;
  }

  /** A board that is not the job's any more is silent from now on, as one without power. */
  async #openAgain(socket: WebSocket, channel: Channel): Promise<void> {
    try {
      channel.opened = await this.#ask(socket, channel);
    } catch (error) {
      if (error instanceof SpallocProxyError) return;
      socket.terminate();
      throw error;
    }
  }

  #handshake(url: URL, headers: ProxyPlace['headers']): Promise<WebSocket> {
    const { certificate, timeoutMs } = this.#options;
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(url, {
        headers,
        handshakeTimeout: timeoutMs,
        maxPayload: LONGEST_MESSAGE,
        perMessageDeflate: false,
        ...(certificate !== undefined && { ca: certificate }),
      });
      socket.once('open', () => resolve(socket));
      // An error is followed by the end of the connection, which is what counts once it was open.
      socket.on('error', (cause) =>
        reject(new SpallocConnectionError(url.origin, `proxy: ${cause.message}`, { cause })),
      );
    });
  }

  /** A connection that is dead at the other end is noticed by two pings. The result stops that. */
  #ping(socket: WebSocket): () => void {
    let isAlive = true;
    socket.on('pong', () => {
      isAlive = true;
    });
    let cancel = () => {};
    const next = () => {
      cancel = this.#options.clock.after(PING_MS, () => {
        if (!isAlive) {
          socket.terminate();
          return;
        }
        isAlive = false;
        socket.ping(undefined, undefined, ignoreError);
        next();
      });
    };
    next();
    return () => cancel();
  }

  #lost(url: URL): void {
    this.#socket = undefined;
    for (const channel of this.#channels) channel.opened = undefined;
    const error = new SpallocConnectionError(url.origin, 'proxy: the connection was lost');
    for (const { cancelTimer, reject } of this.#asked.values()) {
      cancelTimer();
      reject(error);
    }
    this.#asked.clear();
    void this.#comeBack();
  }

  async #comeBack(): Promise<void> {
    while (!this.#isClosed && this.#channels.size > 0) {
      await this.#options.pause();
      if (this.#isClosed || this.#socket !== undefined) return;
      const isBack = await this.#connected().then(
        () => true,
        () => false,
      );
      if (isBack) return;
    }
  }

  #ask(socket: WebSocket, { what, request }: Channel): Promise<Opened> {
    const correlation = this.#nextCorrelation++;
    const { clock, timeoutMs } = this.#options;
    return new Promise((resolve, reject) => {
      const cancelTimer = clock.after(timeoutMs, () => {
        this.#asked.delete(correlation);
        reject(new SpallocTimeoutError(socket.url, what, timeoutMs));
      });
      this.#asked.set(correlation, { what, cancelTimer, resolve, reject });
      socket.send(request(correlation), ignoreError);
    });
  }

  #receive(socket: WebSocket, data: Buffer, isBinary: boolean): void {
    const message = isBinary ? decoded(data) : undefined;
    if (message === undefined) {
      // Not a proxy's message: nothing that follows can be trusted.
      socket.terminate();
      return;
    }
    switch (message.kind) {
      case 'datagram':
        for (const channel of this.#channels) {
          if (channel.opened?.channel !== message.channel) continue;
          for (const listener of channel.listeners) listener(message.datagram);
        }
        return;
      case 'closed':
        return;
      default:
        this.#answer(message);
    }
  }

  #answer(message: Opened | Extract<ProxyMessage, { kind: 'error' }>): void {
    const asked = this.#asked.get(message.correlation);
    if (asked === undefined) return;
    this.#asked.delete(message.correlation);
    asked.cancelTimer();
    if (message.kind === 'error') asked.reject(new SpallocProxyError(asked.what, message.reason));
    else asked.resolve(message);
  }
}

function decoded(data: Buffer): ProxyMessage | undefined {
  try {
    return decodeProxyMessage(data);
  } catch {
    return undefined;
  }
}

/** What cannot be sent is lost; a connection that is broken ends, which is noticed by itself. */
function ignoreError(): void {}

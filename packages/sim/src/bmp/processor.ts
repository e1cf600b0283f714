/**
 * One management processor and its messages: it does one thing after the other, and keeps what comes
 * meanwhile in a few buffers. Source: BMP firmware 2.1.2, `bmp_main.c`, `bmp_net.c`, `bmp_can.c`.
 */
import {
  decodeScpRequest,
  encodeSdp,
  HOST_PORT,
  MalformedMessageError,
  ReturnCode,
  replyHeader,
  SCP_REPLY_HEADER_BYTES,
  SCP_REQUEST_HEADER_BYTES,
  SdpFlag,
  type SdpMessage,
} from '@spin-tools/scp';
import type { HostAddress } from '../host/ethernet.js';
import { Refusal } from '../monitor/refusal.js';
import type { Board } from './board.js';
import { bmpCommandOf } from './commands.js';
import { carryOut, type Sequence } from './sequence.js';
import { BmpTags, NO_TAG } from './tags.js';

/** Messages that wait. Source: `NUM_MSGS`. */
const MESSAGE_BUFFERS = 8;
/** Orders by the CAN bus that wait. Source: `NUM_EVENTS` of `bmp_event.c`. */
const ORDERS = 16;

/** What a processor reports to its frame. */
export interface Surroundings {
  /** Hands a message to another board; undefined when it is taken, or the return code of the refusal. */
  forward(board: number, message: SdpMessage): number | undefined;
  /** Tells the other boards of a mask what to do. */
  tell(from: number, boards: number, work: (board: Board) => Sequence<void>): void;
  send(datagram: Uint8Array, to: HostAddress, board: number): void;
  /** A request was refused. */
  refused(code: number): void;
  /** A message was dropped, because its tag leads nowhere. */
  untagged(): void;
}

/** The processor of one board. */
export class Processor {
  readonly tags: BmpTags;
  private readonly messages: SdpMessage[] = [];
  private readonly orders: Sequence<void>[] = [];
  private isBusy = false;
  private holdsMessage = false;
  /** Time that went by during work, ns, and when the present work began. */
  private workedNs = 0;
  private busySince = 0;

  constructor(
    readonly board: Board,
    private readonly surroundings: Surroundings,
  ) {
    this.tags = new BmpTags(() => this.idleTime);
  }

  /** Whether there is a buffer for one more message, besides the one that is being answered. */
  get hasRoom(): boolean {
    return this.messages.length + Number(this.holdsMessage) < MESSAGE_BUFFERS;
  }

  /** Takes a message of a host, whose sender is overwritten. False when its tag leads nowhere. */
  receive(message: SdpMessage, from: HostAddress): boolean {
    const expectsReply = (message.flags & SdpFlag.Reply) !== 0;
    const isTransient = expectsReply && message.tag === NO_TAG;
    const tag = isTransient ? this.tags.transient(from) : message.tag;
    if (expectsReply && !this.tags.isValid(tag)) return false;
    const { number, frame } = this.board;
    const source = { x: 0, y: frame, port: HOST_PORT, core: number };
    this.take({ ...message, tag, source });
    return true;
  }

  /** Takes a message into a buffer; there must be room. */
  take(message: SdpMessage): void {
    this.messages.push(message);
    this.work();
  }

  /** Takes an order of another board; lost when too many wait. */
  order(work: Sequence<void>): void {
    if (this.orders.length < ORDERS) this.orders.push(work);
    this.work();
  }

  private work(): void {
    while (!this.isBusy) {
      const next = this.nextWork();
      if (next === undefined) return;
      this.isBusy = true;
      this.busySince = this.board.clock.time;
      const isDone = carryOut(this.board.clock, next, () => {
        this.rest();
        this.work();
      });
      if (isDone) this.rest();
    }
  }

  private rest(): void {
    this.isBusy = false;
    this.workedNs += this.board.clock.time - this.busySince;
  }

  /**
   * The time by which tags grow old, ns. It stands still during work, because the loop that is busy counts it
   * too: a board that takes longer to come on than a tag lives still finds its way back to the host.
   */
  private get idleTime(): number {
    return (this.isBusy ? this.busySince : this.board.clock.time) - this.workedNs;
  }

  private nextWork(): Sequence<void> | undefined {
    const message = this.messages.shift();
    return message === undefined ? this.orders.shift() : this.route(message);
  }

  private *route(message: SdpMessage): Sequence<void> {
    const { core, port } = message.destination;
    if (core !== this.board.number) {
      const refusal = this.surroundings.forward(core, message);
      if (refusal !== undefined) this.refuse(message, refusal);
    } else if (port === 0) {
      yield* this.answer(message);
    } else if (port === HOST_PORT) {
      this.sendOut(message);
    } else {
      this.refuse(message, ReturnCode.Port);
    }
  }

  private *answer(message: SdpMessage): Sequence<void> {
    this.holdsMessage = true;
    try {
      const outcome = this.handle(message);
      const payload = outcome instanceof Uint8Array ? outcome : yield* outcome;
      if (payload !== undefined) this.reply(message, ReturnCode.Ok, payload);
    } catch (error) {
      this.refuse(message, codeOf(error));
    }
    this.holdsMessage = false;
  }

  private handle(message: SdpMessage): Uint8Array | Sequence<Uint8Array | undefined> {
    if (message.data.length < SCP_REQUEST_HEADER_BYTES) throw new Refusal(ReturnCode.Length);
    const request = decodeScpRequest(message.data);
    const command = bmpCommandOf(request.command);
    if (command === undefined) throw new Refusal(ReturnCode.Command);
    const { board, tags, surroundings } = this;
    return command(
      { board, tags, tellOthers: (boards, work) => surroundings.tell(board.number, boards, work) },
      request,
    );
  }

  private refuse(message: SdpMessage, code: number): void {
    this.surroundings.refused(code);
    this.reply(message, code, new Uint8Array(0));
  }

  /** The reply is a message like any other, and takes the buffer of the request. */
  private reply(message: SdpMessage, code: number, payload: Uint8Array): void {
    if ((message.flags & SdpFlag.Reply) === 0) return;
    const data = new Uint8Array(SCP_REPLY_HEADER_BYTES + payload.length);
    data[0] = code;
    data[2] = message.data[2] ?? 0;
    data[3] = message.data[3] ?? 0;
    data.set(payload, SCP_REPLY_HEADER_BYTES);
    this.messages.push({ ...replyHeader(message), data });
  }

  private sendOut(message: SdpMessage): void {
    const to = this.tags.use(message.tag);
    if (to === undefined) this.surroundings.untagged();
    else this.surroundings.send(encodeSdp(message), to, this.board.number);
  }
}

/** The return code of what went wrong with a command; failures of our own are passed on. */
function codeOf(error: unknown): number {
  if (error instanceof Refusal) return error.code;
  if (error instanceof MalformedMessageError) return ReturnCode.Argument;
  throw error;
}

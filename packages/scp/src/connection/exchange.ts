/** One request on its way to its reply. */
import type { CoreAddress } from '../addresses.js';
import type { Command } from '../commands/command.js';
import { requestDatagram } from '../messages/scp.js';
import { HOST_CORE, HOST_PORT, SdpFlag } from '../messages/sdp.js';
import type { Target } from './scp.js';

/** Asks the machine to reply by a transient IPTag. */
const TRANSIENT_TAG = 0xff;
const HOST_END = { x: 0, y: 0, port: HOST_PORT, core: HOST_CORE };

/** How long a request is given. */
export interface Patience {
  /** Longest wait for an answer before the request is sent again, ms. */
  readonly timeoutMs: number;
  /** How many such waits there are before a request fails, 1 or more. */
  readonly tries: number;
}

/** Who waits for exchanges. */
export interface Waiter {
  /** A reply came; `done` is the one of the request. */
  answered(result: unknown, done: ((reply: never) => void) | undefined): void;
  failed(error: Error): void;
}

/** A request, what became of it so far, and who waits for it. */
export interface Exchange {
  readonly to: CoreAddress;
  readonly command: Command<unknown>;
  readonly patience: Patience;
  readonly waiter: Waiter;
  readonly done: ((reply: never) => void) | undefined;
  sequence: number;
  datagram: Uint8Array | undefined;
  /** How often it was sent. */
  tries: number;
  /** How often the machine was too busy for it. */
  refusals: number;
  /** How often no answer came in time. */
  timeouts: number;
  /** Later requests of the same kind that were answered since it was sent last. */
  overtaken: number;
  /** When it was sent first and last, ms. */
  startedAt: number;
  sentAt: number;
  /** When to give up the present try, ms. */
  deadline: number;
}

/** A new exchange that was not sent yet. */
export function newExchange(
  { x, y, core = 0 }: Target,
  command: Command<unknown>,
  patience: Patience,
  waiter: Waiter,
  done?: (reply: never) => void,
): Exchange {
  return {
    to: { x, y, core },
    command,
    patience,
    waiter,
    done,
    sequence: 0,
    datagram: undefined,
    tries: 0,
    refusals: 0,
    timeouts: 0,
    overtaken: 0,
    startedAt: 0,
    sentAt: 0,
    deadline: Number.POSITIVE_INFINITY,
  };
}

/** The datagram of an exchange under its sequence number. */
export function datagramOf({ to, command, sequence }: Exchange): Uint8Array {
  return requestDatagram(
    {
      flags: SdpFlag.Reply | SdpFlag.Host,
      tag: TRANSIENT_TAG,
      destination: { x: to.x, y: to.y, core: to.core, port: 0 },
      source: HOST_END,
    },
    { command: command.code, sequence, arguments: command.arguments, data: command.data },
  );
}

/** Whether a reply from a chip answers an exchange; (255, 255) may be answered by any. */
export function answeredBy({ to }: Exchange, x: number, y: number): boolean {
  return (to.x === x && to.y === y) || (to.x === 255 && to.y === 255);
}

/** Whether two exchanges ask the same of the same core, so that their answers come in order. */
export function isAlike(one: Exchange, other: Exchange): boolean {
  const { to } = one;
  return (
    one.command.code === other.command.code &&
    to.x === other.to.x &&
    to.y === other.to.y &&
    to.core === other.to.core
  );
}

/** When a request fails that nobody answers, ms. */
export function givenUpAt({ startedAt, patience }: Exchange): number {
  return startedAt + patience.timeoutMs * patience.tries;
}

/** Whether a request was refused and waits to be sent again; a doubled refusal changes nothing. */
export function isPausing({ deadline }: Exchange): boolean {
  return deadline === Number.POSITIVE_INFINITY;
}

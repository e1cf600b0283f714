/** One request on its way to its reply. */
import type { CoreAddress } from '../addresses.js';
import type { Command } from '../commands/command.js';
import { requestDatagram } from '../messages/scp.js';
import { HOST_CORE, HOST_PORT, SdpFlag } from '../messages/sdp.js';

/** Asks the machine to reply by a transient IPTag. */
const TRANSIENT_TAG = 0xff;
const HOST_END = { x: 0, y: 0, port: HOST_PORT, core: HOST_CORE };

/** How long a request is given. */
export interface Patience {
  /** Wait for an answer before the request is sent again, ms. */
  readonly timeoutMs: number;
  /** How often a request is sent before it fails, 1 or more. */
  readonly tries: number;
}

/** A request, what became of it so far, and who waits for it. */
export interface Exchange {
  readonly to: CoreAddress;
  readonly command: Command<unknown>;
  readonly patience: Patience;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
  sequence: number;
  datagram: Uint8Array | undefined;
  tries: number;
  /** When it was sent first, ms. */
  startedAt: number;
  /** When to give up the present try, ms. */
  deadline: number;
}

/** A new exchange that was not sent yet. */
export function newExchange(
  to: CoreAddress,
  command: Command<unknown>,
  patience: Patience,
  resolve: (result: unknown) => void,
  reject: (error: Error) => void,
): Exchange {
  return {
    to,
    command,
    patience,
    resolve,
    reject,
    sequence: 0,
    datagram: undefined,
    tries: 0,
    startedAt: 0,
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
export function answeredBy(exchange: Exchange, x: number, y: number): boolean {
  const { to } = exchange;
  return (to.x === x && to.y === y) || (to.x === 255 && to.y === 255);
}

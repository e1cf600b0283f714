/** How the monitor's commands are declared: a kind from the protocol and what the monitor does. */
import {
  type CommandKind,
  SCP_MOST_DATA_BYTES,
  type ScpRequest,
  type SdpMessage,
} from '@spin-tools/scp';
import type { CoreView } from '../core-view.js';
import type { ChipMonitor } from '../world.js';

/** Where a request is carried out. */
export interface Place {
  readonly monitor: ChipMonitor;
  /** Virtual core that was asked: 0, or one whose idle program answers. */
  readonly core: number;
  /** Memory as that core sees it. */
  readonly view: CoreView;
  readonly message: SdpMessage;
  /** IPv4 address of the host that sent the request straight to this chip. */
  readonly sender: string | undefined;
}

/**
 * Carries out a request and gives the payload of the reply. Throws Refusal, MalformedMessageError for a bad
 * argument, BusError and RunTimeError for a request that has no reply.
 */
export type Handler = (place: Place, request: ScpRequest) => Uint8Array;

/** A command number and its handler. */
export type CommandEntry = readonly [code: number, handler: Handler];

/** Joins a kind of command with what is done for it. */
export function command<Request, Reply>(
  kind: CommandKind<Request, Reply>,
  carryOut: (monitor: ChipMonitor, request: Request, message: SdpMessage) => Reply,
): CommandEntry {
  return [
    kind.code,
    ({ monitor, message }, body) =>
      kind.encodeReply(carryOut(monitor, kind.decodeRequest(body), message)),
  ];
}

const ARGUMENT_BYTES = 12;

/**
 * What lies in the monitor's message buffer from the first argument on. Replies are made in the same buffer,
 * so that what a command does not overwrite of it goes back to the host; past the request there are zeros.
 */
export function bufferOf({ arguments: words, data }: ScpRequest): Uint8Array {
  const buffer = new Uint8Array(ARGUMENT_BYTES + SCP_MOST_DATA_BYTES);
  const view = new DataView(buffer.buffer);
  words.forEach((word, index) => {
    view.setUint32(4 * index, word, true);
  });
  buffer.set(data.subarray(0, SCP_MOST_DATA_BYTES), ARGUMENT_BYTES);
  return buffer;
}

/** The data of a request, and zeros where it has fewer than `length` bytes. */
export function dataOf({ data }: ScpRequest, length: number): Uint8Array {
  if (data.length >= length) return data.subarray(0, length);
  const padded = new Uint8Array(length);
  padded.set(data);
  return padded;
}

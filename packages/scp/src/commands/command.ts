/**
 * Commands are values. A kind of command knows both directions: hosts encode requests and decode
 * replies, monitors decode requests and encode replies, and tests play the one against the other.
 */
import { MalformedMessageError } from '../errors.js';
import type { ScpArguments } from '../messages/scp.js';

/** What a request carries besides its command and sequence numbers. */
export interface RequestBody {
  readonly arguments: ScpArguments;
  readonly data: Uint8Array;
}

/** One row of the command table, both directions. */
export interface CommandKind<Request, Reply> {
  /** As spinnaker_tools calls it, for example `CMD_READ`. */
  readonly name: string;
  readonly code: number;
  /** Whether the same request may be carried out twice without harm, so that it may be repeated. */
  repeatable(request: Request): boolean;
  /** Command code, arguments and data of a request. */
  encodeRequest(request: Request): RequestBody;
  /** Throws {@link MalformedMessageError} for a body that makes no request. */
  decodeRequest(body: RequestBody): Request;
  /** Bytes behind the return code of a reply. */
  encodeReply(reply: Reply): Uint8Array;
  /** Throws {@link MalformedMessageError} for a payload that answers no such request. */
  decodeReply(payload: Uint8Array, request: Request): Reply;
}

/** A request ready to be sent, that knows how to read its reply. */
export interface Command<T> extends RequestBody {
  readonly name: string;
  readonly code: number;
  readonly repeatable: boolean;
  /** The answer in the bytes behind the return code of a reply. */
  readonly parse: (payload: Uint8Array) => T;
}

/** The command that makes a request of a kind. */
export function commandOf<Request, Reply>(
  kind: CommandKind<Request, Reply>,
  request: Request,
): Command<Reply> {
  const body = kind.encodeRequest(request);
  return {
    name: kind.name,
    code: kind.code,
    repeatable: kind.repeatable(request),
    arguments: body.arguments,
    data: body.data,
    parse: (payload) => kind.decodeReply(payload, request),
  };
}

/** The same command with its reply made into something else. */
export function mapReply<T, U>(command: Command<T>, change: (reply: T) => U): Command<U> {
  return { ...command, parse: (payload) => change(command.parse(payload)) };
}

/** No data. */
export const NO_BYTES = new Uint8Array(0);

/** A request of arguments only. */
export function body(a = 0, b = 0, c = 0, data: Uint8Array = NO_BYTES): RequestBody {
  return { arguments: [a >>> 0, b >>> 0, c >>> 0], data };
}

/** The reply of commands that give nothing back; more than nothing is let pass. */
export const emptyReply = {
  encodeReply: (): Uint8Array => NO_BYTES,
  decodeReply: (): void => undefined,
};

/** The reply of commands that give back words. */
export const wordsReply = {
  encodeReply(words: readonly number[]): Uint8Array {
    const payload = new Uint8Array(words.length * 4);
    const view = new DataView(payload.buffer);
    words.forEach((word, index) => {
      view.setUint32(index * 4, word, true);
    });
    return payload;
  },
  decodeReply(payload: Uint8Array): readonly number[] {
    const view = viewOf(payload);
    return Array.from({ length: payload.length >>> 2 }, (_, index) =>
      view.getUint32(index * 4, true),
    );
  },
};

/** The word at an index of a reply; throws {@link MalformedMessageError} when it is missing. */
export function replyWord(words: readonly number[], index: number, name: string): number {
  const word = words[index];
  if (word === undefined)
    throw new MalformedMessageError(`${name} reply`, `word ${index} is missing`);
  return word;
}

/** A view of bytes, wherever they lie. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/**
 * Messages to and from the proxy, one in each binary frame, as little-endian words. Source: `proxy` of
 * JavaSpiNNaker's allocserv.
 */
import type { ChipAddress } from '@spin-tools/scp';
import { SpallocProtocolError } from '../errors.js';

/** First word of a message. */
const Code = { Open: 0, Close: 1, Message: 2, OpenUnconnected: 3, MessageTo: 4, Error: 5 } as const;

const WORD = 4;
/** Bytes of a reply with the address of a channel. */
const UNCONNECTED_BYTES = 20;

/** A message of the proxy. */
export type ProxyMessage =
  | { readonly kind: 'opened'; readonly correlation: number; readonly channel: number }
  | { readonly kind: 'closed'; readonly correlation: number; readonly channel: number }
  | {
      readonly kind: 'opened-unconnected';
      readonly correlation: number;
      readonly channel: number;
      /** Where boards reach the channel. */
      readonly ip: string;
      readonly port: number;
    }
  | { readonly kind: 'datagram'; readonly channel: number; readonly datagram: Uint8Array }
  | { readonly kind: 'error'; readonly correlation: number; readonly reason: string };

/** Opens a channel to a UDP port of the board with an ethernet chip. */
export const encodeOpen = (correlation: number, { x, y }: ChipAddress, port: number): Uint8Array =>
  words(Code.Open, correlation, x, y, port);

/** Opens a channel to all boards. */
export const encodeOpenUnconnected = (correlation: number): Uint8Array =>
  words(Code.OpenUnconnected, correlation);

/** Closes a channel. */
export const encodeClose = (correlation: number, channel: number): Uint8Array =>
  words(Code.Close, correlation, channel);

/** A datagram to the board of a channel. */
export const encodeDatagram = (channel: number, datagram: Uint8Array): Uint8Array =>
  joined(words(Code.Message, channel), datagram);

/** A datagram to a UDP port of any board, by a channel to all of them. */
export const encodeDatagramTo = (
  channel: number,
  { x, y }: ChipAddress,
  port: number,
  datagram: Uint8Array,
): Uint8Array => joined(words(Code.MessageTo, channel, x, y, port), datagram);

/** @throws SpallocProtocolError for a message that is none */
export function decodeProxyMessage(bytes: Uint8Array): ProxyMessage {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const word = (index: number) => {
    if ((index + 1) * WORD <= bytes.length) return view.getUint32(index * WORD, true);
    throw new SpallocProtocolError(
      `the allocation service's proxy sent ${bytes.length} bytes, which are no message`,
    );
  };
  switch (word(0)) {
    case Code.Open:
      return { kind: 'opened', correlation: word(1), channel: word(2) };
    case Code.Close:
      return { kind: 'closed', correlation: word(1), channel: word(2) };
    case Code.Message:
      return { kind: 'datagram', channel: word(1), datagram: bytes.subarray(2 * WORD) };
    case Code.OpenUnconnected: {
      const port = word(UNCONNECTED_BYTES / WORD - 1);
      const ip = [...bytes.subarray(3 * WORD, UNCONNECTED_BYTES - WORD)].join('.');
      return { kind: 'opened-unconnected', correlation: word(1), channel: word(2), ip, port };
    }
    case Code.Error: {
      const reason = new TextDecoder().decode(bytes.subarray(2 * WORD));
      return { kind: 'error', correlation: word(1), reason };
    }
    default:
      throw new SpallocProtocolError(
        `the allocation service's proxy sent message ${word(0)}, which there is not`,
      );
  }
}

function words(...values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * WORD);
  const view = new DataView(bytes.buffer);
  for (const [index, value] of values.entries()) view.setUint32(index * WORD, value, true);
  return bytes;
}

function joined(head: Uint8Array, tail: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(head.length + tail.length);
  bytes.set(head);
  bytes.set(tail, head.length);
  return bytes;
}

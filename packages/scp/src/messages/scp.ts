/**
 * SCP: commands to monitors (and to the run-time of application cores), carried as SDP data.
 * Source: spinnaker_tools `spinnaker.h` `cmd_hdr_t`; AppNote 5.
 */
import { MalformedMessageError } from '../errors.js';
import { half, struct, word } from '../layout/struct.js';
import { newDatagram } from './datagram.js';
import { SDP_HEADER_BYTES, type SdpHeader, writeSdpHeader } from './sdp.js';

/** The three argument words of a request. */
export type ScpArguments = readonly [number, number, number];

/** A request: command number, sequence number (echoed), arguments, and up to 256 bytes of data. */
export interface ScpRequest {
  readonly command: number;
  readonly sequence: number;
  readonly arguments: ScpArguments;
  readonly data: Uint8Array;
}

/** A reply: return code, the request's sequence number, and what the command gives back. */
export interface ScpReply {
  readonly code: number;
  readonly sequence: number;
  /** Arguments and data together: whatever follows the sequence number, 0 to 268 bytes. */
  readonly payload: Uint8Array;
}

/** Bytes of a request before its data: command, sequence, three arguments. */
export const SCP_REQUEST_HEADER_BYTES = 16;
/** Bytes of a reply before its payload: return code and sequence. */
export const SCP_REPLY_HEADER_BYTES = 4;
/** Most data of one request or reply. */
export const SCP_MOST_DATA_BYTES = 256;

/** Places in a datagram, after the SDP header. */
const CODE_AT = SDP_HEADER_BYTES;
const SEQUENCE_AT = CODE_AT + 2;
const ARGUMENTS_AT = CODE_AT + 4;
const REQUEST_DATA_AT = SDP_HEADER_BYTES + SCP_REQUEST_HEADER_BYTES;
const REPLY_PAYLOAD_AT = SDP_HEADER_BYTES + SCP_REPLY_HEADER_BYTES;
const NO_PAYLOAD = new Uint8Array(0);

/** The 16 bytes before a request's data. */
export const scpRequestLayout = struct('SCP request', {
  command: half,
  sequence: half,
  argument1: word,
  argument2: word,
  argument3: word,
});

/** The 4 bytes before a reply's payload. */
export const scpReplyLayout = struct('SCP reply', { code: half, sequence: half });

/** The datagram of a request, written by hand for speed; tests prove it equal to the layouts. */
export function requestDatagram(header: SdpHeader, request: ScpRequest): Uint8Array {
  const { data, arguments: words } = request;
  const datagram = newDatagram(REQUEST_DATA_AT + data.length);
  writeSdpHeader(datagram, header);
  writeHalf(datagram, CODE_AT, request.command);
  writeHalf(datagram, SEQUENCE_AT, request.sequence);
  writeWord(datagram, ARGUMENTS_AT, words[0]);
  writeWord(datagram, ARGUMENTS_AT + 4, words[1]);
  writeWord(datagram, ARGUMENTS_AT + 8, words[2]);
  datagram.set(data, REQUEST_DATA_AT);
  return datagram;
}

/** The datagram of a reply. `header` is the reply's own, see `replyHeader`. */
export function replyDatagram(header: SdpHeader, reply: ScpReply): Uint8Array {
  const datagram = newDatagram(REPLY_PAYLOAD_AT + reply.payload.length);
  writeSdpHeader(datagram, header);
  writeHalf(datagram, CODE_AT, reply.code);
  writeHalf(datagram, SEQUENCE_AT, reply.sequence);
  datagram.set(reply.payload, REPLY_PAYLOAD_AT);
  return datagram;
}

/**
 * The request in an SDP message's data, read by hand for speed; a test proves it equal to
 * {@link scpRequestLayout}. Throws {@link MalformedMessageError} when it is too short.
 */
export function decodeScpRequest(data: Uint8Array): ScpRequest {
  needs('SCP request', SCP_REQUEST_HEADER_BYTES, data);
  return {
    command: halfAt(data, 0),
    sequence: halfAt(data, 2),
    arguments: [wordAt(data, 4), wordAt(data, 8), wordAt(data, 12)],
    data: bytesFrom(data, SCP_REQUEST_HEADER_BYTES),
  };
}

/**
 * The reply in an SDP message's data, which begins at `start`; read by hand for speed, a test proves it
 * equal to {@link scpReplyLayout}. Throws {@link MalformedMessageError} when it is too short or its code is
 * no return code.
 */
export function decodeScpReply(data: Uint8Array, start = 0): ScpReply {
  needs('SCP reply', start + SCP_REPLY_HEADER_BYTES, data);
  const code = halfAt(data, start);
  if (code < 0x80 || code > 0x8f) {
    throw new MalformedMessageError('SCP reply', `0x${code.toString(16)} is no return code`);
  }
  const end = start + SCP_REPLY_HEADER_BYTES;
  const payload = data.length === end ? NO_PAYLOAD : bytesFrom(data, end);
  return { code, sequence: halfAt(data, start + 2), payload };
}

function needs(what: string, bytes: number, { length }: Uint8Array): void {
  if (length < bytes) throw new MalformedMessageError(what, `needs ${bytes} bytes, has ${length}`);
}

/** The rest of bytes, as `subarray`, which is slower. */
function bytesFrom({ buffer, byteOffset, length }: Uint8Array, start: number): Uint8Array {
  return new Uint8Array(buffer, byteOffset + start, length - start);
}

function halfAt(bytes: Uint8Array, at: number): number {
  return (bytes[at] as number) | ((bytes[at + 1] as number) << 8);
}

function wordAt(bytes: Uint8Array, at: number): number {
  return (halfAt(bytes, at) | (halfAt(bytes, at + 2) << 16)) >>> 0;
}

function writeHalf(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
}

function writeWord(bytes: Uint8Array, at: number, value: number): void {
  writeHalf(bytes, at, value);
  writeHalf(bytes, at + 2, value >>> 16);
}

/**
 * SCP: commands to monitors (and to the run-time of application cores), carried as SDP data.
 * Source: spinnaker_tools `spinnaker.h` `cmd_hdr_t`; AppNote 5.
 */
import { MalformedMessageError } from '../errors.js';
import { half, struct, word } from '../layout/struct.js';
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
  const datagram = new Uint8Array(
    SDP_HEADER_BYTES + SCP_REQUEST_HEADER_BYTES + request.data.length,
  );
  const view = new DataView(datagram.buffer, SDP_HEADER_BYTES);
  writeSdpHeader(datagram, header);
  view.setUint16(0, request.command, true);
  view.setUint16(2, request.sequence, true);
  view.setUint32(4, request.arguments[0], true);
  view.setUint32(8, request.arguments[1], true);
  view.setUint32(12, request.arguments[2], true);
  datagram.set(request.data, SDP_HEADER_BYTES + SCP_REQUEST_HEADER_BYTES);
  return datagram;
}

/** The datagram of a reply. `header` is the reply's own, see `replyHeader`. */
export function replyDatagram(header: SdpHeader, reply: ScpReply): Uint8Array {
  const datagram = new Uint8Array(SDP_HEADER_BYTES + SCP_REPLY_HEADER_BYTES + reply.payload.length);
  const view = new DataView(datagram.buffer, SDP_HEADER_BYTES);
  writeSdpHeader(datagram, header);
  view.setUint16(0, reply.code, true);
  view.setUint16(2, reply.sequence, true);
  datagram.set(reply.payload, SDP_HEADER_BYTES + SCP_REPLY_HEADER_BYTES);
  return datagram;
}

/** The request in an SDP message's data. Throws {@link MalformedMessageError} when it is too short. */
export function decodeScpRequest(data: Uint8Array): ScpRequest {
  const header = scpRequestLayout.decode(data);
  return {
    command: header.command,
    sequence: header.sequence,
    arguments: [header.argument1, header.argument2, header.argument3],
    data: data.subarray(SCP_REQUEST_HEADER_BYTES),
  };
}

/**
 * The reply in an SDP message's data. Throws {@link MalformedMessageError} when it is too short or
 * its code is no return code.
 */
export function decodeScpReply(data: Uint8Array): ScpReply {
  const { code, sequence } = scpReplyLayout.decode(data);
  if (code < 0x80 || code > 0x8f) {
    throw new MalformedMessageError('SCP reply', `0x${code.toString(16)} is no return code`);
  }
  return { code, sequence, payload: data.subarray(SCP_REPLY_HEADER_BYTES) };
}

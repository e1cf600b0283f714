/**
 * SDP: the messages that hosts, monitors and applications exchange. One message per UDP datagram,
 * after two bytes of padding. Source: spinnaker_tools `sark.h` `sdp_msg_t`; AppNote 4.
 */
import type { ChipAddress, CoreAddress } from '../addresses.js';
import { MalformedMessageError } from '../errors.js';
import { byte, half, padding, struct } from '../layout/struct.js';
import { newDatagram } from './datagram.js';

/** One end of an SDP message: a port, 0 to 7, of a core, 0 to 31. */
export interface SdpEndpoint extends CoreAddress {
  readonly port: number;
}

/** Where an SDP message goes, where it comes from, and how. */
export interface SdpHeader {
  readonly flags: number;
  /** IPTag that leads out of the machine; 255 asks for a transient one. */
  readonly tag: number;
  readonly destination: SdpEndpoint;
  readonly source: SdpEndpoint;
}

/** A whole SDP message; `data` may share memory with the datagram that it came in. */
export interface SdpMessage extends SdpHeader {
  readonly data: Uint8Array;
}

/** Bits of the flags byte. */
export const SdpFlag = {
  /** A reply is expected. */
  Reply: 0x80,
  /** The message carries a checksum on its way between chips; monitors clear it. */
  Checksum: 0x40,
  /** Do not leave the chip that the message arrives at. */
  NoRoute: 0x20,
  /** What host tools set in the low bits; the machine ignores it. */
  Host: 0x07,
} as const;

/** Port and core of a host: port 7 of core 31, the byte 0xff, means "out of the ethernet". */
export const HOST_PORT = 7;
/** See {@link HOST_PORT}. */
export const HOST_CORE = 31;

/** Bytes of padding and header before an SDP message's data in a datagram. */
export const SDP_HEADER_BYTES = 10;
/** Most data of an SDP message: a 16-byte SCP header and 256 bytes. Larger ones are dropped. */
export const SDP_MOST_DATA_BYTES = 272;

/** The 10 bytes before the data, as they are in a datagram. */
export const sdpHeaderLayout = struct('SDP header', {
  pad: padding(2),
  flags: byte,
  tag: byte,
  destinationPort: byte,
  sourcePort: byte,
  destinationAddress: half,
  sourceAddress: half,
});

/** The datagram of a message. */
export function encodeSdp(message: SdpMessage): Uint8Array {
  const datagram = newDatagram(SDP_HEADER_BYTES + message.data.length);
  writeSdpHeader(datagram, message);
  datagram.set(message.data, SDP_HEADER_BYTES);
  return datagram;
}

/** Writes the header by hand, for speed; a test proves it equal to {@link sdpHeaderLayout}. */
export function writeSdpHeader(datagram: Uint8Array, header: SdpHeader): void {
  datagram[2] = header.flags;
  datagram[3] = header.tag;
  datagram[4] = portByte(header.destination);
  datagram[5] = portByte(header.source);
  datagram[6] = header.destination.y;
  datagram[7] = header.destination.x;
  datagram[8] = header.source.y;
  datagram[9] = header.source.x;
}

/**
 * The message in a datagram, read by hand for speed; a test proves it equal to {@link sdpHeaderLayout}.
 * Throws {@link MalformedMessageError} when it is too short or too long.
 */
export function decodeSdp(datagram: Uint8Array): SdpMessage {
  const length = datagram.length - SDP_HEADER_BYTES;
  if (length < 0 || length > SDP_MOST_DATA_BYTES) {
    throw new MalformedMessageError(
      'SDP message',
      `${datagram.length} bytes, it has from ${SDP_HEADER_BYTES} to ${SDP_HEADER_BYTES + SDP_MOST_DATA_BYTES}`,
    );
  }
  return {
    flags: datagram[2] as number,
    tag: datagram[3] as number,
    destination: endpoint(datagram, 4, 6),
    source: endpoint(datagram, 5, 8),
    data: new Uint8Array(datagram.buffer, datagram.byteOffset + SDP_HEADER_BYTES, length),
  };
}

/**
 * The header of the reply to a message: ends swapped, no further reply expected.
 *
 * @param from the chip that really answers, where the message was sent to (255, 255)
 */
export function replyHeader(header: SdpHeader, from: ChipAddress = header.destination): SdpHeader {
  return {
    flags: header.flags & ~SdpFlag.Reply,
    tag: header.tag,
    destination: header.source,
    source: { x: from.x, y: from.y, core: header.destination.core, port: header.destination.port },
  };
}

/** Port and core in one byte: port in bits 7:5, core in 4:0. */
export function portByte(end: { readonly port: number; readonly core: number }): number {
  return (end.port << 5) | end.core;
}

/** The end whose port and core are in one byte and whose chip is in two others, y first. */
function endpoint(datagram: Uint8Array, portAt: number, chipAt: number): SdpEndpoint {
  const portAndCore = datagram[portAt] as number;
  return {
    x: datagram[chipAt + 1] as number,
    y: datagram[chipAt] as number,
    port: portAndCore >>> 5,
    core: portAndCore & 31,
  };
}

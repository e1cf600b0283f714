/** Ethernet frames as hosts see them: ARP and UDP over IPv4. RFC 826, RFC 791, RFC 768. */

const ETHERTYPE = 12;
const ETHERTYPE_IP = 0x0800;
const ETHERTYPE_ARP = 0x0806;
const HEADER_BYTES = 14;
const IP_BYTES = 20;
const UDP_BYTES = 8;
const UDP = 17;
const ARP_BYTES = 28;
const ARP_REQUEST = 1;
const ARP_REPLY = 2;
const SHORTEST_FRAME = 60;
const TIME_TO_LIVE = 64;
const VERSION_AND_LENGTH = 0x45;
/** Most data of a datagram in one frame. */
export const MOST_DATAGRAM_BYTES = 1500 - IP_BYTES - UDP_BYTES;

/** One end of a datagram's way. */
export interface Station {
  /** Hardware address, 6 bytes. */
  readonly mac: Uint8Array;
  /** IPv4 address, 4 bytes. */
  readonly ip: Uint8Array;
}

/** A datagram with its ends. */
export interface Datagram {
  readonly source: Uint8Array;
  readonly sourcePort: number;
  readonly target: Uint8Array;
  readonly targetPort: number;
  readonly data: Uint8Array;
}

/** The hardware address that a host, or a board, has by its IPv4 address: 02:00 and the address. */
export function macOf(ip: Uint8Array): Uint8Array {
  return Uint8Array.of(0x02, 0x00, ...ip);
}

/** A frame with a datagram; its UDP checksum is left out, which RFC 768 allows. */
export function udpFrame(
  from: Station & { readonly port: number },
  to: Station & { readonly port: number },
  data: Uint8Array,
): Uint8Array {
  const length = HEADER_BYTES + IP_BYTES + UDP_BYTES + data.length;
  const frame = new Uint8Array(Math.max(SHORTEST_FRAME, length));
  const view = new DataView(frame.buffer);
  frame.set(to.mac);
  frame.set(from.mac, 6);
  view.setUint16(ETHERTYPE, ETHERTYPE_IP);
  frame[HEADER_BYTES] = VERSION_AND_LENGTH;
  view.setUint16(HEADER_BYTES + 2, length - HEADER_BYTES);
  frame[HEADER_BYTES + 8] = TIME_TO_LIVE;
  frame[HEADER_BYTES + 9] = UDP;
  frame.set(from.ip, HEADER_BYTES + 12);
  frame.set(to.ip, HEADER_BYTES + 16);
  view.setUint16(HEADER_BYTES + 10, ~headerSum(view) & 0xffff);
  view.setUint16(HEADER_BYTES + IP_BYTES, from.port);
  view.setUint16(HEADER_BYTES + IP_BYTES + 2, to.port);
  view.setUint16(HEADER_BYTES + IP_BYTES + 4, UDP_BYTES + data.length);
  frame.set(data, HEADER_BYTES + IP_BYTES + UDP_BYTES);
  return frame;
}

/** The datagram in a frame; undefined when there is none, or it is not whole. */
export function datagramIn(frame: Uint8Array): Datagram | undefined {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  if (frame.length < HEADER_BYTES + IP_BYTES + UDP_BYTES) return undefined;
  if (view.getUint16(ETHERTYPE) !== ETHERTYPE_IP || frame[HEADER_BYTES + 9] !== UDP) {
    return undefined;
  }
  const udp = HEADER_BYTES + ((frame[HEADER_BYTES] as number) & 0xf) * 4;
  if (udp + UDP_BYTES > frame.length) return undefined;
  const end = udp + view.getUint16(udp + 4);
  if (end > frame.length || end < udp + UDP_BYTES) return undefined;
  return {
    source: frame.slice(HEADER_BYTES + 12, HEADER_BYTES + 16),
    sourcePort: view.getUint16(udp),
    target: frame.slice(HEADER_BYTES + 16, HEADER_BYTES + 20),
    targetPort: view.getUint16(udp + 2),
    data: frame.slice(udp + UDP_BYTES, end),
  };
}

/** The answer to an ARP request for any address at all; undefined for other frames. */
export function arpAnswer(frame: Uint8Array): Uint8Array | undefined {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  if (frame.length < HEADER_BYTES + ARP_BYTES) return undefined;
  if (view.getUint16(ETHERTYPE) !== ETHERTYPE_ARP) return undefined;
  if (view.getUint16(HEADER_BYTES + 6) !== ARP_REQUEST) return undefined;
  const asker = frame.slice(HEADER_BYTES + 8, HEADER_BYTES + 18);
  const wanted = frame.slice(HEADER_BYTES + 24, HEADER_BYTES + 28);
  const answer = new Uint8Array(SHORTEST_FRAME);
  answer.set(frame.subarray(0, HEADER_BYTES + 8));
  answer.set(asker.subarray(0, 6));
  answer.set(macOf(wanted), 6);
  new DataView(answer.buffer).setUint16(HEADER_BYTES + 6, ARP_REPLY);
  answer.set(macOf(wanted), HEADER_BYTES + 8);
  answer.set(wanted, HEADER_BYTES + 14);
  answer.set(asker, HEADER_BYTES + 18);
  return answer;
}

/** One's-complement sum of the halves of an IP header. */
function headerSum(view: DataView): number {
  let sum = 0;
  for (let at = 0; at < IP_BYTES; at += 2) sum += view.getUint16(HEADER_BYTES + at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return sum;
}

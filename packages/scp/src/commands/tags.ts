/** CMD_IPTAG: ways of messages out of the machine, and in from plain UDP. */
import { addressToChip, chipToAddress } from '../addresses.js';
import { MalformedMessageError } from '../errors.js';
import { type IpTag, ipTagLayout } from '../memory/records.js';
import type { SdpEndpoint } from '../messages/sdp.js';
import { portByte } from '../messages/sdp.js';
import { type Command, type CommandKind, commandOf, mapReply } from './command.js';
import { bytesToIp, ipToBytes } from './information.js';
import { type TagReply, type TagRequest, tagCommand } from './tag-command.js';

/** What an IPTag is to do. */
export interface IpTagSettings {
  /** Leaves the SDP header away on the way out. */
  readonly strip: boolean;
  /** Turns datagrams that arrive at `udpPort` into messages to `destination`. */
  readonly reverse: boolean;
  /** Takes target address and port from the sender of the request. */
  readonly useSender: boolean;
  /**
   * 0 for ever; t lets the tag live 2^(t-1) * 10 ms after it was set. SC&MP or-s 2^(t-1) into the tag's
   * flags, so that 9 also strips headers and 10 makes the tag a reverse one: use 8 (1.28 s) at most.
   */
  readonly timeout: number;
  readonly udpPort: number;
  /** IPv4 address of the target; `0.0.0.0` is the sender of the request. */
  readonly ip: string;
  /** Where a reverse tag delivers to. */
  readonly destination: SdpEndpoint;
}

/** Operations of CMD_IPTAG. */
export type IpTagRequest = TagRequest<IpTagSettings>;

/** What an operation gives back. */
export type IpTagReply = TagReply<IpTag>;

const STRIP = 1 << 28;
const REVERSE = 1 << 29;
const USE_SENDER = 1 << 30;

/** CMD_IPTAG. */
export const IpTagCommand: CommandKind<IpTagRequest, IpTagReply> = tagCommand<IpTagSettings, IpTag>(
  {
    layout: ipTagLayout,
    operationMask: 0xff,
    encodeSettings,
    decodeSettings,
  },
);

/** What a tag does unless said otherwise. */
export const PLAIN_TAG: IpTagSettings = {
  strip: false,
  reverse: false,
  useSender: false,
  timeout: 0,
  udpPort: 0,
  ip: '0.0.0.0',
  destination: { x: 0, y: 0, core: 0, port: 0 },
};

/** Sets a tag, 0 to 15. */
export const setIpTag = (tag: number, settings: Partial<IpTagSettings>): Command<void> =>
  mapReply(
    commandOf(IpTagCommand, { operation: 'set', tag, settings: { ...PLAIN_TAG, ...settings } }),
    () => undefined,
  );

/** Reads a tag. */
export const getIpTag = (tag: number): Command<IpTag> =>
  mapReply(commandOf(IpTagCommand, { operation: 'get', tag, count: 1 }), (reply) => {
    const found = reply.operation === 'get' ? reply.tags[0] : undefined;
    if (!found) throw new MalformedMessageError('CMD_IPTAG reply', 'the tag is missing');
    return found;
  });

/** Clears a tag. */
export const clearIpTag = (tag: number): Command<void> =>
  mapReply(commandOf(IpTagCommand, { operation: 'clear', tag }), () => undefined);

function encodeSettings(settings: IpTagSettings): [number, number, number] {
  const flags =
    (settings.strip ? STRIP : 0) |
    (settings.reverse ? REVERSE : 0) |
    (settings.useSender ? USE_SENDER : 0);
  const target = settings.reverse
    ? { address: chipToAddress(settings.destination), port: portByte(settings.destination) }
    : { address: 0, port: 0 };
  return [
    flags | (settings.timeout << 24) | (target.port << 8),
    (target.address << 16) | settings.udpPort,
    new DataView(ipToBytes(settings.ip).buffer).getUint32(0, true),
  ];
}

function decodeSettings([first, second, third]: readonly [number, number, number]): IpTagSettings {
  const port = (first >>> 8) & 0xff;
  return {
    strip: (first & STRIP) !== 0,
    reverse: (first & REVERSE) !== 0,
    useSender: (first & USE_SENDER) !== 0,
    timeout: (first >>> 24) & 0xf,
    udpPort: second & 0xffff,
    ip: bytesToIp(Uint8Array.of(third, third >>> 8, third >>> 16, third >>> 24)),
    destination: { ...addressToChip(second >>> 16), port: port >>> 5, core: port & 31 },
  };
}

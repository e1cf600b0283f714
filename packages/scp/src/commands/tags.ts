/** CMD_IPTAG: ways of messages out of the machine, and in from plain UDP. */
import { addressToChip, chipToAddress } from '../addresses.js';
import { MalformedMessageError } from '../errors.js';
import { IP_TAGS, type IpTag, ipTagLayout } from '../memory/records.js';
import type { SdpEndpoint } from '../messages/sdp.js';
import { portByte } from '../messages/sdp.js';
import {
  body,
  type Command,
  type CommandKind,
  commandOf,
  mapReply,
  NO_BYTES,
  type RequestBody,
} from './command.js';
import { bytesToIp, ipToBytes } from './information.js';

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
export type IpTagRequest =
  /** Sets a tag of the pool; reply: which one, 255 for none. */
  | { operation: 'new'; settings: IpTagSettings }
  | { operation: 'set'; tag: number; settings: IpTagSettings }
  | { operation: 'get'; tag: number; count: number }
  | { operation: 'clear'; tag: number }
  /** Asks for the time-out code of transient tags, and sets it if below 16. */
  | { operation: 'timeout'; timeout: number };

/** How many tags of which kind a chip has. */
export interface IpTagCounts {
  /** Time-out code of transient tags. */
  readonly timeout: number;
  readonly entryBytes: number;
  readonly fixed: number;
  readonly pool: number;
}

/** What an operation gives back. */
export type IpTagReply =
  | { operation: 'new' | 'set'; tag: number }
  | { operation: 'get'; tags: readonly IpTag[] }
  | { operation: 'clear' }
  | ({ operation: 'timeout' } & IpTagCounts);

const OPERATIONS = ['new', 'set', 'get', 'clear', 'timeout'] as const;
const STRIP = 1 << 28;
const REVERSE = 1 << 29;
const USE_SENDER = 1 << 30;

/** CMD_IPTAG. */
export const IpTagCommand: CommandKind<IpTagRequest, IpTagReply> = {
  name: 'CMD_IPTAG',
  code: 26,
  repeatable: ({ operation }) => operation !== 'new',
  encodeRequest: encode,
  decodeRequest: decode,
  encodeReply,
  decodeReply,
};

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

function encode(request: IpTagRequest): RequestBody {
  const operation = OPERATIONS.indexOf(request.operation) << 16;
  switch (request.operation) {
    case 'new':
      return settingsBody(operation, request.settings);
    case 'set':
      return settingsBody(operation | checkedTag(request.tag), request.settings);
    case 'get':
      return body(operation | checkedTag(request.tag), request.count);
    case 'clear':
      return body(operation | checkedTag(request.tag));
    case 'timeout':
      return body(operation, request.timeout);
  }
}

function settingsBody(first: number, settings: IpTagSettings): RequestBody {
  const flags =
    (settings.strip ? STRIP : 0) |
    (settings.reverse ? REVERSE : 0) |
    (settings.useSender ? USE_SENDER : 0);
  const target = settings.reverse
    ? { address: chipToAddress(settings.destination), port: portByte(settings.destination) }
    : { address: 0, port: 0 };
  const ip = ipToBytes(settings.ip);
  return body(
    flags | (settings.timeout << 24) | (target.port << 8) | first,
    (target.address << 16) | settings.udpPort,
    new DataView(ip.buffer).getUint32(0, true),
  );
}

function decode({ arguments: [first, second, third] }: RequestBody): IpTagRequest {
  const operation = OPERATIONS[(first >>> 16) & 0xff];
  const tag = first & 0xff;
  if (tag >= IP_TAGS && operation !== 'timeout') {
    throw new MalformedMessageError('CMD_IPTAG', `there is no tag ${tag}`);
  }
  if (operation === undefined) {
    throw new MalformedMessageError('CMD_IPTAG', `there is no operation ${(first >>> 16) & 0xff}`);
  }
  switch (operation) {
    case 'new':
      return { operation, settings: decodeSettings(first, second, third) };
    case 'set':
      return { operation, tag, settings: decodeSettings(first, second, third) };
    case 'get':
      if (second * ipTagLayout.size > 256) {
        throw new MalformedMessageError('CMD_IPTAG', `${second} tags do not fit a reply`);
      }
      return { operation, tag, count: second };
    case 'clear':
      return { operation, tag };
    case 'timeout':
      return { operation, timeout: second };
  }
}

function decodeSettings(first: number, second: number, third: number): IpTagSettings {
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

function encodeReply(reply: IpTagReply): Uint8Array {
  switch (reply.operation) {
    case 'new':
    case 'set':
      return Uint8Array.of(reply.tag, 0, 0, 0);
    case 'get': {
      const payload = new Uint8Array(reply.tags.length * ipTagLayout.size);
      reply.tags.forEach((tag, index) => {
        ipTagLayout.encode(tag, payload, index * ipTagLayout.size);
      });
      return payload;
    }
    case 'clear':
      return NO_BYTES;
    case 'timeout':
      return Uint8Array.of(reply.timeout, reply.entryBytes, reply.pool, reply.fixed);
  }
}

function decodeReply(payload: Uint8Array, request: IpTagRequest): IpTagReply {
  const { operation } = request;
  const octet = (index: number): number => {
    const value = payload[index];
    if (value === undefined) throw new MalformedMessageError('CMD_IPTAG reply', 'it is too short');
    return value;
  };
  switch (operation) {
    case 'new':
    case 'set':
      return { operation, tag: octet(0) };
    case 'get':
      return {
        operation,
        tags: Array.from({ length: request.count }, (_, index) =>
          ipTagLayout.decode(payload, index * ipTagLayout.size),
        ),
      };
    case 'clear':
      return { operation };
    case 'timeout':
      return {
        operation,
        timeout: octet(0),
        entryBytes: octet(1),
        pool: octet(2),
        fixed: octet(3),
      };
  }
}

function checkedTag(tag: number): number {
  if (!Number.isInteger(tag) || tag < 0 || tag >= IP_TAGS) {
    throw new RangeError(`"tag" must be from 0 to ${IP_TAGS - 1}: ${tag}`);
  }
  return tag;
}

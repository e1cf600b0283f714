/**
 * CMD_IPTAG of a Board Management Processor: plain ways out only, entries of 24 bytes. Source: BMP firmware
 * 2.1.2, `cmd_iptag`, `iptag_t`.
 */
import { body, type CommandKind, NO_BYTES, type RequestBody } from '../commands/command.js';
import { bytesToIp, ipToBytes } from '../commands/information.js';
import { IpTagCommand } from '../commands/tags.js';
import { MalformedMessageError } from '../errors.js';
import { bytes, half, padding, struct, word } from '../layout/struct.js';
import { IP_TAGS } from '../memory/records.js';
import { SCP_MOST_DATA_BYTES } from '../messages/scp.js';
import { inRange } from './boards.js';

/** An IPTag of a Board Management Processor. */
export const bmpIpTagLayout = struct('BMP IPTag', {
  /** Target, in network order. */
  ip: bytes(4),
  mac: bytes(6),
  udpPort: half,
  /** Ticks of 10 ms that are left; 0 for ever. */
  timeout: half,
  /** See `IpTagFlag`; the low bits repeat the time-out as it was set. */
  flags: half,
  /** Messages that went through. */
  count: word,
  unused: padding(4),
});

/** An IPTag's fields. */
export type BmpIpTag = ReturnType<typeof bmpIpTagLayout.decode>;

/** Where a tag leads to. */
export interface BmpIpTagSettings {
  /** IPv4 address. */
  readonly ip: string;
  readonly udpPort: number;
  /** 0 for ever; t lets the tag live 2^(t-1) * 10 ms. */
  readonly timeout: number;
}

/** Operations of CMD_IPTAG. */
export type BmpIpTagRequest =
  /** Sets a free tag of the pool; the reply says which, 255 for none. */
  | { operation: 'new'; settings: BmpIpTagSettings }
  | { operation: 'set'; tag: number; settings: BmpIpTagSettings }
  | { operation: 'get'; tag: number; count: number }
  | { operation: 'clear'; tag: number }
  /** Asks for the time-out code of transient tags, and sets it if below 16. */
  | { operation: 'timeout'; timeout: number };

/** What an operation gives back. */
export type BmpIpTagReply =
  | { operation: 'new' | 'set'; tag: number }
  | { operation: 'get'; tags: readonly BmpIpTag[] }
  | { operation: 'clear' }
  /** The time-out code as it was, and how many tags of each kind there are. */
  | { operation: 'timeout'; timeout: number; fixed: number; pool: number };

const OPERATIONS = ['new', 'set', 'get', 'clear', 'timeout'] as const;
const NAME = 'CMD_IPTAG';

/** CMD_IPTAG. */
export const BmpIpTagCommand: CommandKind<BmpIpTagRequest, BmpIpTagReply> = {
  name: NAME,
  code: IpTagCommand.code,
  repeatable: ({ operation }) => operation !== 'new',
  encodeRequest,
  decodeRequest,
  encodeReply,
  decodeReply,
};

function encodeRequest(request: BmpIpTagRequest): RequestBody {
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

function settingsBody(first: number, { ip, udpPort, timeout }: BmpIpTagSettings): RequestBody {
  const address = new DataView(ipToBytes(ip).buffer).getUint32(0, true);
  const second = (inRange('timeout', timeout, 15) << 16) | inRange('udpPort', udpPort, 0xffff);
  return body(first, second, address);
}

/** Unlike on chips, all of the upper half is the operation, and the tag is checked for every one. */
function decodeRequest({ arguments: [first, second, third] }: RequestBody): BmpIpTagRequest {
  const operation = OPERATIONS[first >>> 16];
  const tag = first & 0xff;
  if (operation === undefined)
    throw new MalformedMessageError(NAME, `there is no operation ${first >>> 16}`);
  if (tag >= IP_TAGS) throw new MalformedMessageError(NAME, `there is no tag ${tag}`);
  switch (operation) {
    case 'new':
      return { operation, settings: decodeSettings(second, third) };
    case 'set':
      return { operation, tag, settings: decodeSettings(second, third) };
    case 'get':
      if (second * bmpIpTagLayout.size > SCP_MOST_DATA_BYTES)
        throw new MalformedMessageError(NAME, `${second} tags do not fit a reply`);
      return { operation, tag, count: second };
    case 'clear':
      return { operation, tag };
    case 'timeout':
      return { operation, timeout: second };
  }
}

function decodeSettings(second: number, third: number): BmpIpTagSettings {
  return {
    ip: bytesToIp(Uint8Array.of(third, third >>> 8, third >>> 16, third >>> 24)),
    udpPort: second & 0xffff,
    timeout: (second >>> 16) & 15,
  };
}

function encodeReply(reply: BmpIpTagReply): Uint8Array {
  switch (reply.operation) {
    case 'new':
    case 'set':
      return Uint8Array.of(reply.tag, 0, 0, 0);
    case 'get': {
      const payload = new Uint8Array(reply.tags.length * bmpIpTagLayout.size);
      reply.tags.forEach((tag, index) => {
        bmpIpTagLayout.encode(tag, payload, index * bmpIpTagLayout.size);
      });
      return payload;
    }
    case 'clear':
      return NO_BYTES;
    case 'timeout':
      return Uint8Array.of(reply.timeout, 0, reply.pool, reply.fixed);
  }
}

function decodeReply(payload: Uint8Array, request: BmpIpTagRequest): BmpIpTagReply {
  const { operation } = request;
  const octet = (index: number): number => {
    const value = payload[index];
    if (value === undefined) throw new MalformedMessageError(`${NAME} reply`, 'it is too short');
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
          bmpIpTagLayout.decode(payload, index * bmpIpTagLayout.size),
        ),
      };
    case 'clear':
      return { operation };
    case 'timeout':
      return { operation, timeout: octet(0), pool: octet(2), fixed: octet(3) };
  }
}

function checkedTag(tag: number): number {
  return inRange('tag', tag, IP_TAGS - 1);
}

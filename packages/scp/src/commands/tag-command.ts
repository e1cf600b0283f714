/**
 * What CMD_IPTAG of monitors and of Board Management Processors have in common: operations, and replies. Source:
 * `cmd_iptag` of SC&MP 4.0 and of BMP firmware 2.1.2.
 */
import { MalformedMessageError } from '../errors.js';
import { IP_TAGS } from '../memory/records.js';
import { SCP_MOST_DATA_BYTES } from '../messages/scp.js';
import { body, type CommandKind, NO_BYTES, type RequestBody } from './command.js';

/** Operations of CMD_IPTAG. */
export type TagRequest<Settings> =
  /** Sets a free tag of the pool; the reply says which, 255 for none. */
  | { operation: 'new'; settings: Settings }
  | { operation: 'set'; tag: number; settings: Settings }
  | { operation: 'get'; tag: number; count: number }
  | { operation: 'clear'; tag: number }
  /** Asks for the time-out code of transient tags, and sets it if below 16. */
  | { operation: 'timeout'; timeout: number };

/** How many tags of which kind there are. */
export interface IpTagCounts {
  /** Time-out code of transient tags, as it was. */
  readonly timeout: number;
  /** Bytes of an entry; 0 from Board Management Processors. */
  readonly entryBytes: number;
  readonly fixed: number;
  readonly pool: number;
}

/** What an operation gives back. */
export type TagReply<Entry> =
  | { operation: 'new' | 'set'; tag: number }
  | { operation: 'get'; tags: readonly Entry[] }
  | { operation: 'clear' }
  | ({ operation: 'timeout' } & IpTagCounts);

/** In what they differ. */
export interface TagCommandOptions<Settings, Entry> {
  readonly layout: {
    readonly size: number;
    encode(entry: Entry, target: Uint8Array, at: number): unknown;
    decode(bytes: Uint8Array, at: number): Entry;
  };
  /** Bits of the first argument, shifted right by 16, that tell the operation. */
  readonly operationMask: number;
  /** The three arguments, the first without operation and tag. */
  encodeSettings(settings: Settings): readonly [number, number, number];
  decodeSettings(words: readonly [number, number, number]): Settings;
}

const OPERATIONS = ['new', 'set', 'get', 'clear', 'timeout'] as const;
const NAME = 'CMD_IPTAG';

/** CMD_IPTAG of a kind. */
export function tagCommand<Settings, Entry>(
  options: TagCommandOptions<Settings, Entry>,
): CommandKind<TagRequest<Settings>, TagReply<Entry>> {
  return {
    name: NAME,
    code: 26,
    repeatable: ({ operation }) => operation !== 'new',
    encodeRequest: (request) => encodeRequest(options, request),
    decodeRequest: (request) => decodeRequest(options, request),
    encodeReply: (reply) => encodeReply(options, reply),
    decodeReply: (payload, request) => decodeReply(options, payload, request),
  };
}

function encodeRequest<Settings, Entry>(
  { encodeSettings }: TagCommandOptions<Settings, Entry>,
  request: TagRequest<Settings>,
): RequestBody {
  const operation = OPERATIONS.indexOf(request.operation) << 16;
  switch (request.operation) {
    case 'new':
    case 'set': {
      const tag = request.operation === 'set' ? checkedTag(request.tag) : 0;
      const [first, second, third] = encodeSettings(request.settings);
      return body(first | operation | tag, second, third);
    }
    case 'get':
      return body(operation | checkedTag(request.tag), request.count);
    case 'clear':
      return body(operation | checkedTag(request.tag));
    case 'timeout':
      return body(operation, request.timeout);
  }
}

/** The tag is checked for every operation, needed or not. */
function decodeRequest<Settings, Entry>(
  { layout, operationMask, decodeSettings }: TagCommandOptions<Settings, Entry>,
  { arguments: words }: RequestBody,
): TagRequest<Settings> {
  const [first, second] = words;
  const number = (first >>> 16) & operationMask;
  const operation = OPERATIONS[number];
  const tag = first & 0xff;
  if (operation === undefined) {
    throw new MalformedMessageError(NAME, `there is no operation ${number}`);
  }
  if (tag >= IP_TAGS) throw new MalformedMessageError(NAME, `there is no tag ${tag}`);
  switch (operation) {
    case 'new':
      return { operation, settings: decodeSettings(words) };
    case 'set':
      return { operation, tag, settings: decodeSettings(words) };
    case 'get':
      if (second * layout.size > SCP_MOST_DATA_BYTES) {
        throw new MalformedMessageError(NAME, `${second} tags do not fit a reply`);
      }
      return { operation, tag, count: second };
    case 'clear':
      return { operation, tag };
    case 'timeout':
      return { operation, timeout: second };
  }
}

function encodeReply<Settings, Entry>(
  { layout }: TagCommandOptions<Settings, Entry>,
  reply: TagReply<Entry>,
): Uint8Array {
  switch (reply.operation) {
    case 'new':
    case 'set':
      return Uint8Array.of(reply.tag, 0, 0, 0);
    case 'get': {
      const payload = new Uint8Array(reply.tags.length * layout.size);
      reply.tags.forEach((tag, index) => {
        layout.encode(tag, payload, index * layout.size);
      });
      return payload;
    }
    case 'clear':
      return NO_BYTES;
    case 'timeout':
      return Uint8Array.of(reply.timeout, reply.entryBytes, reply.pool, reply.fixed);
  }
}

function decodeReply<Settings, Entry>(
  { layout }: TagCommandOptions<Settings, Entry>,
  payload: Uint8Array,
  request: TagRequest<Settings>,
): TagReply<Entry> {
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
          layout.decode(payload, index * layout.size),
        ),
      };
    case 'clear':
      return { operation };
    case 'timeout': {
      const [timeout, entryBytes, pool, fixed] = [octet(0), octet(1), octet(2), octet(3)];
      return { operation, timeout, entryBytes, fixed, pool };
    }
  }
}

function checkedTag(tag: number): number {
  if (!Number.isInteger(tag) || tag < 0 || tag >= IP_TAGS) {
    throw new RangeError(`"tag" must be from 0 to ${IP_TAGS - 1}: ${tag}`);
  }
  return tag;
}

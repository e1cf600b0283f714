/** CMD_ALLOC: memory and routing entries by application. */
import { MalformedMessageError } from '../errors.js';
import {
  body,
  type Command,
  type CommandKind,
  commandOf,
  mapReply,
  type RequestBody,
  replyWord,
  wordsReply,
} from './command.js';

/** Operations of CMD_ALLOC and what they take. */
export type AllocationRequest =
  /** Reply: address, or 0. With `retry`, a block that has the tag and the very size is given again. */
  | { operation: 'allocateSdram'; appId: number; size: number; tag: number; retry: boolean }
  | { operation: 'freeSdram'; address: number }
  /** Reply: blocks freed. */
  | { operation: 'freeSdramOfApp'; appId: number }
  /** Reply: first entry, or 0. */
  | { operation: 'allocateRoutingEntries'; appId: number; count: number }
  | { operation: 'freeRoutingEntries'; entry: number; clear: boolean }
  /** Reply: blocks freed. */
  | { operation: 'freeRoutingEntriesOfApp'; appId: number; clear: boolean }
  /** Reply: free bytes, largest free block. */
  | { operation: 'sdramSpace' }
  /** Reply: address, or 0. */
  | { operation: 'tagAddress'; appId: number; tag: number };

const OPERATIONS: readonly AllocationRequest['operation'][] = [
  'allocateSdram',
  'freeSdram',
  'freeSdramOfApp',
  'allocateRoutingEntries',
  'freeRoutingEntries',
  'freeRoutingEntriesOfApp',
  'sdramSpace',
  'tagAddress',
];
/** Extra flag that makes a tagged allocation repeatable. */
const RETRY_FLAG = 4;

/** CMD_ALLOC. */
export const Allocate: CommandKind<AllocationRequest, readonly number[]> = {
  name: 'CMD_ALLOC',
  code: 28,
  repeatable: isRepeatable,
  encodeRequest: encode,
  decodeRequest: decode,
  ...wordsReply,
};

/**
 * Allocates SDRAM; the reply is its address, or 0 when there is no such block.
 *
 * @param size bytes; of a tagged block a multiple of 4 is asked for, since only such are found again
 * @param tag 1 to 255 finds the block again and makes the request safe to repeat; 0 is none
 */
export const allocateSdram = (appId: number, size: number, tag = 0): Command<number> =>
  first({
    operation: 'allocateSdram',
    appId,
    size: tag === 0 ? size : Math.ceil(size / 4) * 4,
    tag,
    retry: tag !== 0,
  });

/** Frees a block of SDRAM by its address. */
export const freeSdram = (address: number): Command<void> =>
  mapReply(commandOf(Allocate, { operation: 'freeSdram', address }), () => undefined);

/** Frees all SDRAM of an application; the reply is the number of blocks. */
export const freeSdramOfApp = (appId: number): Command<number> =>
  first({ operation: 'freeSdramOfApp', appId });

/** Allocates routing entries in one block; the reply is the first, or 0 when there is no room. */
export const allocateRoutingEntries = (appId: number, count: number): Command<number> =>
  first({ operation: 'allocateRoutingEntries', appId, count });

/** Frees the block of routing entries that starts at `entry`. */
export const freeRoutingEntries = (entry: number, clear = true): Command<void> =>
  mapReply(commandOf(Allocate, { operation: 'freeRoutingEntries', entry, clear }), () => undefined);

/** Frees all routing entries of an application; the reply is the number of blocks. */
export const freeRoutingEntriesOfApp = (appId: number, clear = true): Command<number> =>
  first({ operation: 'freeRoutingEntriesOfApp', appId, clear });

/** Free SDRAM, bytes: all of it, and the largest block. */
export const sdramSpace = (): Command<{ free: number; largest: number }> =>
  mapReply(commandOf(Allocate, { operation: 'sdramSpace' }), (words) => ({
    free: replyWord(words, 0, Allocate.name),
    largest: replyWord(words, 1, Allocate.name),
  }));

/** Address of the SDRAM block with a tag; the reply is 0 when there is none. */
export const sdramOfTag = (appId: number, tag: number): Command<number> =>
  first({ operation: 'tagAddress', appId, tag });

function first(request: AllocationRequest): Command<number> {
  return mapReply(commandOf(Allocate, request), (words) => replyWord(words, 0, Allocate.name));
}

/** Freeing by application twice does no harm, but the second reply says 0. */
function isRepeatable(request: AllocationRequest): boolean {
  switch (request.operation) {
    case 'allocateSdram':
      return request.retry && request.tag !== 0;
    case 'freeSdram':
    case 'allocateRoutingEntries':
    case 'freeRoutingEntries':
      return false;
    default:
      return true;
  }
}

function encode(request: AllocationRequest): RequestBody {
  const code = OPERATIONS.indexOf(request.operation);
  const first = 'appId' in request ? (request.appId << 8) | code : code;
  switch (request.operation) {
    case 'allocateSdram':
      return body((request.retry ? RETRY_FLAG << 16 : 0) | first, request.size, request.tag);
    case 'freeSdram':
      return body(first, request.address);
    case 'allocateRoutingEntries':
      return body(first, request.count);
    case 'freeRoutingEntries':
      return body(first, request.entry, Number(request.clear));
    case 'freeRoutingEntriesOfApp':
      return body(first, Number(request.clear));
    case 'tagAddress':
      return body(first, request.tag);
    default:
      return body(first);
  }
}

function decode({ arguments: [first, second, third] }: RequestBody): AllocationRequest {
  const operation = OPERATIONS[first & 0xff];
  const appId = (first >>> 8) & 0xff;
  if (operation === undefined) {
    throw new MalformedMessageError('CMD_ALLOC', `there is no operation ${first & 0xff}`);
  }
  switch (operation) {
    case 'allocateSdram':
      if (third > 255) throw new MalformedMessageError('CMD_ALLOC', `tag ${third} is above 255`);
      return {
        operation,
        appId,
        size: second,
        tag: third,
        retry: ((first >>> 16) & RETRY_FLAG) !== 0,
      };
    case 'freeSdram':
      return { operation, address: second };
    case 'allocateRoutingEntries':
      return { operation, appId, count: second };
    case 'freeRoutingEntries':
      return { operation, entry: second, clear: third !== 0 };
    case 'freeRoutingEntriesOfApp':
      return { operation, appId, clear: second !== 0 };
    case 'freeSdramOfApp':
      return { operation, appId };
    case 'sdramSpace':
      return { operation };
    case 'tagAddress':
      return { operation, appId, tag: second };
  }
}

/** CMD_RTR: the multicast table and the fixed route of a chip's router. */
import { MalformedMessageError } from '../errors.js';
import { ROUTER_ENTRIES } from '../memory/records.js';
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

/** Operations of CMD_RTR and what they take. */
export type RouterRequest =
  /** Clears entries 1 to 1023 and forgets who owned them. */
  | { operation: 'clearAll' }
  | { operation: 'clear'; first: number; count: number }
  /**
   * Loads `count` records from memory at `address`; each goes to entry `next` + `offset`. A count
   * of 0 is taken from the first record.
   */
  | { operation: 'load'; appId: number; count: number; address: number; offset: number }
  /** Links in bits 5:0, virtual cores in 23:6. */
  | { operation: 'setFixedRoute'; route: number }
  /** Reply: the route. */
  | { operation: 'getFixedRoute' };

const CODES = { clearAll: 0, clear: 1, load: 2, setFixedRoute: 3, getFixedRoute: 3 } as const;
/** Bit of the second argument that asks for the fixed route instead of setting it. */
const GET_FLAG = 0x80000000;

/** CMD_RTR. */
export const Router: CommandKind<RouterRequest, readonly number[]> = {
  name: 'CMD_RTR',
  code: 29,
  repeatable: () => true,
  encodeRequest: encode,
  decodeRequest: decode,
  ...wordsReply,
};

/** Clears all routing entries except entry 0, which carries signals. */
export const clearRoutes = (): Command<void> => done({ operation: 'clearAll' });

/** Clears `count` routing entries from `first` on. */
export const clearRouteRange = (first: number, count: number): Command<void> =>
  done({ operation: 'clear', first, count });

/** Loads routing records that lie in the chip's memory. */
export const loadRoutes = (
  appId: number,
  count: number,
  address: number,
  offset: number,
): Command<void> => done({ operation: 'load', appId, count, address, offset });

/** Sets the fixed route: links in bits 5:0, virtual cores in 23:6. */
export const setFixedRoute = (route: number): Command<void> =>
  done({ operation: 'setFixedRoute', route });

/** Reads the fixed route. */
export const getFixedRoute = (): Command<number> =>
  mapReply(commandOf(Router, { operation: 'getFixedRoute' }), (words) =>
    replyWord(words, 0, Router.name),
  );

function done(request: RouterRequest): Command<void> {
  return mapReply(commandOf(Router, request), () => undefined);
}

function encode(request: RouterRequest): RequestBody {
  const code = CODES[request.operation];
  switch (request.operation) {
    case 'clearAll':
      return body(code);
    case 'clear':
      return body((request.count << 16) | code, request.first);
    case 'load':
      return body(
        (request.count << 16) | (request.appId << 8) | code,
        request.address,
        request.offset,
      );
    case 'setFixedRoute':
      return body(code, request.route & 0xffffff);
    case 'getFixedRoute':
      return body(code, GET_FLAG);
  }
}

function decode({ arguments: [first, second, third] }: RequestBody): RouterRequest {
  const count = first >>> 16;
  switch (first & 0xff) {
    case CODES.clearAll:
      return { operation: 'clearAll' };
    case CODES.clear:
      if (second + count > ROUTER_ENTRIES) {
        throw new MalformedMessageError('CMD_RTR', `there is no entry ${second + count - 1}`);
      }
      return { operation: 'clear', first: second, count };
    case CODES.load:
      return {
        operation: 'load',
        appId: (first >>> 8) & 0xff,
        count,
        address: second,
        offset: third,
      };
    case CODES.setFixedRoute:
      return second >= GET_FLAG
        ? { operation: 'getFixedRoute' }
        : { operation: 'setFixedRoute', route: second & 0xffffff };
    default:
      throw new MalformedMessageError('CMD_RTR', `there is no operation ${first & 0xff}`);
  }
}

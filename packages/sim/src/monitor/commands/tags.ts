/** CMD_IPTAG. */
import {
  IP_TAGS,
  IpTagCommand,
  type IpTagReply,
  type IpTagRequest,
  type IpTagSettings,
  ipTagLayout,
  type SdpMessage,
} from '@spin-tools/scp';
import type { ChipMonitor } from '../world.js';
import { command } from './command.js';

export const tagCommands = [command(IpTagCommand, change)];

const POOL_TAGS = 8;
const MOST_TIMEOUT_CODE = 15;
const NO_TAG = 0xff;

function change({ tags }: ChipMonitor, request: IpTagRequest, message: SdpMessage): IpTagReply {
  const set = (tag: number, settings: IpTagSettings) =>
    tags.set(tag, settings, tags.hostOf(message.tag));
  const { operation } = request;
  switch (operation) {
    case 'new': {
      const tag = tags.freePoolTag();
      if (tag !== undefined) set(tag, request.settings);
      return { operation, tag: tag ?? NO_TAG };
    }
    case 'set':
      set(request.tag, request.settings);
      return { operation, tag: request.tag };
    case 'get': {
      const last = Math.min(request.count, IP_TAGS - request.tag);
      return {
        operation,
        tags: Array.from({ length: last }, (_, index) => tags.describe(request.tag + index)),
      };
    }
    case 'clear':
      tags.clear(request.tag);
      return { operation };
    case 'timeout':
      if (request.timeout <= MOST_TIMEOUT_CODE) tags.transientTimeout = request.timeout;
      return {
        operation,
        timeout: tags.transientTimeout,
        entryBytes: ipTagLayout.size,
        fixed: IP_TAGS - POOL_TAGS,
        pool: POOL_TAGS,
      };
  }
}

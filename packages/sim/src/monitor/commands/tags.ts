/** CMD_IPTAG. Source: `cmd_iptag` of SC&MP 4.0. */
import {
  bytesToIp,
  IP_TAGS,
  IpTagCommand,
  ipTagLayout,
  ReturnCode,
  SCP_MOST_DATA_BYTES,
  type ScpRequest,
  systemVariables,
} from '@spin-tools/scp';
import { Refusal } from '../refusal.js';
import type { TagSettings } from '../tags.js';
import type { CommandEntry, Place } from './command.js';

export const tagCommands: readonly CommandEntry[] = [[IpTagCommand.code, change]];

/** Bits 23:16 of the first argument. */
const Operation = { New: 0, Set: 1, Get: 2, Clear: 3, Timeout: 4 } as const;
const POOL_TAGS = 8;
const MOST_TIMEOUT_CODE = 15;
const NO_TAG = 0xff;
const FLAGS = 0x0f00;
const NOTHING = new Uint8Array(0);
const IP_ADDRESS = systemVariables.ipAddress;

function change(place: Place, request: ScpRequest): Uint8Array {
  const { tags } = place.monitor;
  const [first, second] = request.arguments;
  const tag = first & 0xff;
  if (tag >= IP_TAGS) throw new Refusal(ReturnCode.Argument);
  switch ((first >>> 16) & 0xff) {
    case Operation.New:
      return set(place, request, tags.freePoolTag());
    case Operation.Set:
      return set(place, request, tag);
    case Operation.Get:
      return get(place, tag, second);
    case Operation.Clear:
      tags.clear(tag);
      place.monitor.world.tagsChanged(place.monitor);
      return NOTHING;
    case Operation.Timeout: {
      const before = tags.transientTimeout;
      if (second <= MOST_TIMEOUT_CODE) tags.transientTimeout = second;
      return Uint8Array.of(before, ipTagLayout.size, POOL_TAGS, IP_TAGS - POOL_TAGS);
    }
    default:
      throw new Refusal(ReturnCode.Argument);
  }
}

function set({ monitor, message, sender }: Place, request: ScpRequest, tag: number | undefined) {
  if (tag !== undefined) {
    const { memory, release, tags, world } = monitor;
    const board = bytesToIp(memory.bytes(IP_ADDRESS.address, IP_ADDRESS.size));
    const from = { ip: sender, tag: message.tag, board };
    tags.set(tag, settingsOf(request), from, release.knowsSenders);
    world.tagsChanged(monitor);
  }
  return Uint8Array.of(tag ?? NO_TAG, 0, 0, 0);
}

function settingsOf({ arguments: [first, second, third] }: ScpRequest): TagSettings {
  const ip = Uint8Array.of(third, third >>> 8, third >>> 16, third >>> 24);
  return {
    flags: (first >>> 20) & FLAGS,
    timeout: (first >>> 24) & 0xf,
    udpPort: second & 0xffff,
    ip: third === 0 ? undefined : bytesToIp(ip),
    destinationAddress: second >>> 16,
    destinationPort: (first >>> 8) & 0xff,
  };
}

/** Any number of tags from one on, up to what fits. */
function get({ monitor: { tags } }: Place, first: number, count: number): Uint8Array {
  const bytes = (count * ipTagLayout.size) % 2 ** 32;
  if (bytes > SCP_MOST_DATA_BYTES) throw new Refusal(ReturnCode.Argument);
  const reply = new Uint8Array(bytes);
  for (let at = 0; at < bytes; at += ipTagLayout.size) {
    ipTagLayout.encode(tags.describe(first + at / ipTagLayout.size), reply, at);
  }
  return reply;
}

/** CMD_VER, CMD_INFO, CMD_COUNT: what a chip is and what its cores do. */
import {
  addressToChip,
  bytesToIp,
  Count,
  Information,
  ReturnCode,
  SCP_REPLY_HEADER_BYTES,
  type ScpRequest,
  SYSTEM_VARIABLES_ADDRESS,
  systemVariablesLayout,
  Version,
} from '@spin-tools/scp';
import { CORES } from '../../chip/chip.js';
import { Refusal } from '../refusal.js';
import type { ChipMonitor } from '../world.js';
import { type CommandEntry, command, type Place } from './command.js';

const DATA_BYTES = 256;
/** Bits of the largest count of free routing entries. */
const MOST_FREE_ENTRIES = 1023;
const P2P_TABLE = 0xf1010000;
/** Where a chip says that it is while it is still finding out. */
const NOWHERE = addressToChip(0xffff);
/** Entries of a point-to-point table that are no links start here. */
const NO_LINK = 6;
/** Chips along a side of the square around a board of 48. */
const BOARD_SIDE = 8;

export const informationCommands = [
  command(Version, (monitor) => {
    const chip = monitor.world.isUp ? monitor.position : NOWHERE;
    return { ...describe(monitor, 0, 'SC&MP/SpiNNaker'), chip };
  }),
  command(Information, information),
];

/** Since 4.0. */
export const countCommands: readonly CommandEntry[] = [[Count.code, count]];

/** What cores without a program answer. */
export const idleCommands: readonly CommandEntry[] = [
  [
    Version.code,
    ({ monitor, core }) => Version.encodeReply(describe(monitor, core, 'SARK/SpiNNaker')),
  ],
];

function describe(monitor: ChipMonitor, core: number, name: string) {
  const number = monitor.memory.variable('softwareVersion');
  const { buildTimes } = monitor.world;
  return {
    chip: monitor.position,
    physicalCore: monitor.cores.physical(core),
    virtualCore: core,
    dataBytes: DATA_BYTES,
    buildTime: core === 0 ? buildTimes.monitor : buildTimes.idleProgram,
    name,
    version: `${number >>> 16}.${(number >>> 8) & 0xff}.${number & 0xff}`,
  };
}

function information(monitor: ChipMonitor) {
  const { memory } = monitor;
  const ethernetChip = addressToChip(memory.variable('ethernetAddress'));
  const ipPlace = systemVariablesLayout.places.ipAddress;
  const ip = memory.bytes(SYSTEM_VARIABLES_ADDRESS + ipPlace.offset, ipPlace.size);
  const parentLink = p2pEntry(monitor, memory.variable('p2pRoot'));
  return {
    coreCount: monitor.cores.count,
    links: memory.variable('linksEnabled'),
    freeRoutingEntries: Math.min(MOST_FREE_ENTRIES, monitor.entries.largestFree),
    ethernetUp: memory.variable('ethernetUp') === 1,
    freeSdram: monitor.heap('sdramHeap').largestFree,
    freeSystemRam: monitor.heap('systemRamHeap').largestFree,
    coreStates: Array.from({ length: CORES }, (_, core) => memory.vcpu(core, 'state')),
    ethernetChip,
    ip: ip.some((octet) => octet !== 0) ? bytesToIp(ip) : undefined,
    parentLink: monitor.release.tellsParentLink ? parentLink : undefined,
  };
}

/** The reply is sent later, as long as the request was: only the first argument has become the count. */
function count({ monitor, message }: Place, request: ScpRequest): Uint8Array {
  const { appId, state } = Count.decodeRequest(request);
  const reply = message.data.slice(SCP_REPLY_HEADER_BYTES);
  reply.set(Count.encodeReply([countOnBoard(monitor, appId, state)]));
  return reply;
}

function p2pEntry(monitor: ChipMonitor, address: number): number {
  const word = monitor.memory.word(P2P_TABLE + (address >>> 3) * 4);
  return (word >>> (3 * (address & 7))) & 7;
}

/**
 * Cores of an application in a state: on the chip that is asked, and on those at the places that a board's
 * chips have from its ethernet chip. When some of them do not answer the reply says so and has the rest.
 */
function countOnBoard(monitor: ChipMonitor, appId: number, state: number): number {
  const { world } = monitor;
  const isWanted = { appId, appMask: 0xff, state };
  let count = countOnChip(monitor, isWanted);
  let silent = 0;
  for (const address of boardFrom(monitor)) {
    if (p2pEntry(monitor, address) >= NO_LINK) continue;
    const chip = world.monitorAt(address);
    if (chip === undefined || world.wayTo(monitor, address) !== 'open') silent++;
    else {
      world.countPointToPoint(monitor, chip, 1);
      world.countPointToPoint(chip, monitor, 1);
      count += countOnChip(chip, isWanted);
    }
  }
  if (silent > 0) throw new Refusal(ReturnCode.P2pNoReply, Count.encodeReply([count]), true);
  return count;
}

/** Addresses of the other 47 chips of a board whose ethernet chip this is. */
function boardFrom(monitor: ChipMonitor): number[] {
  const { x, y } = monitor.position;
  const { width, height } = foldOf(monitor);
  const addresses: number[] = [];
  for (let dx = 0; dx < BOARD_SIDE; dx++) {
    for (let dy = Math.max(0, dx - 4); dy <= Math.min(BOARD_SIDE - 1, dx + 3); dy++) {
      const address = (((x + dx) % width) << 8) | ((y + dy) % height);
      if (address !== monitor.address && !addresses.includes(address)) addresses.push(address);
    }
  }
  return addresses;
}

/**
 * After how many chips addresses begin anew. SC&MP 4.0 does not fold addresses and so misses the chips of a
 * board that lie beyond the edge of a torus; here they are counted.
 */
function foldOf({ memory, address }: ChipMonitor): { width: number; height: number } {
  const dimensions = memory.variable('p2pDimensions');
  const [width, height] = [dimensions >>> 8, dimensions & 0xff];
  const folds = memory.variable('ethernetAddress') === address && width > 0 && height > 0;
  return folds ? { width, height } : { width: 256, height: 256 };
}

/** Cores of one chip that are in a state and whose app id is `appId` under `appMask`. */
export function countOnChip(
  { programs, memory }: ChipMonitor,
  { appId, appMask, state }: { appId: number; appMask: number; state: number },
): number {
  return programs
    .ofApplication(appId, appMask)
    .filter((core) => memory.vcpu(core, 'state') === state).length;
}

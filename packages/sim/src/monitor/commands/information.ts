/** CMD_VER, CMD_INFO, CMD_COUNT: what a chip is and what its cores do. */
import {
  addressToChip,
  bytesToIp,
  Count,
  chipToAddress,
  Information,
  SYSTEM_VARIABLES_ADDRESS,
  systemVariablesLayout,
  Version,
} from '@spin-tools/scp';
import { CORES } from '../../chip/chip.js';
import type { ChipMonitor } from '../world.js';
import { command } from './command.js';

/** What a monitor says it is until the network is ready. */
const NOT_READY = { x: 255, y: 255 };
const DATA_BYTES = 256;
/** Bits of the largest count of free routing entries. */
const MOST_FREE_ENTRIES = 1023;
/** Chips along a side of the square around a board of 48. */
const BOARD_SIDE = 8;
const P2P_TABLE = 0xf1010000;

export const informationCommands = [
  command(Version, (monitor) => describe(monitor, 0, 'SC&MP/SpiNNaker')),
  command(Information, information),
  command(Count, (monitor, { appId, state }) => [countOnBoard(monitor, appId, state)]),
];

/** What cores without a program answer. */
export const idleCommands = [
  command(Version, (monitor, _request, message) =>
    describe(monitor, message.destination.core, 'SARK/SpiNNaker'),
  ),
];

function describe(monitor: ChipMonitor, core: number, name: string) {
  const number = monitor.memory.variable('softwareVersion');
  return {
    chip: monitor.world.isUp ? monitor.position : NOT_READY,
    physicalCore: monitor.cores.physical(core),
    virtualCore: core,
    dataBytes: DATA_BYTES,
    buildTime: 0,
    name,
    version: `${number >>> 16}.${(number >>> 8) & 0xff}.${number & 0xff}`,
  };
}

function information(monitor: ChipMonitor) {
  const { memory } = monitor;
  const ethernetChip = addressToChip(memory.variable('ethernetAddress'));
  const ipPlace = systemVariablesLayout.places.ipAddress;
  const ip = memory.bytes(SYSTEM_VARIABLES_ADDRESS + ipPlace.offset, ipPlace.size);
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
    parentLink: p2pEntry(monitor, memory.variable('p2pRoot')),
  };
}

function p2pEntry(monitor: ChipMonitor, address: number): number {
  const word = monitor.memory.word(P2P_TABLE + (address >>> 3) * 4);
  return (word >>> (3 * (address & 7))) & 7;
}

/** Cores of an application in a state, on all chips with the same ethernet chip. */
function countOnBoard(monitor: ChipMonitor, appId: number, state: number): number {
  return chipsOfBoard(monitor).reduce(
    (count, chip) => count + countOnChip(chip, { appId, appMask: 0xff, state }),
    0,
  );
}

/** The chips with the same ethernet chip, which is at the lower left of the square that they are in. */
function chipsOfBoard({ memory, world }: ChipMonitor): ChipMonitor[] {
  const board = memory.variable('ethernetAddress');
  const ethernet = addressToChip(board);
  const size = addressToChip(memory.variable('p2pDimensions'));
  const found: ChipMonitor[] = [];
  for (let dx = 0; dx < Math.min(BOARD_SIDE, size.x); dx++) {
    for (let dy = 0; dy < Math.min(BOARD_SIDE, size.y); dy++) {
      const place = { x: (ethernet.x + dx) % size.x, y: (ethernet.y + dy) % size.y };
      const chip = world.monitorAt(chipToAddress(place));
      if (chip?.memory.variable('ethernetAddress') === board) found.push(chip);
    }
  }
  return found;
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

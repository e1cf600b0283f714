/**
 * What a chip's memory holds once its monitor has started: system variables, heaps, core blocks. The
 * layout is SC&MP 4.0's, so that hosts that look into memory find what they expect.
 */
import {
  applicationDataLayout,
  CoreState,
  ROUTER_ENTRIES,
  routingRecordLayout,
  SYSTEM_VARIABLES_ADDRESS,
  type SystemVariables,
  systemVariablesLayout,
  VCPU_ADDRESS,
  vcpuAddress,
  vcpuLayout,
} from '@spin-tools/scp';
import { type ChipMemory, CORES } from '../chip/chip.js';
import { SDRAM_BASE, SDRAM_BYTES } from '../chip/sdram.js';
import { DEFAULT_FILTERS } from '../router/diagnostics.js';
import type { CoreMap } from './core-map.js';
import { Heap } from './heap.js';
import type { MonitorMemory } from './memory.js';
import { RoutingEntries } from './routing-entries.js';
import { SharedBuffers } from './shared-buffers.js';

const SDRAM_TOP = SDRAM_BASE + SDRAM_BYTES;
const SYSTEM_RAM_BASE = 0xe5000100;
const SYSTEM_RAM_HEAP_TOP = VCPU_ADDRESS;
/** Size of the staging area, bytes. */
const STAGING_BYTES = 0x40000;
const HOP_TABLE_BYTES = 0x40000;
const ALLOCATION_TAG_BYTES = 0x40000;
const APPLICATIONS = 256;
const RANDOM_BYTES = 1024;
/** One bit for each address that a chip may have, kept from network initialisation. Source: SC&MP 3 and 4. */
const ADDRESS_MAP_BYTES = 0x8000;
const NETWORK_DONE = 255;
const ROUTER_BASE = 0xf1000000;
const ROUTER_CONTROL = ROUTER_BASE;
const ROUTER_COUNTER_CONTROL = ROUTER_BASE + 0x2c;
const ROUTER_FILTERS = ROUTER_BASE + 0x200;
/** Routing on, wait1 of 240 clocks, no emergency routing. Source: SC&MP 4.0. */
const ROUTER_SETTINGS = 0x00400001;
const RESET_ALL_COUNTERS = 0xffff0000;
const ENABLE_ALL_COUNTERS = 0x0000ffff;
/** Routing entry by which signals reach all monitors, and what it matches. Source: SC&MP 4.0 and 3.3. */
const SIGNAL_ENTRY = 0;
const SIGNALS = { key: 0xffff5554, mask: 0xfffffffe };
const OLD_SIGNALS = { key: 0xffff5555, mask: 0xffffffff };
/** First version whose signals share their entry with beacons. */
const FIRST_WITH_BEACONS = 0x00030400;
/** First version that checks links by multicast packets, and counts broadcasts elsewhere than in its variables. */
const FIRST_LATEST = 0x00040000;
/** What is left of a count of broadcasts that ends below 0. */
const COUNTED_DOWN = 0xff;
const IP_ADDRESS = systemVariablesLayout.places.ipAddress;
/** Names that the blocks of cores show. */
const NAME_OF_MONITOR = 'scamp-3';
const NAME_OF_IDLE_PROGRAM = 'sark';

/** What a monitor learns of its place when it starts. */
export interface Place {
  readonly address: number;
  readonly dimensions: number;
  readonly ethernetAddress: number;
  readonly boardAddress: number;
  readonly isRoot: boolean;
  readonly rootAddress: number;
  readonly links: number;
  readonly chips: number;
  readonly ip: Uint8Array;
  readonly softwareVersion: number;
  /** Where signals go from here: links in 5:0, virtual cores in 23:6. */
  readonly signalRoute: number;
}

/**
 * Fills the memories of chips from the variables in a boot image and their places in one machine. Apart
 * from a few variables it is the same on all chips with the same cores and the same route of signals, so
 * it is worked out once for those, and they share it.
 */
export class StartUp {
  /** By {@link kindOf}. */
  private readonly started = new Map<number, ChipMemory>();

  constructor(private readonly image: SystemVariables) {}

  /** Fills the memory of a chip and sets up its router. */
  chip(memory: MonitorMemory, cores: CoreMap, place: Place): void {
    const { chip } = memory;
    const entries = new RoutingEntries(memory, cores);
    const { softwareVersion, signalRoute: route } = place;
    const signals = { ...(softwareVersion < FIRST_WITH_BEACONS ? OLD_SIGNALS : SIGNALS), route };
    const kind = kindOf(chip.coreMask, place);
    const known = this.started.get(kind);
    const isBlank = chip.hasBlankMemory;
    if (isBlank && known !== undefined) {
      chip.adoptMemory(known);
      setVariables(memory, place);
      entries.restart(SIGNAL_ENTRY, signals);
    } else {
      fill(memory, cores, this.image, place);
      entries.start(softwareVersion >= FIRST_LATEST);
      entries.set(SIGNAL_ENTRY, signals, 0);
      if (isBlank) this.started.set(kind, chip.shareMemory());
    }
    startRouter(memory, cores.physical(0));
  }
}

/** Chips of one machine with the same number differ only in {@link placeVariables} and the IP address. */
function kindOf(coreMask: number, { signalRoute }: Place): number {
  return signalRoute * 2 ** CORES + coreMask;
}

function fill(memory: MonitorMemory, cores: CoreMap, image: SystemVariables, place: Place): void {
  const variables = { ...image, ...variablesOf(image, cores, place) };
  memory.setBytes(SYSTEM_VARIABLES_ADDRESS, systemVariablesLayout.encode(variables));
  startHeaps(memory, image);
  startIdleApplication(memory, cores);
  new SharedBuffers(memory).initialise(image.sdpBuffers);
  for (let core = 0; core < CORES; core++) startBlock(memory, cores, core, place.softwareVersion);
}

/** Variables in which chips of one machine differ, all of one number. */
function placeVariables(place: Place) {
  return {
    p2pAddress: place.address,
    debugAddress: place.ethernetAddress,
    ethernetAddress: place.ethernetAddress,
    ethernetUp: place.ethernetAddress === place.address ? 1 : 0,
    rootChip: place.isRoot ? 1 : 0,
    linksEnabled: place.links,
    boardAddress: place.boardAddress,
  };
}

function setVariables(memory: MonitorMemory, place: Place): void {
  for (const [name, value] of Object.entries(placeVariables(place))) {
    memory.setVariable(name as keyof ReturnType<typeof placeVariables>, value);
  }
  memory.setBytes(SYSTEM_VARIABLES_ADDRESS + IP_ADDRESS.offset, place.ip);
}

function variablesOf(
  image: SystemVariables,
  cores: CoreMap,
  place: Place,
): Partial<SystemVariables> {
  return {
    ...placeVariables(place),
    p2pDimensions: place.dimensions,
    ...(place.softwareVersion < FIRST_LATEST && { p2pBroadcastRepeats: COUNTED_DOWN }),
    p2pUp: 1,
    networkPhase: NETWORK_DONE,
    p2pRoot: place.rootAddress,
    physicalToVirtual: cores.toVirtual,
    virtualToPhysical: cores.toPhysical,
    coreCount: cores.count,
    romCoreCount: cores.count,
    sdramBuffers: SDRAM_BASE,
    sdramBase: SDRAM_BASE + CORES * image.sdramBufferWords * 4,
    systemRamBase: SYSTEM_RAM_BASE,
    sdramSystem: SDRAM_TOP - image.sdramBuffers,
    vcpuBase: VCPU_ADDRESS,
    p2pActive: place.chips,
    ipAddress: place.ip,
    softwareVersion: place.softwareVersion,
  };
}

function startHeaps(memory: MonitorMemory, image: SystemVariables): void {
  const staging = memory.variable('sdramSystem');
  const user = newHeap(memory, memory.variable('sdramBase') + image.sdramHeap * 4, staging);
  memory.setVariable('sdramHeap', user.base);
  const ram = newHeap(memory, SYSTEM_RAM_BASE + image.systemRamHeap * 4, SYSTEM_RAM_HEAP_TOP);
  memory.setVariable('systemRamHeap', ram.base);
  const system = newHeap(memory, staging + STAGING_BYTES, SDRAM_TOP);
  memory.setVariable('systemHeap', system.base);
  memory.setVariable('hopTable', system.allocate(HOP_TABLE_BYTES, 0, 0));
  const copyBytes = (ROUTER_ENTRIES + 1) * routingRecordLayout.size;
  memory.setVariable('routerCopy', system.allocate(copyBytes, 0, 0));
  memory.setVariable('allocationTags', system.allocate(ALLOCATION_TAG_BYTES, 0, 0));
  const applicationBytes = APPLICATIONS * applicationDataLayout.size;
  memory.setVariable('applicationData', system.allocate(applicationBytes, 0, 0));
  system.allocate(RANDOM_BYTES, 0, 0);
  system.allocate(ADDRESS_MAP_BYTES, 0, 0);
}

/** The idle program is application 0 of all cores but the monitor. */
function startIdleApplication(memory: MonitorMemory, cores: CoreMap): void {
  const idle = {
    cores: cores.count - 1,
    clean: 0,
    semaphore: 0,
    lead: 1,
    mask: 2 ** cores.count - 2,
  };
  memory.setBytes(memory.variable('applicationData'), applicationDataLayout.encode(idle));
}

function newHeap(memory: MonitorMemory, base: number, top: number): Heap {
  const heap = new Heap(memory, base);
  heap.initialise(top);
  return heap;
}

function startBlock(
  memory: MonitorMemory,
  cores: CoreMap,
  core: number,
  softwareVersion: number,
): void {
  const exists = core < cores.count;
  const idle = exists ? CoreState.Idle : CoreState.Dead;
  const block = {
    ...vcpuLayout.decode(new Uint8Array(vcpuLayout.size)),
    physicalCore: exists ? cores.physical(core) : 0,
    state: core === 0 ? CoreState.Run : idle,
    ...(exists && {
      appName: core === 0 ? NAME_OF_MONITOR : NAME_OF_IDLE_PROGRAM,
      softwareVersion,
      loadTime: memory.variable('unixTime'),
    }),
  };
  memory.setBytes(vcpuAddress(core), vcpuLayout.encode(block));
}

function startRouter(memory: MonitorMemory, monitor: number): void {
  memory.setWord(ROUTER_CONTROL, ROUTER_SETTINGS | (monitor << 8));
  DEFAULT_FILTERS.forEach((filter, index) => {
    memory.setWord(ROUTER_FILTERS + 4 * index, filter);
  });
  memory.setWord(ROUTER_COUNTER_CONTROL, RESET_ALL_COUNTERS);
  memory.setWord(ROUTER_COUNTER_CONTROL, ENABLE_ALL_COUNTERS);
}

/**
 * Traffic between the boards of a machine, drawn from a seed: cores that send bursts of packets by trees over many
 * chips, faster than those pass them on, and all that is seen of it afterwards.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { LINKS, neighbour } from '@spin-tools/machine-model';
import {
  type ChipAddress,
  chipToAddress,
  MachineController,
  type RoutingEntry,
  Signal,
  vcpuField,
} from '@spin-tools/scp';
import { randomFrom } from '../src/faults/random.js';
import { type MachineOptions, VirtualMachine } from '../src/machine/virtual-machine.js';
import { TurnClock } from './turn-clock.js';

const APP = 30;
const MS = 1_000_000;
const BURST = readFileSync(new URL('../firmware/images/burst.aplx', import.meta.url));
const CORES = [1, 2];
/** The counters of a router. */
const COUNTERS = 0xf1000300;
const COUNTER_BYTES = 64;
/** The end of System RAM, with what monitors keep of all cores and of the chip. */
const SYSTEM_RAM = 0xe5007000;
const SYSTEM_RAM_BYTES = 0x1000;
/** An image keeps the time at which it was booted, and notes it beside programs that it loads. */
const UNIX_TIME = 1_700_000_000;
/** SDRAM that the host writes to, and where the monitor keeps what it was sent. */
const SCRATCH = 0x60100000;

/** What to run. */
export interface TrafficOptions {
  readonly seed: number;
  readonly machine: MachineOptions;
  /** An image that the machine runs. Default: the built-in monitor. */
  readonly image?: Uint8Array;
  /** What the image is told that the boards are. Default 5, boards of 48 chips. */
  readonly hardwareVersion?: number;
  /** Senders; some come to be the same. Default 5. */
  readonly senders?: number;
  /** How often traffic is drawn anew and carried, with further seeds. Default 1. */
  readonly rounds?: number;
}

/** A machine that has carried traffic, as one text, and how much that was. */
export interface Traffic {
  readonly seen: string;
  readonly packetsDropped: number;
  readonly boardCrossings: number;
}

/** Boots a machine, lets its cores send, and looks at everything. */
export async function carryTraffic(options: TrafficOptions): Promise<Traffic> {
  const { machine, image, hardwareVersion = 5, seed, rounds = 1 } = options;
  const virtual = new VirtualMachine(machine);
  const controller = new MachineController({
    ...{ scp: virtual.scpTransport(), boot: virtual.bootTransport() },
    ...{ timeoutMs: 1000, tries: 10, clock: new TurnClock() },
  });
  try {
    await controller.boot({
      pauseMs: 0,
      ...(image && { image, hardwareVersion, unixTime: UNIX_TIME }),
    });
    if (image !== undefined) await joinBoards(virtual, controller);
    const seen = [];
    for (let round = 0; round < rounds; round++) {
      seen.push(await traffic(virtual, controller, { ...options, seed: seed + round }));
    }
    const { packetsDropped, boardCrossings } = virtual.statistics();
    return { seen: JSON.stringify(seen), packetsDropped, boardCrossings };
  } finally {
    await controller.close();
    await virtual.close();
  }
}

/** Waits for all chips to be up; since SC&MP 4.0 they are to be asked through the ethernet of their board. */
async function joinBoards(virtual: VirtualMachine, controller: MachineController): Promise<void> {
  await virtual.advance(1000 * MS);
  for (const chip of virtual.ethernetChips) controller.addBoard(chip, virtual.scpTransport(chip));
}

async function traffic(
  virtual: VirtualMachine,
  controller: MachineController,
  { seed, senders = 5 }: TrafficOptions,
): Promise<object> {
  const random = randomFrom(seed);
  const draw = (end: number): number => Math.floor(random() * end);
  const { machine } = virtual;
  const chipAt = (): ChipAddress => machine.chips[draw(machine.chips.length)] as ChipAddress;
  const tables = new Map<number, RoutingEntry[]>();
  const sources = Array.from({ length: senders }, (_, index) => {
    const key = 0x10000 + 16 * index;
    const source = chipAt();
    const ways = waysFrom(virtual, source);
    const routes = new Map<number, number>();
    for (let left = 1 + draw(3); left > 0; left--)
      addTarget(routes, ways, chipAt(), 1 << (7 + draw(2)));
    for (const [chip, route] of routes) {
      tables.set(chip, [...(tables.get(chip) ?? []), { key, mask: 0xfffffff0, route }]);
    }
    return { key, at: { ...source, core: 1 + draw(2) }, packets: 30 + draw(60), long: draw(2) };
  });
  const chips = [...tables.keys()].map((address) => ({ x: address >>> 8, y: address & 255 }));
  for (const chip of chips) {
    const entries = tables.get(chipToAddress(chip)) as RoutingEntry[];
    await controller.loadRoutingTable(chip, entries, APP);
  }
  for (const { key, at, packets, long } of sources) {
    for (const [index, word] of [key, packets, long, 0].entries()) {
      const { address } = vcpuField(at.core, `user${index}` as 'user0');
      await controller.write(at, address, new Uint8Array(Uint32Array.of(word).buffer));
    }
  }
  const targets = chips.map(({ x, y }) => ({ chip: { x, y }, cores: CORES }));
  await controller.loadApplication(BURST, targets, APP, { by: 'flood', wait: true });
  await controller.signal(Signal.Start, APP);
  await virtual.advance(5 * MS);
  await controller.signal(Signal.User0, APP);
  await virtual.advance(3 * MS);
  await controller.signal(Signal.Exit, APP);
  await virtual.advance(3 * MS);
  const cores = [];
  for (const chip of chips) {
    await controller.write(chip, SCRATCH, Uint8Array.of(chip.x, chip.y, 3, 4));
    cores.push({
      chip,
      blocks: await Promise.all(CORES.map((core) => controller.vcpu({ ...chip, core }))),
      counters: [...(await controller.read(chip, COUNTERS, COUNTER_BYTES))],
      scratch: [...(await controller.read(chip, SCRATCH, 4))],
      systemRam: digest(await controller.read(chip, SYSTEM_RAM, SYSTEM_RAM_BYTES)),
    });
  }
  await controller.signal(Signal.Stop, APP);
  const { committedBytes, ...statistics } = virtual.statistics();
  return { cores, statistics, host: virtual.hostStatistics() };
}

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** By address of a chip, the chip and link by which it is reached from a source. */
type Ways = ReadonlyMap<number, { readonly from: ChipAddress; readonly link: number } | undefined>;

function waysFrom({ machine }: VirtualMachine, source: ChipAddress): Ways {
  const ways: Map<number, { from: ChipAddress; link: number } | undefined> = new Map();
  ways.set(chipToAddress(source), undefined);
  const queue = [source];
  for (const from of queue) {
    for (let link = 0; link < LINKS; link++) {
      const next = machine.chipAt(from.x, from.y)?.links.includes(link as 0)
        ? neighbour(machine, from, link as 0)
        : undefined;
      if (next === undefined || ways.has(chipToAddress(next))) continue;
      ways.set(chipToAddress(next), { from, link });
      queue.push(next);
    }
  }
  return ways;
}

function addTarget(routes: Map<number, number>, ways: Ways, target: ChipAddress, cores: number) {
  const add = (chip: ChipAddress, route: number) => {
    const address = chipToAddress(chip);
    routes.set(address, (routes.get(address) ?? 0) | route);
  };
  add(target, cores);
  for (let way = ways.get(chipToAddress(target)); way !== undefined; ) {
    add(way.from, 1 << way.link);
    way = ways.get(chipToAddress(way.from));
  }
}

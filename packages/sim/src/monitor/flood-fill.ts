/**
 * Flood fills and the other nearest-neighbour packets that hosts send. What CMD_NNP and CMD_FFD send is passed
 * on from chip to chip; here it reaches all chips of the machine at once, and each acts as SC&MP does. The
 * chip that sends it acts when a neighbour passes it back, so that a chip by itself never does. Source:
 * `scamp-nn.c` of spinnaker_tools 3.1.0, 3.4.1 and 4.0.0.
 */
import { decodeStart } from '@spin-tools/scp';
import { MONITOR_ACCESS } from '../chip/chip.js';
import type { CommonWrite } from '../chip/sdram.js';
import { setLeds } from './leds.js';
import { regionHas } from './regions.js';
import { signal } from './signals.js';
import type { ChipMonitor, FloodBlock, FloodFills, NeighbourPacket } from './world.js';

/** Operation codes in bits 27:24 of the key. */
const Operation = {
  Signal: 0,
  RouterControl: 1,
  Write: 4,
  Start: 6,
  CoreSelect: 7,
  End: 15,
} as const;
/** Operations of {@link Operation.Signal}, in bits 31:28 of the payload. */
const SignalOperation = {
  Forward: 0,
  Leds: 1,
  TimePhase: 2,
  Identifiers: 3,
  Application: 5,
} as const;
const CORE_MASK = 0x3ffff;
const FORWARD_LINKS = 0x3f;
const ROUTER_CONTROL = 0xf1000000;
/** Fields of the router's control register, by the bit of the payload that asks for them. */
const ROUTER_FIELDS = [
  [0x20, 0xff000000],
  [0x10, 0x00ff0000],
  [0x08, 0x00008000],
  [0x04, 0x00001f00],
  [0x02, 0x000000c0],
] as const;
/** Bases of writes: system variables, System RAM, system controller. */
const WRITE_BASES = [0xf5007f00, 0xf5000000, 0xf2000000];
const LAST_IDENTIFIER = 127;
/** What an odd reset of identifiers writes into each word of those that were seen. */
const SEEN_PATTERN = 0xff;
/** Packets of one block besides its words: its start and its end. */
const BLOCK_OVERHEAD = 2;

/** Where one flood fill stands on one chip. */
interface Fill {
  readonly id: number;
  readonly blocks: number;
  readonly received: Set<number>;
  lastSelection: number;
  cores: number;
  starts: boolean;
}

/** Nearest-neighbour packets of one chip. */
export class FloodFill implements FloodFills {
  private fill: Fill | undefined;
  /** Identifiers of packets that were seen, 128 bits; made when first needed. */
  private made: Uint32Array | undefined;

  /** Sends a packet as CMD_NNP does. */
  send(from: ChipMonitor, packet: NeighbourPacket): void {
    const key = packet.assignId ? packet.key | nextIdentifier(from) : packet.key;
    const copies = (packet.retry & 7) + 1;
    if (!leaves(from, packet.forward)) return;
    from.world.countNearestNeighbour(copies);
    for (const monitor of from.world.monitors) {
      monitor.floodFill.take(monitor, key >>> 0, packet.payload);
    }
  }

  /** Sends one block as CMD_FFD does. */
  data(from: ChipMonitor, block: FloodBlock): void {
    if (!leaves(from, block.forward)) return;
    const packets = block.data.length / 4 + BLOCK_OVERHEAD;
    from.world.countNearestNeighbour(packets * ((block.retry & 7) + 1));
    const write: CommonWrite = new Map();
    for (const monitor of from.world.monitors) monitor.floodFill.store(monitor, block, write);
  }

  /** A packet has come in. */
  take(monitor: ChipMonitor, key: number, payload: number): void {
    const operation = (key >>> 24) & 0xf;
    const id = (key >>> 1) & 0x7f;
    if (operation < Operation.CoreSelect && id !== 0 && !this.isNew(id)) return;
    switch (operation) {
      case Operation.Signal:
        this.signal(monitor, payload);
        return;
      case Operation.RouterControl:
        controlRouter(monitor, payload);
        return;
      case Operation.Write:
        write(monitor, key, payload);
        return;
      case Operation.Start:
        this.begin(monitor, key, payload);
        return;
      case Operation.CoreSelect:
        this.select(monitor, key & CORE_MASK, payload);
        return;
      case Operation.End:
        this.end(monitor, id, payload);
        return;
      default:
    }
  }

  /** A block has come in. */
  store(
    { memory }: ChipMonitor,
    { id, block, address, data }: FloodBlock,
    write: CommonWrite,
  ): void {
    const { fill } = this;
    if (fill === undefined || fill.id !== id >>> 1 || fill.received.has(block)) return;
    fill.received.add(block);
    memory.setCommonBytes(address, data, write);
  }

  private signal(monitor: ChipMonitor, payload: number): void {
    const { memory } = monitor;
    switch (payload >>> 28) {
      case SignalOperation.Forward:
        memory.setVariable('forward', (payload >>> 8) & 0xff);
        memory.setVariable('retry', payload & 0xff);
        return;
      case SignalOperation.Leds:
        setLeds(monitor, payload);
        return;
      case SignalOperation.TimePhase:
        memory.setVariable('timePhaseScale', payload & 0xf);
        memory.setVariable('timePhaseTimer', 0);
        return;
      case SignalOperation.Identifiers:
        this.seen.fill((payload & 1) === 1 ? SEEN_PATTERN : 0);
        return;
      case SignalOperation.Application:
        signal(monitor, payload);
        return;
      default:
    }
  }

  private begin({ address, release }: ChipMonitor, key: number, region: number): void {
    this.fill = {
      id: (key >>> 17) & 0x7f,
      blocks: (key >>> 8) & 0xff,
      received: new Set(),
      lastSelection: 0,
      cores: 0,
      starts: release.hasRegions && regionHas(region, address),
    };
  }

  /** Selections count in ascending order only. */
  private select({ address, release }: ChipMonitor, cores: number, region: number): void {
    const { fill } = this;
    const selection = region * (CORE_MASK + 1) + cores;
    if (fill === undefined || selection <= fill.lastSelection) return;
    fill.lastSelection = selection;
    if (release.hasRegions && !regionHas(region, address)) return;
    fill.starts = true;
    fill.cores |= cores;
  }

  private end({ memory, programs }: ChipMonitor, id: number, payload: number): void {
    const { fill } = this;
    if (fill === undefined || fill.id !== id) return;
    this.fill = undefined;
    if (!fill.starts || fill.received.size !== fill.blocks) return;
    const start = decodeStart(payload);
    const cores = (start.cores | fill.cores) & ~1;
    programs.start(memory.variable('sdramSystem'), { ...start, cores });
  }

  private get seen(): Uint32Array {
    this.made ??= new Uint32Array(4);
    return this.made;
  }

  /** Notes an identifier, and forgets those half a turn away. */
  private isNew(id: number): boolean {
    const word = id >>> 5;
    const bit = 1 << (id & 31);
    if (((this.seen[word] as number) & bit) !== 0) return false;
    this.seen[word] = (this.seen[word] as number) | bit;
    this.seen[(word + 2) % 4] = 0;
    return true;
  }
}

/** The next identifier of a chip, in its place in a key. */
function nextIdentifier({ memory }: ChipMonitor): number {
  const next = memory.variable('lastId') + 1;
  const id = next > LAST_IDENTIFIER ? 1 : next;
  memory.setVariable('lastId', id);
  return id << 1;
}

/** Whether a packet gets to a neighbour, who passes it on. */
function leaves(from: ChipMonitor, forward: number): boolean {
  const links = forward & from.memory.variable('linksEnabled') & FORWARD_LINKS;
  for (let link = 0; link < 6; link++) {
    const isTaken = ((links >>> link) & 1) === 1;
    if (isTaken && from.world.neighbour(from, link) !== undefined) return true;
  }
  return false;
}

function controlRouter({ memory }: ChipMonitor, payload: number): void {
  const mask = ROUTER_FIELDS.reduce(
    (fields, [wanted, field]) => ((payload & wanted) === 0 ? fields : fields | field),
    0,
  );
  memory.setWord(ROUTER_CONTROL, (memory.word(ROUTER_CONTROL) & ~mask) | (payload & mask));
}

/** Size in bits 19:18 of the key, base in 17:16, offset in 15:8. */
function write({ chip, memory }: ChipMonitor, key: number, payload: number): void {
  if (((key >>> 20) & 0xf) !== 0) return;
  const base = WRITE_BASES[(key >>> 16) & 3] ?? memory.variable('memoryPointer');
  const size = ([1, 2, 4, 4] as const)[(key >>> 18) & 3] as 1 | 2 | 4;
  const address = ((base + ((key >>> 8) & 0xff)) & -size) >>> 0;
  chip.write(MONITOR_ACCESS, address, size === 4 ? payload : payload & (2 ** (8 * size) - 1), size);
}

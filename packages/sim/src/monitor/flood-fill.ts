/**
 * Flood fills by nearest-neighbour packets, with the meaning that they have in SC&MP: every chip
 * stores the blocks; the end starts a program only if there was a core-select packet. Its region says
 * for which chips it is up to version 3, and is ignored since 4.0. The packets themselves are not simulated: all chips act at once.
 */
import { decodeSignal, decodeStart } from '@spin-tools/scp';
import type { CommonWrite } from '../chip/sdram.js';
import { signalAll } from './signals.js';
import type { ChipMonitor, FloodFills } from './world.js';

/** Operation codes in bits 27:24 of the key. */
const Operation = { Signal: 0, Start: 6, CoreSelect: 7, End: 15 } as const;
const SIGNAL_APPLICATION = 5;
const CORE_MASK = 0x3ffff;

/** Version up to which monitors obey the region of a core-select packet. */
const LAST_VERSION_WITH_REGIONS = 3;

/** Cores to start on the chips of a region. */
interface Selection {
  readonly region: number;
  readonly cores: number;
}

/** Where one flood fill stands. */
interface Fill {
  readonly id: number;
  readonly blocks: number;
  readonly received: Set<number>;
  readonly selections: Selection[];
}

/** Flood fills that start at one chip. */
export class FloodFill implements FloodFills {
  private fill: Fill | undefined;

  /** Carries out a nearest-neighbour packet. */
  packet(monitor: ChipMonitor, key: number, payload: number): void {
    switch ((key >>> 24) & 0xf) {
      case Operation.Signal:
        if (payload >>> 28 === SIGNAL_APPLICATION) signalAll(monitor, signalWord(payload));
        return;
      case Operation.Start:
        this.fill = {
          id: (key >>> 17) & 0x7f,
          blocks: (key >>> 8) & 0xff,
          received: new Set(),
          selections: [],
        };
        return;
      case Operation.CoreSelect:
        this.fill?.selections.push({ region: payload, cores: key & CORE_MASK });
        return;
      case Operation.End:
        this.end(monitor, (key >>> 1) & 0x7f, payload);
        return;
      default:
    }
  }

  /** Stores a block on all chips. */
  data(monitor: ChipMonitor, id: number, block: number, address: number, data: Uint8Array): void {
    const { fill } = this;
    if (fill === undefined || fill.id !== id >>> 1 || fill.received.has(block)) return;
    fill.received.add(block);
    const write: CommonWrite = new Map();
    for (const { memory } of monitor.world.monitors) memory.setCommonBytes(address, data, write);
  }

  private end(monitor: ChipMonitor, id: number, payload: number): void {
    const { fill } = this;
    if (fill === undefined || fill.id !== id) return;
    this.fill = undefined;
    if (fill.selections.length === 0 || fill.received.size !== fill.blocks) return;
    const start = decodeStart(payload);
    for (const { address, memory, programs } of monitor.world.monitors) {
      const unixTime = memory.variable('unixTime');
      const version = memory.variable('softwareVersion') >>> 16;
      const cores = fill.selections
        .filter(({ region }) => version > LAST_VERSION_WITH_REGIONS || includes(region, address))
        .reduce((mask, selection) => mask | selection.cores, start.cores);
      programs.start(memory.variable('sdramSystem'), { ...start, cores: cores & ~1 }, unixTime);
    }
  }
}

/** The signal of a packet's payload, without its operation. */
function signalWord(payload: number): number {
  const { signal, appMask, appId } = decodeSignal(payload & 0x0fffffff);
  return (signal << 16) | (appMask << 8) | appId;
}

/**
 * Whether a region has a chip: x in bits 31:24, y in 23:18, level in 17:16, and in 15:0 one bit for each
 * of the 4 x 4 blocks of the region, which are 64, 16, 4 or 1 chips wide. Source: rig, `regions.py`.
 */
function includes(region: number, address: number): boolean {
  const shift = 6 - 2 * ((region >>> 16) & 3);
  const [x, y] = [address >>> 8, address & 0xff];
  const isNear =
    x >>> (shift + 2) === (region >>> 24) >>> (shift + 2) &&
    y >>> (shift + 2) === ((region >>> 16) & 0xfc) >>> (shift + 2);
  const block = ((x >>> shift) & 3) + 4 * ((y >>> shift) & 3);
  return isNear && ((region >>> block) & 1) === 1;
}

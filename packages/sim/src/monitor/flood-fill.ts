/**
 * Flood fills by nearest-neighbour packets, with the meaning that they have in SC&MP 4.0: every chip
 * stores the blocks; the end starts a program only if there was a core-select packet, whose region is
 * ignored. The packets themselves are not simulated: all chips act at once.
 */
import { decodeSignal, decodeStart } from '@spin-tools/scp';
import { signalAll } from './signals.js';
import type { ChipMonitor, FloodFills } from './world.js';

/** Operation codes in bits 27:24 of the key. */
const Operation = { Signal: 0, Start: 6, CoreSelect: 7, End: 15 } as const;
const SIGNAL_APPLICATION = 5;
const CORE_MASK = 0x3ffff;

/** Where one flood fill stands. */
interface Fill {
  readonly id: number;
  readonly blocks: number;
  readonly received: Set<number>;
  selects: boolean;
  cores: number;
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
          selects: false,
          cores: 0,
        };
        return;
      case Operation.CoreSelect:
        if (this.fill === undefined) return;
        this.fill.selects = true;
        this.fill.cores |= key & CORE_MASK;
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
    for (const { memory } of monitor.world.monitors) memory.setBytes(address, data);
  }

  private end(monitor: ChipMonitor, id: number, payload: number): void {
    const { fill } = this;
    if (fill === undefined || fill.id !== id) return;
    this.fill = undefined;
    if (!fill.selects || fill.received.size !== fill.blocks) return;
    const start = decodeStart(payload);
    const cores = (start.cores | fill.cores) & ~1;
    for (const { memory, programs } of monitor.world.monitors) {
      const unixTime = memory.variable('unixTime');
      programs.start(memory.variable('sdramSystem'), { ...start, cores }, unixTime);
    }
  }
}

/** The signal of a packet's payload, without its operation. */
function signalWord(payload: number): number {
  const { signal, appMask, appId } = decodeSignal(payload & 0x0fffffff);
  return (signal << 16) | (appMask << 8) | appId;
}

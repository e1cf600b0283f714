/** The router as cores and monitor see it in memory. SpiNN-2 data sheet, router registers. */
import { BusError } from '../core/core.js';
import { COUNTERS } from './diagnostics.js';
import { P2P_WORDS, type PointToPointTable } from './point-to-point.js';
import type { Router } from './router.js';
import { TABLE_ENTRIES } from './routing-table.js';

const CONTROL = 0x00;
const STATUS = 0x04;
const DROP_HEADER = 0x18;
const DROP_KEY = 0x1c;
const DROP_PAYLOAD = 0x20;
const DROP_OUTPUTS = 0x24;
const DROP_STATUS = 0x28;
const COUNTER_CONTROL = 0x2c;
const DIVERSION = 0x80;
const FIXED_ROUTE = 0x84;
const FILTERS = 0x200;
const COUNTER_VALUES = 0x300;
const TEST1 = 0xf00;
const TEST2 = 0xf04;
const TEST_END = 0xf08;
const ROUTES = 0x4000;
const KEYS = 0x8000;
const MASKS = 0xc000;
const P2P_TABLE = 0x10000;

const TABLE_BYTES = 4 * TABLE_ENTRIES;
const CAM_MISS = 1;
const WAIT_BITS = 0xffff0000;
/** Bit of the control register that lets packets be routed; set after a reset. */
const ROUTE_ENABLE = 1 << 0;
/** Where the control register has the number of the monitor. */
const MONITOR_SHIFT = 8;
const MONITOR_MASK = 0x1f;
/** First wait time after a reset. Source: SpiNN-2 data sheet, as far as it is legible. */
const RESET_WAIT_1 = 0x40;
/** Bit of the control register that lets dropped packets interrupt cores. */
const DROP_INTERRUPT_ENABLE = 1 << 2;
/** Bits of the status register. */
const ANY_INTERRUPT = 1 << 31;
const DROP_INTERRUPT = 1 << 29;
const OUTPUT_STAGE_SHIFT = 24;

/** What registers need of the chip. */
export interface RegisterWiring {
  /** Sets the line of dropped packets on all cores. */
  setInterrupt(level: boolean): void;
  /** A diagnostic counter is looked at or changed. */
  countersRead(): void;
}

/** Registers of a router by their byte offsets. */
export class RouterRegisters {
  private control = ROUTE_ENABLE;
  private probe = 0;
  /** Registers that only hold what is written. */
  private readonly settings = new Map<number, number>();
  private interrupts = false;

  constructor(
    private readonly router: Router,
    private readonly pointToPoint: PointToPointTable,
    private readonly wiring: RegisterWiring,
  ) {}

  /** Physical number of the core that gets point-to-point and nearest-neighbour packets. */
  get monitor(): number {
    return (this.control >>> MONITOR_SHIFT) & MONITOR_MASK;
  }

  set monitor(core: number) {
    const others = this.control & ~(MONITOR_MASK << MONITOR_SHIFT);
    this.control = others | (core << MONITOR_SHIFT);
  }

  /** Back to the state after a reset; the tables keep what they hold. */
  reset(): void {
    this.control = ROUTE_ENABLE;
    this.router.wait1 = RESET_WAIT_1;
    this.router.wait2 = 0;
    this.settings.clear();
    this.router.reset();
    this.updateInterrupt();
  }

  /** Sets the line that tells cores of a dropped packet, as the registers say. */
  updateInterrupt(): void {
    const level = this.router.drops.isFull && (this.control & DROP_INTERRUPT_ENABLE) !== 0;
    if (level === this.interrupts) return;
    this.interrupts = level;
    this.wiring.setInterrupt(level);
  }

  /** Value of a register, unsigned. Throws BusError for the write-only keys and masks, and past the end. */
  read(offset: number): number {
    if (offset < ROUTES) return this.readControl(offset);
    if (offset < ROUTES + TABLE_BYTES) {
      return this.router.table.routeOf((offset - ROUTES) >> 2);
    }
    return this.pointToPoint.word(p2pWordAt(offset));
  }

  /** Writes a register. Throws BusError between the tables and past the end. */
  write(offset: number, value: number): void {
    const { table } = this.router;
    const entry = (offset & 0x3fff) >> 2;
    if (offset < ROUTES) this.writeControl(offset, value);
    else if (entry < TABLE_ENTRIES && offset < KEYS) table.setRoute(entry, value);
    else if (entry < TABLE_ENTRIES && offset < MASKS) table.setKey(entry, value);
    else if (entry < TABLE_ENTRIES && offset < P2P_TABLE) table.setMask(entry, value);
    else this.pointToPoint.setWord(p2pWordAt(offset), value);
  }

  private readControl(offset: number): number {
    const { router } = this;
    const { drops, diagnostics } = router;
    if (isCounting(offset)) this.wiring.countersRead();
    if (offset >= FILTERS && offset < FILTERS + 4 * COUNTERS) {
      return diagnostics.filter((offset - FILTERS) >> 2);
    }
    if (offset >= COUNTER_VALUES && offset < COUNTER_VALUES + 4 * COUNTERS) {
      return diagnostics.counters[(offset - COUNTER_VALUES) >> 2] as number;
    }
    switch (offset) {
      case CONTROL:
        return ((router.wait2 << 24) | (router.wait1 << 16) | this.control) >>> 0;
      case STATUS:
        return this.status;
      case DROP_HEADER:
        return drops.header >>> 0;
      case DROP_KEY:
        return drops.key >>> 0;
      case DROP_PAYLOAD:
        return drops.payload >>> 0;
      case DROP_OUTPUTS:
        return drops.outputs >>> 0;
      case DROP_STATUS:
        return this.takeDropStatus();
      case COUNTER_CONTROL:
        return diagnostics.control;
      case DIVERSION:
        return router.diversion.setting;
      case FIXED_ROUTE:
        return router.fixedRoute >>> 0;
      case TEST1:
        return this.probeTable();
      default:
        if (offset >= TEST_END) throw new BusError(0xe1000000 + offset);
        return this.settings.get(offset) ?? 0;
    }
  }

  private writeControl(offset: number, value: number): void {
    const { router } = this;
    const { diagnostics } = router;
    if (isCounting(offset)) this.wiring.countersRead();
    if (offset >= FILTERS && offset < FILTERS + 4 * COUNTERS) {
      diagnostics.setFilter((offset - FILTERS) >> 2, value);
    } else if (offset >= COUNTER_VALUES && offset < COUNTER_VALUES + 4 * COUNTERS) {
      diagnostics.counters[(offset - COUNTER_VALUES) >> 2] = value;
    } else if (offset === CONTROL) {
      this.control = value & ~WAIT_BITS & 0x7fff;
      router.wait1 = (value >>> 16) & 0xff;
      router.wait2 = value >>> 24;
      this.updateInterrupt();
    } else if (offset === COUNTER_CONTROL) diagnostics.control = value;
    else if (offset === DIVERSION) router.diversion.setting = value & 0xfff;
    else if (offset === FIXED_ROUTE) router.fixedRoute = value;
    else if (offset === TEST2) this.probe = value >>> 0;
    else if (offset < TEST_END) this.settings.set(offset, value >>> 0);
    else throw new BusError(0xe1000000 + offset);
  }

  private get status(): number {
    const interrupt = this.interrupts ? ANY_INTERRUPT | DROP_INTERRUPT : 0;
    return (interrupt | (this.router.outputStage << OUTPUT_STAGE_SHIFT)) >>> 0;
  }

  private takeDropStatus(): number {
    const status = this.router.drops.readStatus();
    this.updateInterrupt();
    return status;
  }

  /** Result of looking up the key in the second test register: bit 0 miss, entry in 10:1. */
  private probeTable(): number {
    const entry = this.router.table.match(this.probe);
    return entry < 0 ? CAM_MISS : entry << 1;
  }
}

/** Number of a word in the point-to-point table. Throws BusError before and past it. */
function p2pWordAt(offset: number): number {
  const word = (offset - P2P_TABLE) >> 2;
  if (word < 0 || word >= P2P_WORDS) throw new BusError(0xe1000000 + offset);
  return word;
}

/** Whether a register has to do with diagnostic counters. */
function isCounting(offset: number): boolean {
  return (
    offset === COUNTER_CONTROL || (offset >= FILTERS && offset < COUNTER_VALUES + 4 * COUNTERS)
  );
}

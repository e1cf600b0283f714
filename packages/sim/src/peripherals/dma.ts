/**
 * DMA controller of a core; SpiNN-2 data sheet, chapter on the DMA controller. One transfer is active and
 * one may be queued. A transfer moves all its words when it ends.
 */
import { BusError } from '../core/core.js';
import { CrcMatrix } from './crc.js';
import type { Peripheral, SetLines } from './peripheral.js';
import { Source } from './vic.js';

const SYSTEM_ADDRESS = 0x04;
const TCM_ADDRESS = 0x08;
const DESCRIPTION = 0x0c;
const CONTROL = 0x10;
const STATUS = 0x14;
const GLOBAL_CONTROL = 0x18;
const CRC_CALCULATED = 0x1c;
const CRC_RECEIVED = 0x20;
const TIMEOUT = 0x24;
const STATISTICS_CONTROL = 0x28;
const STATISTICS = 0x40;
const ACTIVE_SYSTEM_ADDRESS = 0x104;
const ACTIVE_TCM_ADDRESS = 0x108;
const ACTIVE_DESCRIPTION = 0x10c;
const CRC_MATRIX = 0x180;

const UNCOMMIT = 1 << 0;
const ABORT = 1 << 1;
const RESTART = 1 << 2;
const CLEAR_DONE = 1 << 3;
const CLEAR_TIMEOUT = 1 << 4;
const CLEAR_WRITE_BUFFER_ERROR = 1 << 5;

const TRANSFERRING = 1 << 0;
const PAUSED = 1 << 1;
const QUEUE_FULL = 1 << 2;
const DONE = 1 << 10;
const SECOND_DONE = 1 << 11;
const TIMED_OUT = 1 << 12;
const CRC_ERROR = 1 << 13;
const TCM_ERROR = 1 << 14;
const BUS_ERROR = 1 << 15;
const USER_ABORT = 1 << 16;
const WRITE_BUFFER_ERROR = 1 << 20;
const ANY_ERROR = 0x001fe000;
/** Conditions that a restart clears. */
const RESTARTABLE = CRC_ERROR | TCM_ERROR | BUS_ERROR | USER_ABORT;

const TO_SYSTEM = 1 << 19;
const WITH_CRC = 1 << 20;
const LENGTH_MASK = 0x1fffc;
const CRC_BYTES = 4;
/** Bit of the global control register that each tick of the slow clock sets. */
const SLOW_TICK = 1 << 31;
/** Cycles of a core in a tick of the slow clock, nominally 32 kHz. */
const SLOW_TICK_CYCLES = 6250;

/** All interrupt lines that this device drives. */
const ALL_LINES = (1 << Source.DmaDone) | (1 << Source.DmaTimeout) | (1 << Source.DmaError);

/** Cycles per word: 15 ns at 200 MHz. Source: S. Temple, "SpiNNaker Chip Resources" slides, 2015. */
const CYCLES_PER_WORD = 3;
/** Cycles before the first word: one access to SDRAM of 100 ns (same source); the real start-up is not published. */
const START_CYCLES = 20;

interface Transfer {
  readonly systemAddress: number;
  readonly tcmAddress: number;
  readonly description: number;
}

/** What the controller moves words between. */
export interface DmaMemories {
  /** The tightly coupled memory at an address, throws BusError where there is none. */
  tcm(address: number, length: number): Uint8Array;
  /** Called after words of tightly coupled memory were written. */
  tcmWritten(address: number, length: number): void;
  readBlock(address: number, target: Uint8Array): void;
  writeBlock(address: number, source: Uint8Array): void;
}

export class DmaController implements Peripheral {
  private systemAddress = 0;
  private tcmAddress = 0;
  private description = 0;
  private globalControl = 0;
  private timeout = 0;
  private statisticsControl = 0;
  /** Ticks of the slow clock when its bit was last cleared. */
  private slowTicks = 0;
  private readonly crc = new CrcMatrix();
  private crcCalculated = 0;
  private crcReceived = 0;
  /** Sticky condition bits of the status register. */
  private conditions = 0;
  private paused = false;
  private active: Transfer | undefined;
  private queued: Transfer | undefined;
  private endsAt = Number.POSITIVE_INFINITY;

  constructor(
    /** Physical core number, which the status register reports. */
    private readonly core: number,
    private readonly memories: DmaMemories,
    private readonly now: () => number,
    private readonly setLines: SetLines,
    /** Called when {@link nextEvent} has changed. */
    private readonly changed: () => void = () => undefined,
  ) {}

  reset(): void {
    this.globalControl = 0;
    this.timeout = 0;
    this.conditions = 0;
    this.paused = false;
    this.active = undefined;
    this.queued = undefined;
    this.setEnd(Number.POSITIVE_INFINITY);
    this.updateLines();
  }

  private setEnd(cycle: number): void {
    this.endsAt = cycle;
    this.changed();
  }

  /** Cycle at which the active transfer ends; Infinity without one. */
  get nextEvent(): number {
    return this.endsAt;
  }

  /** Ends the active transfer if its time has come, and starts the queued one. */
  settle(): void {
    if (this.active === undefined || this.endsAt > this.now()) return;
    while (this.active !== undefined && this.endsAt <= this.now()) {
      const { active, endsAt } = this;
      this.active = undefined;
      this.setEnd(Number.POSITIVE_INFINITY);
      this.finish(active);
      this.startQueued(endsAt);
    }
    this.updateLines();
  }

  /** Notes that a posted write of the core failed. */
  writeBufferFailed(): void {
    this.conditions |= WRITE_BUFFER_ERROR;
    this.updateLines();
  }

  private finish(transfer: Transfer): void {
    const error = this.move(transfer);
    this.conditions |= error;
    if (error !== 0) {
      this.paused = true;
      return;
    }
    this.conditions |= (this.conditions & DONE) !== 0 ? SECOND_DONE : DONE;
  }

  /** Moves all words; the error bits, 0 when there was none. */
  private move({ systemAddress, tcmAddress, description }: Transfer): number {
    const length = description & LENGTH_MASK;
    const hasCrc = (description & WITH_CRC) !== 0;
    const bytes = this.tcmBytes(tcmAddress, length);
    if (bytes === undefined) return TCM_ERROR;
    try {
      if ((description & TO_SYSTEM) !== 0) {
        this.memories.writeBlock(systemAddress >>> 0, hasCrc ? this.withCrc(bytes) : bytes);
        return 0;
      }
      const error = hasCrc ? this.readChecked(systemAddress, bytes) : 0;
      if (!hasCrc) this.memories.readBlock(systemAddress >>> 0, bytes);
      this.memories.tcmWritten(tcmAddress, length);
      return error;
    } catch (error) {
      if (error instanceof BusError) return BUS_ERROR;
      throw error;
    }
  }

  /** What is written with a CRC: it follows the words. */
  private withCrc(bytes: Uint8Array): Uint8Array {
    this.crcCalculated = this.crc.of(bytes);
    const whole = new Uint8Array(bytes.length + CRC_BYTES);
    whole.set(bytes);
    new DataView(whole.buffer).setUint32(bytes.length, this.crcCalculated, true);
    return whole;
  }

  /** Reads words and the CRC behind them; the error bits. */
  private readChecked(systemAddress: number, bytes: Uint8Array): number {
    const whole = new Uint8Array(bytes.length + CRC_BYTES);
    this.memories.readBlock(systemAddress >>> 0, whole);
    bytes.set(whole.subarray(0, bytes.length));
    this.crcCalculated = this.crc.of(bytes);
    this.crcReceived = new DataView(whole.buffer).getUint32(bytes.length, true);
    return this.crcCalculated === this.crcReceived ? 0 : CRC_ERROR;
  }

  private tcmBytes(address: number, length: number): Uint8Array | undefined {
    try {
      return this.memories.tcm(address, length);
    } catch (error) {
      if (error instanceof BusError) return undefined;
      throw error;
    }
  }

  private startQueued(at: number): void {
    if (this.paused || this.active !== undefined || this.queued === undefined) return;
    this.active = this.queued;
    this.queued = undefined;
    const { description } = this.active;
    const words = ((description & LENGTH_MASK) >> 2) + ((description & WITH_CRC) === 0 ? 0 : 1);
    this.setEnd(at + START_CYCLES + CYCLES_PER_WORD * words);
  }

  private updateLines(): void {
    const enabled = this.conditions & this.globalControl;
    const done = (enabled & (DONE | SECOND_DONE)) !== 0 ? 1 << Source.DmaDone : 0;
    const timeout = (enabled & TIMED_OUT) !== 0 ? 1 << Source.DmaTimeout : 0;
    const error = (enabled & ANY_ERROR) !== 0 ? 1 << Source.DmaError : 0;
    this.setLines(ALL_LINES, done | timeout | error);
  }

  private countSlowTicks(): number {
    return Math.floor(this.now() / SLOW_TICK_CYCLES);
  }

  private get status(): number {
    return (
      (this.core << 24) |
      this.conditions |
      (this.queued !== undefined ? QUEUE_FULL : 0) |
      (this.paused ? PAUSED : 0) |
      (this.active !== undefined ? TRANSFERRING : 0)
    );
  }

  read(offset: number): number {
    this.settle();
    if (offset >= CRC_MATRIX && offset < CRC_MATRIX + 128)
      return this.crc.row((offset - CRC_MATRIX) >> 2);
    if (offset >= STATISTICS && offset < STATISTICS + 32) return 0;
    switch (offset) {
      case SYSTEM_ADDRESS:
        return this.systemAddress;
      case TCM_ADDRESS:
        return this.tcmAddress;
      case DESCRIPTION:
        return this.description;
      case STATUS:
        return this.status;
      case GLOBAL_CONTROL:
        return this.globalControl | (this.countSlowTicks() > this.slowTicks ? SLOW_TICK : 0);
      case CRC_CALCULATED:
        return this.crcCalculated | 0;
      case CRC_RECEIVED:
        return this.crcReceived | 0;
      case TIMEOUT:
        return this.timeout;
      case STATISTICS_CONTROL:
        return this.statisticsControl;
      case ACTIVE_SYSTEM_ADDRESS:
        return this.active?.systemAddress ?? 0;
      case ACTIVE_TCM_ADDRESS:
        return this.active?.tcmAddress ?? 0;
      case ACTIVE_DESCRIPTION:
        return this.active?.description ?? 0;
      default:
        throw new BusError(offset);
    }
  }

  write(offset: number, value: number): void {
    this.settle();
    if (offset >= CRC_MATRIX && offset < CRC_MATRIX + 128) {
      this.crc.setRow((offset - CRC_MATRIX) >> 2, value);
      return;
    }
    switch (offset) {
      case SYSTEM_ADDRESS:
      case TCM_ADDRESS:
      case DESCRIPTION:
        this.writeTransfer(offset, value);
        return;
      case CONTROL:
        this.act(value);
        return;
      case GLOBAL_CONTROL:
        this.globalControl = value & ~SLOW_TICK;
        if ((value & SLOW_TICK) === 0) this.slowTicks = this.countSlowTicks();
        this.updateLines();
        return;
      case TIMEOUT:
        this.timeout = value & 0x3e0;
        return;
      case STATISTICS_CONTROL:
        this.statisticsControl = value & 1;
        return;
      default:
        throw new BusError(offset);
    }
  }

  /** Address and description registers; writing the description commits the transfer. */
  private writeTransfer(offset: number, value: number): void {
    if (this.queued !== undefined) throw new BusError(offset);
    if (offset === SYSTEM_ADDRESS) this.systemAddress = value & ~3;
    else if (offset === TCM_ADDRESS) this.tcmAddress = value & ~3;
    else {
      this.description = value;
      const { systemAddress, tcmAddress, description } = this;
      this.queued = { systemAddress, tcmAddress, description };
      this.startQueued(this.now());
    }
  }

  private act(actions: number): void {
    if ((actions & UNCOMMIT) !== 0) this.queued = undefined;
    if ((actions & ABORT) !== 0 && this.active !== undefined) {
      this.active = undefined;
      this.setEnd(Number.POSITIVE_INFINITY);
      this.conditions |= USER_ABORT;
      this.paused = true;
    }
    if ((actions & CLEAR_DONE) !== 0) {
      const both = (this.conditions & SECOND_DONE) !== 0;
      this.conditions &= both ? ~SECOND_DONE : ~DONE;
    }
    if ((actions & CLEAR_TIMEOUT) !== 0) this.conditions &= ~TIMED_OUT;
    if ((actions & CLEAR_WRITE_BUFFER_ERROR) !== 0) this.conditions &= ~WRITE_BUFFER_ERROR;
    if ((actions & RESTART) !== 0) {
      this.conditions &= ~RESTARTABLE;
      this.paused = false;
      this.startQueued(this.now());
    }
    this.updateLines();
  }
}

/**
 * The controller of a chip's SDRAM: an ARM PL340 (DDI 0331) with a delay-locked loop. Memory answers whatever
 * is written here; only states can be read back. SpiNN-2 data sheet, chapter on the memory controller.
 */
import { BusError } from '../core/core.js';

const STATUS = 0x00;
const COMMAND = 0x04;
const DIRECT_COMMAND = 0x08;
const DLL_STATUS = 0x300;
const DLL_CONFIGURATION = 0x304;
const IDENTIFICATION = 0xfe0;
const END = 0x1000;
const BASE = 0xe0000000;

/** What the status says besides the state: one chip, mobile DDR, width of 32 bits. */
const FEATURES = 0xb4 & ~3;
const State = { Configuring: 0, Ready: 1, Paused: 2, LowPower: 3 } as const;
const Command = { Go: 0, Sleep: 1, Wake: 2, Pause: 3, Configure: 4 } as const;
const DLL_LOCKED = 1 << 18;
const DLL_ENABLE = 1 << 24;
/** Where a loop that has locked stands in the middle of its range. Estimate. */
const DLL_METER = 0x40;
/** Peripheral and PrimeCell identification bytes of the PL340. */
const IDENTIFICATION_BYTES = [0x40, 0x13, 0x14, 0x00, 0x0d, 0xf0, 0x05, 0xb1] as const;

/** State after each command. */
const AFTER: Readonly<Record<number, number>> = {
  [Command.Go]: State.Ready,
  [Command.Sleep]: State.LowPower,
  [Command.Wake]: State.Paused,
  [Command.Pause]: State.Paused,
  [Command.Configure]: State.Configuring,
};

/** Registers by their byte offsets. */
export class MemoryController {
  private state: number = State.Configuring;
  /** Registers that hold what is written. */
  private readonly settings = new Map<number, number>();

  /** Back to the state after a reset. */
  reset(): void {
    this.state = State.Configuring;
    this.settings.clear();
  }

  /** Value of a register, unsigned. Throws BusError past the last one. */
  read(offset: number): number {
    if (offset >= END) throw new BusError(BASE + offset);
    if (offset >= IDENTIFICATION)
      return IDENTIFICATION_BYTES[(offset - IDENTIFICATION) >> 2] as number;
    if (offset === STATUS) return FEATURES | this.state;
    if (offset === DLL_STATUS) return this.isLocked ? DLL_LOCKED | DLL_METER : 0;
    if (offset === COMMAND || offset === DIRECT_COMMAND) return 0;
    return this.settings.get(offset) ?? 0;
  }

  /** Writes a register. Throws BusError past the last one. */
  write(offset: number, value: number): void {
    if (offset >= END) throw new BusError(BASE + offset);
    if (offset === COMMAND) this.state = AFTER[value & 7] ?? this.state;
    else this.settings.set(offset, value);
  }

  private get isLocked(): boolean {
    return ((this.settings.get(DLL_CONFIGURATION) ?? 0) & DLL_ENABLE) !== 0;
  }
}

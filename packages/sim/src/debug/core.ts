/** One core of a machine for a debugger: its name, registers and memory. */
import type { ChipAddress } from '@spin-tools/scp';
import { ArmCore } from '../arm/arm-core.js';
import { type Chip, CORES } from '../chip/chip.js';
import type { Inspection } from '../machine/inspection.js';
import { virtualCore } from './core-numbers.js';
import { MemoryView } from './memory-view.js';
import { readRegister, readRegisters, writeRegister } from './registers.js';

/** There is no program on a core, where one is needed. */
export class NoProgramError extends Error {
  override readonly name = 'NoProgramError';

  constructor(
    /** The core, in words. */
    readonly core: string,
  ) {
    super(`no ARM program was started on ${core}; load one and try again`);
  }
}

/** A place where a core may run a program. Reading it takes no simulated time and changes nothing. */
export class DebuggedCore {
  constructor(
    private readonly inspection: Inspection,
    /** Number of the chip in its machine. */
    readonly chipNumber: number,
    /** Physical core, 0 to 17. */
    readonly physical: number,
  ) {}

  /** A number of its own for each core of a machine, from 1 on. */
  get id(): number {
    return this.chipNumber * CORES + this.physical + 1;
  }

  /** The chip that the core is on. */
  get place(): ChipAddress {
    return this.chip.address;
  }

  /** Virtual core, once the chip is booted. */
  get virtual(): number | undefined {
    const { inspection, chipNumber } = this;
    return inspection.isBooted(chipNumber) ? virtualCore(this.chip, this.physical) : undefined;
  }

  /** For humans: `core 3 of chip (0, 1)`. */
  get name(): string {
    const { x, y } = this.place;
    const { virtual } = this;
    const core = virtual === undefined ? `physical core ${this.physical}` : `core ${virtual}`;
    return `${core} of chip (${x}, ${y})`;
  }

  /** The ARM core in this place, if a program was started there. */
  get arm(): ArmCore | undefined {
    const core = this.chip.ports[this.physical]?.core;
    return core instanceof ArmCore ? core : undefined;
  }

  /** Whether a program runs, sleeps or is stopped by a debugger here. */
  get hasProgram(): boolean {
    return this.arm?.isStarted === true;
  }

  /** Local simulated time, ns. */
  get time(): number {
    return this.started.time;
  }

  /** Whether it waits for an interrupt. */
  get isAsleep(): boolean {
    return this.arm?.asleep ?? true;
  }

  /**
   * Value of a register, unsigned: `r0` to `r12`, `sp`, `lr`, `pc`, `cpsr`, or a banked one such as `spsr_irq`.
   *
   * @throws NoProgramError, RegisterError
   */
  register(name: string): number {
    return readRegister(this.started.processor, name);
  }

  /** Values of many registers. Throws as {@link register} does. */
  registers(names: readonly string[]): number[] {
    return readRegisters(this.started.processor, names);
  }

  /** Sets a register. Throws as {@link register} does. */
  setRegister(name: string, value: number): void {
    writeRegister(this.started.processor, name, value);
  }

  /** Up to `length` bytes of memory, fewer where unreadable memory follows. Throws MemoryError. */
  readMemory(address: number, length: number): Uint8Array {
    return this.memory.read(address >>> 0, length);
  }

  /** Writes memory. Throws MemoryError; what lies before the address that it names has been written. */
  writeMemory(address: number, bytes: Uint8Array): void {
    this.memory.write(address >>> 0, bytes);
  }

  private get memory(): MemoryView {
    return new MemoryView(this.chip, this.arm);
  }

  private get started(): ArmCore {
    const { arm } = this;
    if (arm === undefined) throw new NoProgramError(this.name);
    return arm;
  }

  private get chip(): Chip {
    return this.inspection.chips[this.chipNumber] as Chip;
  }
}

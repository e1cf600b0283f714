/**
 * System controller of one chip: locks, flags, interrupts, resets and clocks of cores, pins, settings that only
 * hold their value. SpiNN-2 data sheet, chapter on the system controller.
 */
import { BusError } from '../core/core.js';
import { CoreLines, type CoreLinesWiring } from './core-lines.js';
import { Pin, type PinSurroundings, Pins } from './pins.js';
import { SubsystemResets, type SubsystemResetWiring } from './subsystem-resets.js';

const CHIP_ID = 0x00;
const CPU_DISABLE = 0x04;
const SET_INTERRUPT = 0x08;
const CLEAR_INTERRUPT = 0x0c;
const SET_OK = 0x10;
const CLEAR_OK = 0x14;
const SOFT_RESET = 0x18;
const HARD_RESET = 0x1c;
const SUBSYSTEM_RESET = 0x20;
const SOFT_RESET_PULSE = 0x24;
const HARD_RESET_PULSE = 0x28;
const SUBSYSTEM_RESET_PULSE = 0x2c;
const RESET_CODE = 0x30;
const MONITOR_ID = 0x34;
const MISC_CONTROL = 0x38;
const GPIO_RESISTORS = 0x3c;
const GPIO_PORT = 0x40;
const GPIO_DIRECTION = 0x44;
const GPIO_SET = 0x48;
const GPIO_CLEAR = 0x4c;
const SET_FLAG = 0x58;
const CLEAR_FLAG = 0x5c;
const SLEEP = 0x64;
const TEMPERATURES = 0x68;
const TEMPERATURES_END = 0x74;
const ARBITER = 0x80;
const TEST_AND_SET = 0x100;
const TEST_AND_CLEAR = 0x180;
const LINK_DISABLE = 0x200;
const END = 0x204;

/** Chip identity, data sheet: part 5911, version 1012. */
const CHIP_ID_VALUE = 0x59111012;
/** Top 12 bits that writes to protected registers must carry. */
const SECURITY_CODE = 0x5ec00000;
const PROTECTED_MASK = 0xfffff;
const CORES_MASK = 0x3ffff;
const RESET_MONITOR_ID = 0x1f;
const TAKEN = 0x80000000;
const ARM_ARBITER = 1 << 8;
const RESET_ON_WARNING = 1 << 16;
const BOOT_AREA_IS_RAM = 1;
/** Bits of the miscellaneous register that hold what is written; those above are pins. */
const MISC_SETTINGS = 0xffff;
/** A sensor has been started; its reading is there. */
const SENSOR_STARTED = 0x80000000;
const SENSOR_DONE = 1 << 24;
/** What all sensors read. Estimate: the data sheet gives no scale. */
const SENSOR_READING = 0x1400;
const LINKS_MASK = 0x3f;

/** Why a chip or its monitor was last reset, as the reset code tells. */
export const ResetCode = { PowerOn: 0, Watchdog: 1, User: 2, WholeChip: 3, Warning: 4 } as const;
export type ResetCode = (typeof ResetCode)[keyof typeof ResetCode];

const PROTECTED: ReadonlySet<number> = new Set([
  ...[CPU_DISABLE, SET_INTERRUPT, CLEAR_INTERRUPT, MONITOR_ID, LINK_DISABLE],
  ...[SOFT_RESET, HARD_RESET, SUBSYSTEM_RESET],
  ...[SOFT_RESET_PULSE, HARD_RESET_PULSE, SUBSYSTEM_RESET_PULSE],
]);

/** Registers that only cores of the chip look at: marks between them, pins, which of them sleep. */
const QUIET: ReadonlySet<number> = new Set([
  ...[SET_OK, CLEAR_OK, SET_FLAG, CLEAR_FLAG, GPIO_SET, GPIO_CLEAR, SLEEP],
]);
/** Pins that interrupt cores. */
const INTERRUPT_PINS = (1 << Pin.Interrupt8) | (1 << Pin.Interrupt9);

/**
 * Whether an access to a register has no effect on cores that do not look at it.
 *
 * @param value what is written; 0 for a read
 */
export function isQuietControl(offset: number, value: number): boolean {
  return QUIET.has(offset) && (value & INTERRUPT_PINS) === 0;
}

/** What the system controller does to the chip around it. */
export interface SystemControllerWiring
  extends CoreLinesWiring,
    SubsystemResetWiring,
    PinSurroundings {
  /** Sets the level of the interrupt line from the system controller to a physical core. */
  setCoreInterrupt(core: number, level: boolean): void;
  /** Physical cores that sleep, one bit each. */
  sleepingCores(): number;
}

/** The registers, by their byte offsets. */
export class SystemController {
  /** 32 flags, for synchronisation signals. */
  flags = 0;
  /** Physical cores that passed their self-test, one bit each. */
  okCores = 0;
  /** Physical core that is the monitor. */
  monitor = RESET_MONITOR_ID;
  /** Why the chip, or its monitor, was last reset. */
  resetCode: ResetCode = ResetCode.PowerOn;
  readonly pins: Pins;
  private readonly lines: CoreLines;
  private readonly subsystems: SubsystemResets;
  private locks = 0;
  private interrupts = 0;
  private isArbiterArmed = true;
  private resetsOnWarning = false;
  private misc = 0;
  private linkDisable = 0;
  /** Registers that only hold what is written, by offset: clocks and sensors. */
  private readonly settings = new Map<number, number>();

  constructor(private readonly wiring: SystemControllerWiring) {
    this.pins = new Pins(wiring);
    this.lines = new CoreLines(wiring);
    this.subsystems = new SubsystemResets(wiring);
  }

  /** Whether the top of memory shows System RAM, and not the boot ROM. */
  get bootAreaIsRam(): boolean {
    return (this.misc & BOOT_AREA_IS_RAM) !== 0;
  }

  /** Output register of the general-purpose pins; a 0 lights an LED. */
  get gpio(): number {
    return this.pins.output;
  }

  set gpio(value: number) {
    this.pins.write(value);
  }

  /** The watchdog has warned: resets the monitor, if that is what it is to do. */
  watchdogWarned(): void {
    if (!this.resetsOnWarning) return;
    this.resetCode = ResetCode.Warning;
    this.lines.pulse('soft', (1 << this.monitor) & CORES_MASK);
  }

  /** Value of a register, unsigned. Throws BusError past the last one. */
  read(offset: number): number {
    if (offset >= TEST_AND_SET && offset < LINK_DISABLE) return this.readLock(offset);
    if (offset >= ARBITER && offset < ARBITER + 18 * 4)
      return this.arbitrate((offset - ARBITER) >> 2);
    if (offset >= SOFT_RESET && offset <= SUBSYSTEM_RESET_PULSE) return this.readReset(offset);
    switch (offset) {
      case CHIP_ID:
        return CHIP_ID_VALUE;
      case CPU_DISABLE:
        return this.lines.disabled;
      case SET_INTERRUPT:
      case CLEAR_INTERRUPT:
        return this.interrupts;
      case SET_OK:
      case CLEAR_OK:
        return this.okCores >>> 0;
      case RESET_CODE:
        return this.resetCode;
      case SET_FLAG:
      case CLEAR_FLAG:
        return this.flags >>> 0;
      case GPIO_RESISTORS:
        return this.pins.resistors >>> 0;
      case GPIO_DIRECTION:
        return this.pins.direction >>> 0;
      case GPIO_PORT:
        return this.pins.output >>> 0;
      case GPIO_SET:
      case GPIO_CLEAR:
        return this.pins.levels >>> 0;
      case MONITOR_ID:
        return this.monitorRegister;
      case MISC_CONTROL:
        return this.misc;
      case SLEEP:
        return this.wiring.sleepingCores();
      case LINK_DISABLE:
        return this.linkDisable;
      default:
        if (offset >= END) throw new BusError(0xe2000000 + offset);
        return this.settings.get(offset) ?? 0;
    }
  }

  /** Writes a register. Writes without the security code to protected registers change nothing. */
  write(offset: number, value: number): void {
    if (offset >= END) throw new BusError(0xe2000000 + offset);
    if (PROTECTED.has(offset)) {
      if ((value & ~PROTECTED_MASK) >>> 0 !== SECURITY_CODE) return;
      this.writeProtected(offset, value & PROTECTED_MASK);
    } else this.writePlain(offset, value);
  }

  private writeProtected(offset: number, value: number): void {
    const cores = value & CORES_MASK;
    switch (offset) {
      case CPU_DISABLE:
        this.lines.disabled = cores;
        return;
      case SET_INTERRUPT:
        this.setInterrupts(cores, true);
        return;
      case CLEAR_INTERRUPT:
        this.setInterrupts(cores, false);
        return;
      case SOFT_RESET:
        this.lines.setLevel('soft', cores);
        return;
      case HARD_RESET:
        this.lines.setLevel('hard', cores);
        return;
      case SUBSYSTEM_RESET:
        this.subsystems.level = value;
        return;
      case SOFT_RESET_PULSE:
        this.lines.pulse('soft', cores);
        return;
      case HARD_RESET_PULSE:
        this.lines.pulse('hard', cores);
        return;
      case SUBSYSTEM_RESET_PULSE:
        this.subsystems.pulse(value);
        return;
      case MONITOR_ID:
        this.monitor = value & 0x1f;
        this.resetsOnWarning = (value & RESET_ON_WARNING) !== 0;
        this.isArbiterArmed ||= (value & ARM_ARBITER) !== 0;
        return;
      default:
        this.linkDisable = value;
        this.subsystems.disabledLinks = {
          incoming: value & LINKS_MASK,
          outgoing: (value >>> 8) & LINKS_MASK,
        };
    }
  }

  private writePlain(offset: number, value: number): void {
    const { pins } = this;
    switch (offset) {
      case SET_OK:
        this.okCores |= value;
        return;
      case CLEAR_OK:
        this.okCores &= ~value;
        return;
      case SET_FLAG:
        this.flags |= value;
        return;
      case CLEAR_FLAG:
        this.flags &= ~value;
        return;
      case GPIO_RESISTORS:
        pins.resistors = value;
        return;
      case GPIO_DIRECTION:
        pins.direction = value;
        return;
      case GPIO_PORT:
        pins.write(value);
        return;
      case GPIO_SET:
        pins.write(pins.output | value);
        return;
      case GPIO_CLEAR:
        pins.write(pins.output & ~value);
        return;
      case MISC_CONTROL:
        this.misc = value & MISC_SETTINGS;
        return;
      default:
        this.settings.set(offset, settingOf(offset, value));
    }
  }

  /** Whether a lock is taken. */
  isLocked(lock: number): boolean {
    return ((this.locks >>> lock) & 1) === 1;
  }

  /** Raises or clears interrupt lines of physical cores, one bit each. */
  setInterrupts(cores: number, level: boolean): void {
    this.interrupts = level ? this.interrupts | cores : this.interrupts & ~cores;
    for (let rest = cores; rest !== 0; rest &= rest - 1) {
      this.wiring.setCoreInterrupt(31 - Math.clz32(rest & -rest), level);
    }
  }

  private get monitorRegister(): number {
    const arbiter = this.isArbiterArmed ? ARM_ARBITER : 0;
    return this.monitor | arbiter | (this.resetsOnWarning ? RESET_ON_WARNING : 0);
  }

  /** Levels as written; pulses together with the levels. */
  private readReset(offset: number): number {
    switch (offset) {
      case SOFT_RESET:
        return this.lines.level('soft');
      case HARD_RESET:
        return this.lines.level('hard');
      case SOFT_RESET_PULSE:
        return this.lines.resets('soft');
      case HARD_RESET_PULSE:
        return this.lines.resets('hard');
      default:
        return this.subsystems.level;
    }
  }

  /** Test-and-set and test-and-clear: the bit before, in bit 31. */
  private readLock(offset: number): number {
    const bit = 1 << ((offset >> 2) & 31);
    const before = (this.locks & bit) !== 0 ? TAKEN : 0;
    if (offset < TEST_AND_CLEAR) this.locks |= bit;
    else this.locks &= ~bit;
    return before;
  }

  private arbitrate(core: number): number {
    if (!this.isArbiterArmed || core === this.monitor) return 0;
    this.isArbiterArmed = false;
    this.monitor = core;
    return TAKEN;
  }
}

/** What a register that holds its value holds after a write: a sensor that is started is done at once. */
function settingOf(offset: number, value: number): number {
  const isSensor = offset >= TEMPERATURES && offset < TEMPERATURES_END;
  if (!isSensor) return value >>> 0;
  const reading = (value & SENSOR_STARTED) !== 0 ? SENSOR_DONE | SENSOR_READING : 0;
  return ((value & SENSOR_STARTED) | reading) >>> 0;
}

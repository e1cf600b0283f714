/**
 * System controller of one chip: locks, flags, interrupts between cores, LEDs, settings that only hold
 * their value. SpiNN-2 data sheet, chapter on the system controller.
 */
import { BusError } from '../core/core.js';

const CHIP_ID = 0x00;
const CPU_DISABLE = 0x04;
const SET_INTERRUPT = 0x08;
const CLEAR_INTERRUPT = 0x0c;
const SET_OK = 0x10;
const CLEAR_OK = 0x14;
const SOFT_RESET = 0x18;
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
const ARBITER = 0x80;
const TEST_AND_SET = 0x100;
const TEST_AND_CLEAR = 0x180;
const LINK_DISABLE = 0x200;
const END = 0x204;

/** Chip identity, data sheet: part 5911, version 1012. */
const CHIP_ID_VALUE = 0x59111012;
/** Top 12 bits that writes to protected registers must carry. */
const SECURITY_CODE = 0x5ec00000;
const CORES_MASK = 0x3ffff;
const RESET_MONITOR_ID = 0x1f;
const TAKEN = 0x80000000;

const PROTECTED: ReadonlySet<number> = new Set([
  CPU_DISABLE,
  SET_INTERRUPT,
  CLEAR_INTERRUPT,
  MONITOR_ID,
  LINK_DISABLE,
]);

/** What the system controller does to the cores around it. */
export interface SystemControllerWiring {
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
  /** Output register of the general-purpose pins; a 0 lights an LED. */
  gpio = 0;
  private locks = 0;
  private interrupts = 0;
  private arbiterArmed = true;
  /** Registers that only hold what is written, by offset. */
  private readonly settings = new Map<number, number>([
    [GPIO_RESISTORS, 0xffffffff],
    [GPIO_DIRECTION, 0xffffffff],
  ]);

  constructor(private readonly wiring: SystemControllerWiring) {}

  /** Value of a register, unsigned. Throws BusError past the last one. */
  read(offset: number): number {
    if (offset >= TEST_AND_SET && offset < LINK_DISABLE) return this.readLock(offset);
    if (offset >= ARBITER && offset < ARBITER + 18 * 4)
      return this.arbitrate((offset - ARBITER) >> 2);
    switch (offset) {
      case CHIP_ID:
        return CHIP_ID_VALUE;
      case SET_INTERRUPT:
      case CLEAR_INTERRUPT:
        return this.interrupts;
      case SET_OK:
      case CLEAR_OK:
        return this.okCores >>> 0;
      case SET_FLAG:
      case CLEAR_FLAG:
        return this.flags >>> 0;
      case GPIO_PORT:
      case GPIO_SET:
      case GPIO_CLEAR:
        return this.gpio >>> 0;
      case MONITOR_ID:
        return this.monitor | (this.arbiterArmed ? 0x100 : 0);
      case SLEEP:
        return this.wiring.sleepingCores();
      default:
        if (offset >= END) throw new BusError(0xe2000000 + offset);
        return this.settings.get(offset) ?? 0;
    }
  }

  /** Writes a register. Writes without the security code to protected registers change nothing. */
  write(offset: number, value: number): void {
    if (offset >= END) throw new BusError(0xe2000000 + offset);
    if (PROTECTED.has(offset) && (value & 0xfff00000) >>> 0 !== SECURITY_CODE) return;
    switch (offset) {
      case SET_INTERRUPT:
        this.setInterrupts(value & CORES_MASK, true);
        return;
      case CLEAR_INTERRUPT:
        this.setInterrupts(value & CORES_MASK, false);
        return;
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
      case GPIO_PORT:
        this.gpio = value;
        return;
      case GPIO_SET:
        this.gpio |= value;
        return;
      case GPIO_CLEAR:
        this.gpio &= ~value;
        return;
      case MONITOR_ID:
        this.monitor = value & 0x1f;
        if ((value & 0x100) !== 0) this.arbiterArmed = true;
        return;
      case SOFT_RESET:
      case MISC_CONTROL:
        this.settings.set(offset, value & 0xfffff);
        return;
      default:
        this.settings.set(offset, value >>> 0);
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

  /** Test-and-set and test-and-clear: the bit before, in bit 31. */
  private readLock(offset: number): number {
    const bit = 1 << ((offset >> 2) & 31);
    const before = (this.locks & bit) !== 0 ? TAKEN : 0;
    if (offset < TEST_AND_CLEAR) this.locks |= bit;
    else this.locks &= ~bit;
    return before;
  }

  private arbitrate(core: number): number {
    if (!this.arbiterArmed || core === this.monitor) return 0;
    this.arbiterArmed = false;
    this.monitor = core;
    return TAKEN;
  }
}

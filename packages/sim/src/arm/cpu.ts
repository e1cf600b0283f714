/**
 * The programmer's model of one core: modes, banked registers, status registers, exceptions.
 * ARM Architecture Reference Manual (DDI 0100), chapter A2.
 */
import { PageTable } from './code-cache.js';
import type { CoreMemory } from './memory.js';
import type { RunningCore } from './running-core.js';
import { activeState, Kept, Slot, STATE_WORDS } from './state.js';

/** Mode field of the status registers. */
export const Mode = {
  User: 0x10,
  FastInterrupt: 0x11,
  Interrupt: 0x12,
  Supervisor: 0x13,
  Abort: 0x17,
  Undefined: 0x1b,
  System: 0x1f,
} as const;

/** Exceptions: where they go, in which mode, what their link register is relative to the instruction. */
export const Exception = {
  Undefined: { vector: 0x04, mode: Mode.Undefined },
  SoftwareInterrupt: { vector: 0x08, mode: Mode.Supervisor },
  PrefetchAbort: { vector: 0x0c, mode: Mode.Abort },
  DataAbort: { vector: 0x10, mode: Mode.Abort },
  Interrupt: { vector: 0x18, mode: Mode.Interrupt },
  FastInterrupt: { vector: 0x1c, mode: Mode.FastInterrupt },
} as const;
export type Exception = (typeof Exception)[keyof typeof Exception];

/** Bits of a program status register. */
export const Status = {
  Thumb: 1 << 5,
  FastInterruptDisable: 1 << 6,
  InterruptDisable: 1 << 7,
  Saturated: 1 << 27,
  Overflow: 1 << 28,
  Carry: 1 << 29,
  Zero: 1 << 30,
  Negative: 1 << 31,
} as const;

/** Bits that a saved status register has; the others read as zero. ARM Architecture Reference Manual A2.5, ARMv5TE. */
const SAVED_STATUS_BITS = 0xf80000ff | 0;

/** Bits of the CP15 control register that the core obeys. */
export const Control = {
  AlignmentFault: 1 << 1,
  HighVectors: 1 << 13,
  PlainProgramCounterLoads: 1 << 15,
} as const;

const MODE_BITS = 0x1f;
const DISABLES = Status.InterruptDisable | Status.FastInterruptDisable;

const HIGH_VECTORS = 0xffff0000 | 0;
/** CP15 control register after reset: high vectors, by the chip's strap; bits 6:3 read as one. */
const RESET_CONTROL = Control.HighVectors | 0x78;

/** A binding of this module, which the compiler knows as constant; an imported one it does not. */
const constantState = activeState;

/** Which set of r13, r14 and SPSR a mode uses. */
function bankOf(mode: number): number {
  switch (mode) {
    case Mode.FastInterrupt:
      return 1;
    case Mode.Interrupt:
      return 2;
    case Mode.Supervisor:
      return 3;
    case Mode.Abort:
      return 4;
    case Mode.Undefined:
      return 5;
    default:
      return 0;
  }
}

const FAST_BANK = 1;
const FIRST_BANKED = 8;
const FAST_BANKED = 5;

/** Status of one core while it runs; its registers and flags are then in {@link activeState}, or where they are kept. */
export class Cpu {
  control = RESET_CONTROL;
  /** The core that it is in. */
  owner: RunningCore | undefined;
  readonly pages: PageTable;
  private readonly saved: Int32Array;
  /** Where {@link saved} is in the arena. */
  readonly savedAddress: number;
  /** Registers and flags of the running core by {@link Slot}, be it resumed or not. */
  words: Int32Array;

  /** @param translates whether hot code is translated to WebAssembly; nothing but speed depends on it */
  constructor(
    readonly memory: CoreMemory,
    readonly translates = true,
  ) {
    const { words } = memory.kept;
    this.pages = new PageTable(memory.itcm32, words);
    this.saved = words;
    this.words = words;
    this.savedAddress = words.byteOffset;
    this.updateTranslates();
  }

  /** 1 in Thumb state. */
  get thumb(): 0 | 1 {
    return this.saved[Kept.Thumb] as 0 | 1;
  }

  set thumb(thumb: 0 | 1) {
    this.saved[Kept.Thumb] = thumb;
  }

  /** Set by WFI; the run loop clears it. */
  get asleep(): boolean {
    return this.saved[Kept.Asleep] !== 0;
  }

  set asleep(asleep: boolean) {
    this.saved[Kept.Asleep] = asleep ? 1 : 0;
  }

  /** Whether translated code may be used. */
  get mayTranslate(): boolean {
    return this.saved[Kept.Translates] !== 0;
  }

  /** Copies the registers in and begins a slice; until {@link suspend} they are in {@link activeState}. */
  resume(): void {
    this.resumeInSlice();
    activeState[Slot.Elapsed] = 0;
    activeState[Slot.Limit] = 0;
  }

  /** The same in the middle of a slice, unless it was done. */
  resumeInSlice(): void {
    const running = constantState;
    if (this.words === running) return;
    this.words = running;
    const { saved } = this;
    for (let word = 0; word < STATE_WORDS; word++) running[word] = saved[word] as number;
    running[Slot.Registers] = 0;
  }

  suspend(): void {
    const running = constantState;
    const { saved } = this;
    if (this.words === saved) return;
    this.words = saved;
    for (let word = 0; word < STATE_WORDS; word++) saved[word] = running[word] as number;
  }

  /** r15 of the running core, be it resumed or not. */
  get programCounter(): number {
    return this.words[15] as number;
  }

  /** Where translated code finds the registers and flags, in the arena. */
  get registersAddress(): number {
    return this.words === constantState ? 0 : this.savedAddress;
  }

  /** Register values of a core that does not run, as a debugger shows them. r15 is the next instruction's address. */
  get registers(): Int32Array {
    return this.saved.slice(0, 16);
  }

  /** Back to the state after reset, of a core that does not run: supervisor mode, interrupts masked. */
  reset(): void {
    this.thumb = 0;
    this.asleep = false;
    this.writeControl(RESET_CONTROL);
    this.saved.fill(0, 0, Kept.Control);
    this.saved[Kept.Control] =
      Mode.Supervisor | Status.InterruptDisable | Status.FastInterruptDisable;
    this.saved[Slot.Zero] = 1;
    this.saved[15] = this.vectorBase;
  }

  /** Sets where a core that does not run goes on, in which state, and its r0. */
  prepare(entry: number, argument: number, thumb: boolean): void {
    this.saved[0] = argument;
    this.saved[15] = entry;
    this.thumb = thumb ? 1 : 0;
  }

  get vectorBase(): number {
    return (this.control & Control.HighVectors) !== 0 ? HIGH_VECTORS : 0;
  }

  writeControl(value: number): void {
    this.control = value;
    this.saved[Kept.VectorBase] = this.vectorBase;
    this.updateTranslates();
    this.memory.checksAlignment = (value & Control.AlignmentFault) !== 0;
  }

  private updateTranslates(): void {
    const interworks = (this.control & Control.PlainProgramCounterLoads) === 0;
    const may = this.translates && interworks && this.memory.arenaAddress !== undefined;
    this.saved[Kept.Translates] = may ? 1 : 0;
  }

  /** Whether an interrupt is asked for while the present slice runs; what changes that ends the slice. */
  get isRequested(): boolean {
    return activeState[Slot.Requested] !== 0;
  }

  set isRequested(isRequested: boolean) {
    activeState[Slot.Requested] = isRequested ? 1 : 0;
  }

  get mode(): number {
    return this.controlField & MODE_BITS;
  }

  get interruptsDisabled(): boolean {
    return (this.controlField & Status.InterruptDisable) !== 0;
  }

  get fastInterruptsDisabled(): boolean {
    return (this.controlField & Status.FastInterruptDisable) !== 0;
  }

  private get controlField(): number {
    return this.saved[Kept.Control] as number;
  }

  get status(): number {
    const { words } = this;
    const negative = (words[Slot.Negative] as number) & Status.Negative;
    const zero = words[Slot.Zero] === 0 ? Status.Zero : 0;
    const carry = words[Slot.Carry] !== 0 ? Status.Carry : 0;
    const overflow = ((words[Slot.Overflow] as number) >>> 31) * Status.Overflow;
    const saturated = ((words[Slot.Saturated] as number) >>> 31) * Status.Saturated;
    const thumb = this.thumb === 1 ? Status.Thumb : 0;
    return negative | zero | carry | overflow | saturated | thumb | this.controlField;
  }

  /** Sets flags, interrupt disables, state and mode at once, as an exception return does. */
  set status(value: number) {
    this.setFlags(value);
    this.thumb = (value & Status.Thumb) !== 0 ? 1 : 0;
    this.setControlField(value);
  }

  setFlags(value: number): void {
    const { words } = this;
    words[Slot.Negative] = value;
    words[Slot.Zero] = ~value & Status.Zero;
    words[Slot.Carry] = (value >>> 29) & 1;
    words[Slot.Overflow] = value << 3;
    words[Slot.Saturated] = value << 4;
  }

  /** Sets interrupt disables and mode, not the state. */
  setControlField(value: number): void {
    this.switchMode(value & MODE_BITS);
    this.saved[Kept.Control] = value & (DISABLES | MODE_BITS);
  }

  get isPrivileged(): boolean {
    return this.mode !== Mode.User;
  }

  get hasSavedStatus(): boolean {
    return bankOf(this.mode) !== 0;
  }

  get spsr(): number {
    return this.saved[Kept.SavedStatus + bankOf(this.mode)] as number;
  }

  set spsr(value: number) {
    this.saved[Kept.SavedStatus + bankOf(this.mode)] = value & SAVED_STATUS_BITS;
  }

  /** Exchanges the banked registers. */
  switchMode(mode: number): void {
    const { saved, words } = this;
    const from = bankOf(this.mode);
    const to = bankOf(mode);
    saved[Kept.Control] = (this.controlField & DISABLES) | mode;
    if (from === to) return;
    const left = Kept.StackAndLink + 2 * from;
    const entered = Kept.StackAndLink + 2 * to;
    saved[left] = words[13] as number;
    saved[left + 1] = words[14] as number;
    words[13] = saved[entered] as number;
    words[14] = saved[entered + 1] as number;
    if (from === FAST_BANK || to === FAST_BANK) this.exchangeHigh();
  }

  private exchangeHigh(): void {
    const { saved, words } = this;
    for (let index = 0; index < FAST_BANKED; index++) {
      const other = saved[Kept.OtherHigh + index] as number;
      saved[Kept.OtherHigh + index] = words[FIRST_BANKED + index] as number;
      words[FIRST_BANKED + index] = other;
    }
  }

  /** Takes an exception: the program counter becomes its vector, r14 the given return address. */
  enter(exception: Exception, returnAddress: number): void {
    const status = this.status;
    this.switchMode(exception.mode);
    this.spsr = status;
    this.words[14] = returnAddress;
    this.thumb = 0;
    const disables = exception === Exception.FastInterrupt ? DISABLES : Status.InterruptDisable;
    this.saved[Kept.Control] = this.controlField | disables;
    this.words[15] = this.vectorBase + exception.vector;
  }

  /** Continues at an address whose bit 0 selects the state. */
  branchExchange(target: number): void {
    this.thumb = (target & 1) as 0 | 1;
    this.words[15] = this.thumb === 1 ? target & ~1 : target & ~3;
  }

  /** Continues at an address in the present state. */
  branch(target: number): void {
    this.words[15] = this.thumb === 1 ? target & ~1 : target & ~3;
  }

  /** Continues at a loaded address: switches state unless CP15 forbids it. */
  branchLoaded(target: number): void {
    if ((this.control & Control.PlainProgramCounterLoads) !== 0) this.branch(target);
    else this.branchExchange(target);
  }
}

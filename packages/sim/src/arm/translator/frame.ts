/** The local variables of a translated region: ARM registers in use, and what addresses and time need. */
import { activeState, Slot } from '../state.js';
import { Access, FunctionCode, ValueType, Wasm } from './wasm.js';

/** Bytes between words of {@link activeState}, which begins at address 0 of the arena. */
const WORD_BYTES = activeState.BYTES_PER_ELEMENT;
const PROGRAM_COUNTER = 15;
/** Registers below the program counter, and flags. */
const KEPT_SLOTS = [
  ...Array.from({ length: PROGRAM_COUNTER }, (_, register) => register),
  ...[Slot.Negative, Slot.Zero, Slot.Carry, Slot.Overflow, Slot.Saturated],
];
/** From the address of a core's memories in the arena to where its address 0x00400000 less that would be. */
const DATA_FROM_MEMORIES = 0x8000 - 0x00400000;

/** Locals of a region, which takes the address to begin at as its parameter. */
export class Frame {
  readonly code = new FunctionCode(1);
  /** Where execution is to go on. */
  readonly programCounter = 0;
  /** How the region is left, see {@link Leaving}. */
  readonly leaving = this.code.local();
  /** The word {@link Slot.Elapsed} but for what was executed since it was last brought up to date. */
  readonly elapsed = this.code.local();
  /** Address of the instruction memory in the arena. */
  readonly instructionMemory = this.code.local();
  /** To be added to an address in the data memory, for its place in the arena. */
  readonly dataMemory = this.code.local();
  /** Address of the present access. */
  readonly address = this.code.local();
  /** Address in the arena of the registers and flags. */
  private readonly kept = this.code.local();
  readonly scratch = this.code.local();
  readonly scratch2 = this.code.local();
  private readonly registers = new Map<number, number>();
  private readonly written = new Set<number>();
  private long: number | undefined;

  /** Pushes a word of the state: a register, or another {@link Slot}. */
  get(slot: number): void {
    this.code.get(this.localOf(slot));
  }

  /** Pops a word of the state. */
  set(slot: number): void {
    this.written.add(slot);
    this.code.set(this.localOf(slot));
  }

  /** A variable of 64 bits. */
  get longScratch(): number {
    this.long ??= this.code.local(ValueType.Long);
    return this.long;
  }

  /** Pushes a word of {@link activeState} as it is there. */
  loadState(slot: number): void {
    this.code.constant(0).access(Access.LoadWord, slot * WORD_BYTES);
  }

  /** Writes a word there; `value` pushes it. */
  storeState(slot: number, value: () => void): void {
    this.code.constant(0);
    value();
    this.code.access(Access.StoreWord, slot * WORD_BYTES);
  }

  /** Pushes a word that the core keeps besides registers and flags. */
  loadKept(word: number): void {
    this.loadState(Slot.Kept);
    this.code.access(Access.LoadWord, word * WORD_BYTES);
  }

  /** Writes such a word; `value` pushes it. */
  storeKept(word: number, value: () => void): void {
    this.loadState(Slot.Kept);
    value();
    this.code.access(Access.StoreWord, word * WORD_BYTES);
  }

  /** Takes over a word that was changed there. */
  reload(slot: number): void {
    this.loadState(slot);
    this.set(slot);
  }

  /** Makes a word visible there before the region is left. */
  expose(slot: number): void {
    this.storeState(slot, () => this.get(slot));
  }

  /** Writes all registers and flags to where they are kept. */
  exposeAll(): void {
    for (const slot of KEPT_SLOTS) this.keep(slot, this.localOf(slot));
    this.keep(PROGRAM_COUNTER, this.programCounter);
  }

  /** Takes them over from where they are kept now. */
  reloadAll(): void {
    this.loadState(Slot.Registers);
    this.code.set(this.kept);
    for (const slot of KEPT_SLOTS) this.takeOver(slot, this.localOf(slot));
    this.takeOver(PROGRAM_COUNTER, this.programCounter);
  }

  private takeOver(slot: number, local: number): void {
    this.code
      .get(this.kept)
      .access(Access.LoadWord, slot * WORD_BYTES)
      .set(local);
  }

  /** Puts around the code what loads words in use at first and stores those that were written at last. */
  finish(): void {
    const { code } = this;
    code.first(() => {
      this.loadState(Slot.Memories);
      code.tee(this.instructionMemory).constant(DATA_FROM_MEMORIES);
      code.do(Wasm.Add).set(this.dataMemory);
      this.loadState(Slot.Elapsed);
      code.set(this.elapsed);
      this.loadState(Slot.Registers);
      code.set(this.kept);
      for (const [slot, local] of this.registers) this.takeOver(slot, local);
    });
    for (const slot of this.written) this.keep(slot, this.localOf(slot));
    this.keep(PROGRAM_COUNTER, this.programCounter);
    this.storeState(Slot.Elapsed, () => code.get(this.elapsed));
    code.get(this.leaving);
  }

  private keep(slot: number, local: number): void {
    this.code
      .get(this.kept)
      .get(local)
      .access(Access.StoreWord, slot * WORD_BYTES);
  }

  private localOf(slot: number): number {
    const known = this.registers.get(slot);
    if (known !== undefined) return known;
    const local = this.code.local();
    this.registers.set(slot, local);
    return local;
  }
}

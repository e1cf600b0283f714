/**
 * Condition flags while code is translated: as long as possible it is only noted from which operands they
 * follow, so that a comparison and a branch become one comparison, and flags that nobody reads cost nothing.
 * Written out they have the form of {@link activeState}.
 */
import { Slot } from '../state.js';
import type { Frame } from './frame.js';
import { Wasm } from './wasm.js';

/** Where flags are at present: written out, or to be had from the operands of the last operation of a kind. */
interface Sources {
  /** N and Z. */
  readonly result: 'written' | 'sum' | 'difference' | 'logical';
  readonly carry: 'written' | 'sum' | 'difference' | 'bit';
  readonly overflow: 'written' | 'sum' | 'difference';
}

const WRITTEN: Sources = { result: 'written', carry: 'written', overflow: 'written' };

export class Flags {
  private sources = WRITTEN;
  private readonly a: number;
  private readonly b: number;
  private readonly sum: number;
  private readonly logical: number;
  private readonly bit: number;

  constructor(private readonly frame: Frame) {
    const { code } = frame;
    this.a = code.local();
    this.b = code.local();
    this.sum = code.local();
    this.logical = code.local();
    this.bit = code.local();
  }

  /** At the beginning of a block, flags are written out. */
  begin(): void {
    this.sources = WRITTEN;
  }

  /** Pops b, then a, whose difference sets all flags. */
  setDifference(): void {
    this.frame.code.set(this.b).set(this.a);
    this.sources = { result: 'difference', carry: 'difference', overflow: 'difference' };
  }

  /** Pushes the difference that was set last. */
  pushDifference(): void {
    this.frame.code.get(this.a).get(this.b).do(Wasm.Subtract);
  }

  /** Pops b, then a, whose sum sets all flags. */
  setSum(): void {
    const { code } = this.frame;
    code.set(this.b).tee(this.a).get(this.b).do(Wasm.Add).set(this.sum);
    this.sources = { result: 'sum', carry: 'sum', overflow: 'sum' };
  }

  /** Pops b, then a; a + b + carry sets all flags. */
  setSumWithCarry(): void {
    const { code, scratch } = this.frame;
    code.set(this.frame.scratch2);
    this.pushCarry();
    code.set(scratch).tee(this.a).get(this.frame.scratch2).tee(this.b);
    code.do(Wasm.Add).get(scratch).do(Wasm.Add).tee(this.sum);
    code.get(this.a).do(Wasm.LessUnsigned);
    code.get(this.sum).get(this.a).do(Wasm.Equal).get(scratch).do(Wasm.And, Wasm.Or);
    code.set(this.bit);
    this.sources = { result: 'sum', carry: 'bit', overflow: 'sum' };
  }

  /** Pushes the sum that was set last. */
  pushSum(): void {
    this.frame.code.get(this.sum);
  }

  /** Pops a result that sets N and Z. */
  setLogical(): void {
    this.frame.code.set(this.logical);
    this.sources = { ...this.sources, result: 'logical' };
  }

  /** Pushes the result that was set last. */
  pushLogical(): void {
    this.frame.code.get(this.logical);
  }

  /** Pops 0 or 1 as the carry. */
  setCarry(): void {
    this.frame.code.set(this.bit);
    this.sources = { ...this.sources, carry: 'bit' };
  }

  /** Pushes the carry, 0 or 1. */
  pushCarry(): void {
    const { code } = this.frame;
    switch (this.sources.carry) {
      case 'written':
        this.frame.get(Slot.Carry);
        return;
      case 'sum':
        code.get(this.sum).get(this.a).do(Wasm.LessUnsigned);
        return;
      case 'difference':
        code.get(this.a).get(this.b).do(Wasm.GreaterOrEqualUnsigned);
        return;
      default:
        code.get(this.bit);
    }
  }

  /** Writes the flags out; they are still had from where they come. */
  writeOut(): void {
    const { frame } = this;
    const { result, carry, overflow } = this.sources;
    if (result !== 'written') {
      this.pushResult(Slot.Negative);
      frame.set(Slot.Negative);
      this.pushResult(Slot.Zero);
      frame.set(Slot.Zero);
    }
    if (carry !== 'written') {
      this.pushCarry();
      frame.set(Slot.Carry);
    }
    if (overflow !== 'written') {
      this.pushOverflow();
      frame.set(Slot.Overflow);
    }
  }

  /** Writes the flags out and has them from there from now on. */
  settle(): void {
    this.writeOut();
    this.sources = WRITTEN;
  }

  /** Pushes whether a condition (0 = EQ to 13 = LE) holds: not 0 when it does. */
  pushCondition(condition: number): void {
    this.pushEvenCondition(condition & ~1);
    if ((condition & 1) === 1) this.frame.code.do(Wasm.EqualZero);
  }

  private pushEvenCondition(condition: number): void {
    const { code } = this.frame;
    const { result, carry, overflow } = this.sources;
    const isComparison = result === 'difference';
    switch (condition) {
      case 0:
        if (isComparison) code.get(this.a).get(this.b).do(Wasm.Equal);
        else {
          this.pushResult(Slot.Zero);
          code.do(Wasm.EqualZero);
        }
        return;
      case 2:
        this.pushCarry();
        return;
      case 4:
        this.pushResult(Slot.Negative);
        code.constant(0).do(Wasm.LessSigned);
        return;
      case 6:
        this.pushOverflow();
        code.constant(0).do(Wasm.LessSigned);
        return;
      case 8:
        if (isComparison && carry === 'difference')
          code.get(this.a).get(this.b).do(Wasm.GreaterUnsigned);
        else {
          this.pushCarry();
          this.pushResult(Slot.Zero);
          code.constant(0).do(Wasm.NotEqual, Wasm.And);
        }
        return;
      case 10:
        if (isComparison && overflow === 'difference')
          code.get(this.a).get(this.b).do(Wasm.GreaterOrEqualSigned);
        else this.pushGreaterOrEqual();
        return;
      default:
        if (isComparison && overflow === 'difference')
          code.get(this.a).get(this.b).do(Wasm.GreaterSigned);
        else {
          this.pushGreaterOrEqual();
          this.pushResult(Slot.Zero);
          code.constant(0).do(Wasm.NotEqual, Wasm.And);
        }
    }
  }

  private pushGreaterOrEqual(): void {
    this.pushResult(Slot.Negative);
    this.pushOverflow();
    this.frame.code.do(Wasm.ExclusiveOr).constant(0).do(Wasm.GreaterOrEqualSigned);
  }

  /** Pushes the word of {@link activeState} for N or Z. */
  private pushResult(slot: typeof Slot.Negative | typeof Slot.Zero): void {
    switch (this.sources.result) {
      case 'written':
        this.frame.get(slot);
        return;
      case 'sum':
        this.pushSum();
        return;
      case 'difference':
        this.pushDifference();
        return;
      default:
        this.pushLogical();
    }
  }

  private pushOverflow(): void {
    const { code } = this.frame;
    switch (this.sources.overflow) {
      case 'written':
        this.frame.get(Slot.Overflow);
        return;
      case 'sum':
        code.get(this.a).get(this.sum).do(Wasm.ExclusiveOr);
        code.get(this.b).get(this.sum).do(Wasm.ExclusiveOr, Wasm.And);
        return;
      default:
        code.get(this.a).get(this.b).do(Wasm.ExclusiveOr).get(this.a);
        this.pushDifference();
        code.do(Wasm.ExclusiveOr, Wasm.And);
    }
  }
}

/** Ways out of a block of translated code: to another block, or to the interpreter. */
import { Slot } from '../state.js';
import { Flags } from './flags.js';
import { Frame } from './frame.js';
import { type Label, Wasm } from './wasm.js';

/** How the interpreter goes on after a region was left. Bit 2 says whether in Thumb state. */
export const Leaving = {
  /** It tests the budget, as at every branch, and goes on at r15. */
  Enter: 0,
  /** It goes on at r15 without a test. */
  Continue: 1,
  /** The memory access of the instruction at r15 failed. */
  Fault: 2,
  /** Bits of these. */
  Mask: 3,
  ThumbShift: 2,
} as const;
export type Leaving = typeof Leaving.Enter | typeof Leaving.Continue | typeof Leaving.Fault;

const ONE_INSTRUCTION = 0x10000;
const CYCLES = 0xffff;

/** Where the code of a region branches to. */
export interface Targets {
  /** Where it is left. */
  readonly exit: Label;
  /** Goes to the block at `frame.programCounter`, or leaves the region when there is none. */
  readonly dispatch: Label;
  /** The block at an address, when it can be branched to directly from here. */
  direct(address: number): Label | undefined;
  /** Whether there is a block at an address. */
  has(address: number): boolean;
}

/** Code of the block that is being written. */
export class Exits {
  readonly frame = new Frame();
  readonly flags = new Flags(this.frame);
  /** Whether the block is a loop by itself: SDRAM is accessed in place there, which is faster and takes more code. */
  isLoop = false;
  /** What {@link Frame.elapsed} lacks. */
  private pending = 0;

  constructor(
    readonly thumb: 0 | 1,
    public targets: Targets,
  ) {}

  /** Begins a block. */
  begin(): void {
    this.flags.begin();
    this.pending = 0;
  }

  /** Counts an instruction that is executed now. */
  spend(cycles: number): void {
    this.pending += ONE_INSTRUCTION + cycles;
  }

  /** Ends a block that others follow. */
  settle(): void {
    this.flags.settle();
    this.updateElapsed();
    this.pending = 0;
  }

  /** Calls a function that sees the time and may change the limit of the slice; its operands are on the stack. */
  callOutside(index: number): void {
    const { frame } = this;
    const { code, elapsed } = frame;
    frame.storeState(Slot.Elapsed, () => code.get(elapsed).constant(this.pending).do(Wasm.Add));
    code.call(index);
  }

  /** Leaves the region for a known address. */
  leave(address: number, how: Leaving): void {
    const { frame, targets } = this;
    this.prepare(0);
    frame.code.constant(address).set(frame.programCounter);
    this.setLeaving(how);
    frame.code.branch(targets.exit);
  }

  /** Takes a branch to a known address in the same state. */
  jump(address: number, cycles: number): void {
    const { frame, targets } = this;
    const { code } = frame;
    this.prepare(cycles);
    if (!targets.has(address)) {
      code.constant(address).set(frame.programCounter);
      this.setLeaving(Leaving.Enter);
      code.branch(targets.exit);
      return;
    }
    const label = targets.direct(address);
    if (label === undefined) {
      code.constant(address).set(frame.programCounter);
      this.leaveWhenSpent();
      code.branch(targets.dispatch);
    } else {
      this.testBudget(address);
      code.branch(label);
    }
  }

  /** Branches to the address on the stack, in the state of its bit 0 when that may `switch`. */
  jumpIndirect(switches: boolean): void {
    const { frame, thumb, targets } = this;
    const { code, programCounter, leaving } = frame;
    this.prepare(0);
    code.set(programCounter);
    if (switches) {
      code.get(programCounter).constant(1).do(Wasm.And).constant(thumb).do(Wasm.NotEqual);
      code.if();
      code.get(programCounter).constant(thumb === 1 ? ~3 : ~1);
      code.do(Wasm.And).set(programCounter);
      code.constant((1 - thumb) << Leaving.ThumbShift).set(leaving);
      code.branch(targets.exit).end();
    }
    code.get(programCounter).constant(thumb === 1 ? ~1 : ~3);
    code.do(Wasm.And).set(programCounter);
    this.leaveWhenSpent();
    code.branch(targets.dispatch);
  }

  /** Leaves the region for a known address in the other state. */
  leaveSwitching(address: number): void {
    const { frame, targets, thumb } = this;
    this.prepare(0);
    frame.code.constant(address).set(frame.programCounter);
    frame.code.constant((1 - thumb) << Leaving.ThumbShift).set(frame.leaving);
    frame.code.branch(targets.exit);
  }

  /** Leaves the region in the way that is, plus 1, in a variable, when registers, flags and time are where they are kept. */
  leaveAsTold(told: number): void {
    const { frame } = this;
    frame.code.get(told).constant(1).do(Wasm.Subtract, Wasm.Return);
  }

  /** Leaves the region for `frame.programCounter`, to be looked up by the interpreter. */
  setLeaving(how: Leaving): void {
    const { code, leaving } = this.frame;
    code.constant(how | (this.thumb << Leaving.ThumbShift)).set(leaving);
  }

  /** Leaves the region for an address when the budget is spent. */
  testBudget(address: number): void {
    const { frame } = this;
    const { code } = frame;
    this.pushSpent();
    code.if();
    code.constant(address).set(frame.programCounter);
    this.setLeaving(Leaving.Enter);
    code.branch(this.targets.exit).end();
  }

  private leaveWhenSpent(): void {
    this.setLeaving(Leaving.Enter);
    this.pushSpent();
    this.frame.code.branchIf(this.targets.exit);
  }

  private pushSpent(): void {
    const { frame } = this;
    frame.code.get(frame.elapsed).constant(CYCLES).do(Wasm.And);
    frame.loadState(Slot.Limit);
    frame.code.do(Wasm.GreaterOrEqualSigned);
  }

  /** Brings flags and time up to date, without consequence for the code behind. */
  private prepare(cycles: number): void {
    this.flags.writeOut();
    this.updateElapsed(cycles);
  }

  private updateElapsed(cycles = 0): void {
    const { code, elapsed } = this.frame;
    if (this.pending + cycles === 0) return;
    code
      .get(elapsed)
      .constant(this.pending + cycles)
      .do(Wasm.Add)
      .set(elapsed);
  }
}

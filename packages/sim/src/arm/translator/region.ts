/**
 * A region as a WebAssembly module with one function: it takes the address to begin at, runs until the
 * budget is spent or execution gets somewhere else, and tells how it was left.
 *
 * Blocks stand by address inside nested WebAssembly blocks, so that a branch forwards goes straight to its
 * target; a branch to its own block is a loop; any other goes by a table of all addresses of the region.
 */
import { arena } from '../arena.js';
import { PAGE_BYTES } from '../code-cache.js';
import { ALWAYS, type Instruction, Op } from '../opcodes.js';
import { type Block, branchTarget, isNearBranch, type Region, type Step } from './blocks.js';
import { pushResult, setFlags } from './data-processing.js';
import { Exits, Leaving, type Targets } from './exits.js';
import { callImport, isCalled, stepGenerally } from './general-step.js';
import { generalTransfer, isGeneralTransfer, loadsProgramCounter } from './general-transfer.js';
import { isMultiplication, multiply } from './multiply.js';
import { dataProcessingOf } from './operations.js';
import { slowImports } from './slow-access.js';
import { isBlockTransfer, isTransfer, transfer, transferBlock } from './transfer.js';
import { encodeModule, type Label, Wasm } from './wasm.js';

/** Name of the function of a module. */
export const REGION_FUNCTION = 'run';
const LINK = 14;
const PROGRAM_COUNTER = 15;
/** Longest way from one block to the next in a table of addresses, bytes: each possible address takes a byte of module. */
const LONGEST_GAP = 512;
/** Cycles of a branch inside a page that is taken, beyond its own. */
const TAKEN = 2;

const CONTROL: ReadonlySet<number> = new Set([
  Op.BranchFar,
  Op.CallFar,
  Op.CallExchange,
  Op.CallSuffix,
  Op.CallExchangeSuffix,
  Op.BranchExchange,
  Op.CallExchangeRegister,
  Op.BranchToArm,
  Op.LoadMultipleWithPc,
  Op.LoadManyWithPc,
]);
const PLAIN: ReadonlySet<number> = new Set([
  Op.CountLeadingZeros,
  Op.CallPrefix,
  Op.NoOperation,
  Op.TestRotated,
]);

/** Whether an instruction can be part of a region. */
export function isTranslatable(each: Instruction): boolean {
  const { op, d, n, m, s } = each;
  if (isNearBranch(op) || CONTROL.has(op) || isBlockTransfer(each) || isCalled(each)) return true;
  if ([d, n, m, s].includes(PROGRAM_COUNTER)) return false;
  if (PLAIN.has(op) || isTransfer(each) || isGeneralTransfer(each) || isMultiplication(each))
    return true;
  return dataProcessingOf(op) !== undefined;
}

/** The module of a region. */
export function encodeRegion({ thumb, blocks }: Region): Uint8Array {
  const writer = new RegionWriter(thumb, blocks);
  const code = writer.write();
  return encodeModule(
    arena.buffer.byteLength,
    [...slowImports, callImport],
    [{ name: REGION_FUNCTION, parameters: 1, results: 1, code }],
  );
}

/** Addresses between which blocks start close together. */
interface Stretch {
  readonly low: number;
  readonly high: number;
}

/** Stretches of ascending addresses, in their order. */
function stretchesOf(starts: readonly number[]): readonly Stretch[] {
  const stretches: Stretch[] = [];
  for (const start of starts) {
    const last = stretches.at(-1);
    if (last === undefined || start - last.high > LONGEST_GAP) {
      stretches.push({ low: start, high: start });
    } else stretches[stretches.length - 1] = { low: last.low, high: start };
  }
  return stretches;
}

class RegionWriter {
  private readonly exits: Exits;
  /** Labels of the blocks that have not been written yet, by address. */
  private readonly ahead = new Map<number, Label>();
  private readonly starts: ReadonlySet<number>;
  /** The loop of the block that is being written. */
  private own: { readonly start: number; readonly label: Label } | undefined;

  constructor(
    private readonly thumb: 0 | 1,
    private readonly blocks: readonly Block[],
  ) {
    this.starts = new Set(blocks.map(({ start }) => start));
    const nowhere = { depth: 0 };
    this.exits = new Exits(thumb, this.targets(nowhere, nowhere));
  }

  write() {
    const { exits, blocks } = this;
    const { code } = exits.frame;
    const exit = code.block();
    const dispatch = code.loop();
    const otherwise = code.block();
    exits.targets = this.targets(exit, dispatch);
    for (const { start } of blocks.toReversed()) this.ahead.set(start, code.block());
    this.writeTable(otherwise);
    for (const block of blocks) {
      code.end();
      this.ahead.delete(block.start);
      this.writeBlock(block);
    }
    code.end();
    exits.setLeaving(Leaving.Enter);
    code.branch(exit).end().end();
    exits.frame.finish();
    return code;
  }

  private targets(exit: Label, dispatch: Label): Targets {
    return {
      exit,
      dispatch,
      direct: (address) => (this.own?.start === address ? this.own.label : this.ahead.get(address)),
      has: (address) => this.starts.has(address),
    };
  }

  /** Goes to the block at the address in `frame.programCounter`: finds its stretch, and in that by a table. */
  private writeTable(otherwise: Label): void {
    const { code, programCounter } = this.exits.frame;
    const stretches = stretchesOf(this.blocks.map(({ start }) => start));
    for (const stretch of stretches.slice(1).toReversed()) {
      code.get(programCounter).constant(stretch.low).do(Wasm.GreaterOrEqualUnsigned).if();
      this.writeStretch(stretch, otherwise);
      code.end();
    }
    this.writeStretch(stretches[0] as Stretch, otherwise);
  }

  private writeStretch({ low, high }: Stretch, otherwise: Label): void {
    const { code, programCounter } = this.exits.frame;
    const shift = 2 - this.thumb;
    const labels = Array.from(
      { length: ((high - low) >> shift) + 1 },
      (_, index) => this.ahead.get(low + (index << shift)) ?? otherwise,
    );
    code.get(programCounter).constant(low).do(Wasm.Subtract);
    code.constant(shift).do(Wasm.ShiftRightUnsigned).branchTable(labels, otherwise);
  }

  private writeBlock({ start, steps, next }: Block): void {
    const { exits } = this;
    const { code } = exits.frame;
    const loops = steps.some((step) => this.branchesTo(step, start));
    if (loops) this.own = { start, label: code.loop() };
    exits.begin();
    exits.isLoop = loops;
    for (const step of steps) this.writeStep(step);
    if (next !== undefined) this.writeEnd(next);
    if (loops) code.end();
    this.own = undefined;
  }

  private branchesTo(step: Step, address: number): boolean {
    const { op } = step.instruction;
    const isBranch = isNearBranch(op) || op === Op.BranchFar || op === Op.CallFar;
    return isBranch && branchTarget(step, this.thumb) === address;
  }

  /** What follows the last step of a block when it is not left. */
  private writeEnd(next: number): void {
    const { exits } = this;
    const label = this.ahead.get(next);
    const isPageEnd = next % PAGE_BYTES === 0;
    if (label === undefined) {
      exits.leave(next, isPageEnd ? Leaving.Enter : Leaving.Continue);
      return;
    }
    exits.settle();
    if (isPageEnd) exits.testBudget(next);
    exits.frame.code.branch(label);
  }

  private writeStep(step: Step): void {
    const { exits } = this;
    const { instruction, cycles } = step;
    exits.spend(cycles);
    const { op, condition } = instruction;
    if (op >= Op.BranchEqual && op <= Op.BranchLessOrEqual) {
      exits.flags.pushCondition(op - Op.BranchEqual);
      exits.frame.code.if();
      this.writeBranch(step);
      exits.frame.code.end();
    } else if (condition === ALWAYS) this.writeAlways(step);
    else this.writeConditional(step);
  }

  private writeConditional(step: Step): void {
    const { exits } = this;
    const { frame, flags } = exits;
    const { code } = frame;
    const { instruction } = step;
    const processing = dataProcessingOf(instruction.op);
    if (processing !== undefined && !processing.setsFlags) {
      pushResult(frame, flags, processing, instruction);
      frame.get(instruction.d);
      flags.pushCondition(instruction.condition);
      code.do(Wasm.Select);
      frame.set(instruction.d);
      return;
    }
    flags.pushCondition(instruction.condition);
    const { op } = instruction;
    const setsFlags =
      processing !== undefined ||
      op === Op.MultiplyFlags ||
      op === Op.TestRotated ||
      isCalled(instruction);
    if (setsFlags) flags.settle();
    code.if();
    this.writeAlways(step);
    if (setsFlags) flags.settle();
    code.end();
  }

  private writeAlways(step: Step): void {
    const { frame, flags } = this.exits;
    const { address, instruction } = step;
    const { op, d, n, m, immediate } = instruction;
    const processing = dataProcessingOf(op);
    if (processing !== undefined) {
      if (processing.setsFlags) setFlags(frame, flags, processing, instruction);
      else {
        pushResult(frame, flags, processing, instruction);
        frame.set(d);
      }
    } else if (isNearBranch(op) || CONTROL.has(op)) this.writeBranch(step);
    else if (isTransfer(instruction)) transfer(this.exits, address, instruction);
    else if (isGeneralTransfer(instruction)) this.writeGeneralTransfer(step);
    else if (isCalled(instruction)) {
      flags.settle();
      stepGenerally(this.exits, address, instruction);
    } else if (isBlockTransfer(instruction)) transferBlock(this.exits, address, instruction);
    else if (isMultiplication(instruction)) multiply(frame, flags, instruction);
    else if (op === Op.CountLeadingZeros) {
      frame.get(m);
      frame.code.do(Wasm.CountLeadingZeros);
      frame.set(d);
    } else if (op === Op.CallPrefix) {
      frame.code.constant(immediate);
      frame.set(LINK);
    } else if (op === Op.TestRotated) {
      frame.get(n);
      frame.code.constant(immediate).do(Wasm.And);
      flags.setLogical();
      frame.code.constant(immediate >>> 31);
      flags.setCarry();
    }
  }

  private writeGeneralTransfer({ address, instruction }: Step): void {
    const { exits } = this;
    const { frame } = exits;
    generalTransfer(exits, address, instruction);
    if (!loadsProgramCounter(instruction)) return;
    frame.code.get(frame.programCounter);
    exits.jumpIndirect(true);
  }

  private writeBranch(step: Step): void {
    const { exits } = this;
    const { frame } = exits;
    const { code } = frame;
    const { address, instruction } = step;
    const { op, m, immediate, extra } = instruction;
    switch (op) {
      case Op.CallFar:
      case Op.BranchFar:
        if (op === Op.CallFar) this.link(extra);
        exits.jump(immediate, 0);
        return;
      case Op.CallExchange:
        this.link(extra);
        exits.leaveSwitching(immediate);
        return;
      case Op.BranchToArm:
        exits.leaveSwitching(immediate);
        return;
      case Op.CallSuffix:
        frame.get(LINK);
        code.constant(immediate).do(Wasm.Add);
        this.link(extra);
        exits.jumpIndirect(false);
        return;
      case Op.CallExchangeSuffix:
        frame.get(LINK);
        code.constant(immediate).do(Wasm.Add).constant(~3).do(Wasm.And);
        this.link(extra);
        exits.jumpIndirect(true);
        return;
      case Op.CallExchangeRegister:
        frame.get(m);
        this.link(extra);
        exits.jumpIndirect(true);
        return;
      case Op.BranchExchange:
        frame.get(m);
        exits.jumpIndirect(true);
        return;
      case Op.LoadMultipleWithPc:
      case Op.LoadManyWithPc:
        transferBlock(exits, address, instruction);
        code.get(frame.programCounter);
        exits.jumpIndirect(true);
        return;
      default:
        if (op === Op.Call) this.link(extra);
        exits.jump(branchTarget(step, this.thumb), TAKEN);
    }
  }

  private link(address: number): void {
    this.exits.frame.code.constant(address);
    this.exits.frame.set(LINK);
  }
}

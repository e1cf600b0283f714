/**
 * Which code is translated together: from a hot address on, along branches, calls and returns, as blocks.
 *
 * A block begins where code can be entered by a branch. It goes on behind a conditional branch that is
 * not taken, since the budget is tested only where one is. Blocks that follow each other at a page end
 * test it there, as the interpreter does.
 */
import { decodeTimed, PAGE_BYTES } from '../code-cache.js';
import { ITCM_BYTES } from '../memory.js';
import { ALWAYS, ENTRY_WORDS, type Instruction, Op } from '../opcodes.js';
import { leavesStraightLine } from './general-step.js';

/** Most instructions translated together. The time to compile grows with them: 10 to 20 us each. */
const MOST_INSTRUCTIONS = 256;

/** An instruction where it stands. */
export interface Step {
  readonly address: number;
  readonly instruction: Instruction;
  /** Cycles when executed; taken branches inside a page add their own. */
  readonly cycles: number;
}

/** Code that is entered at its beginning only. */
export interface Block {
  readonly start: number;
  readonly steps: readonly Step[];
  /** Address behind the last step when execution can get there; undefined when it always leaves before. */
  readonly next: number | undefined;
}

/** Code translated together: all in one state. */
export interface Region {
  readonly thumb: 0 | 1;
  /** By address. */
  readonly blocks: readonly Block[];
}

/** Where an instruction can lead but to the one behind it. */
interface Flow {
  /** Known addresses in the same state. */
  readonly targets: readonly number[];
  /** Whether the one behind it can follow. */
  readonly continues: boolean;
}

/** Operations that leave straight-line code for an address that only execution knows, or another state. */
const LEAVING: ReadonlySet<number> = new Set([
  Op.LoadMultipleWithPc,
  Op.LoadManyWithPc,
  Op.CallExchange,
  Op.CallSuffix,
  Op.CallExchangeSuffix,
  Op.BranchExchange,
  Op.CallExchangeRegister,
  Op.BranchToArm,
]);

/** Whether an operation is a branch inside its page: its constant is a distance. */
export function isNearBranch(op: number): boolean {
  return (op >= Op.Branch && op <= Op.BranchLessOrEqual) || op === Op.Call;
}

/** Target of a branch or call to a constant address. */
export function branchTarget({ address, instruction }: Step, thumb: 0 | 1): number {
  const { op, immediate } = instruction;
  if (!isNearBranch(op)) return immediate;
  return address + (4 >> thumb) * (immediate / ENTRY_WORDS + 1);
}

function flowOf(step: Step, thumb: 0 | 1): Flow {
  const { op, condition, extra } = step.instruction;
  const isConditional =
    condition !== ALWAYS || (op >= Op.BranchEqual && op <= Op.BranchLessOrEqual);
  if (op === Op.Call || op === Op.CallFar) {
    return { targets: [branchTarget(step, thumb), extra & ~1], continues: isConditional };
  }
  if (isNearBranch(op) || op === Op.BranchFar) {
    return { targets: [branchTarget(step, thumb)], continues: isConditional };
  }
  if (op === Op.CallExchangeRegister || op === Op.CallExchange || op === Op.CallSuffix) {
    return { targets: [extra & ~1], continues: isConditional };
  }
  const leaves = LEAVING.has(op) || leavesStraightLine(step.instruction);
  return { targets: [], continues: isConditional || !leaves };
}

/** `ldr pc, [pc, #offset]`, and the bits that say so. ARM Architecture Reference Manual A5.2.2. */
const LOAD_PC_BY_PC = 0x051ff000;
const LOAD_PC_BY_PC_MASK = 0x0f7ff000;
const ADDS_OFFSET = 1 << 23;

/**
 * Where a load of the program counter from a word of instruction memory leads at present, in the same state: how
 * vectors lead to their handlers. The word is loaded when that is executed, so it does no harm if it changes.
 */
function loadedTarget(
  { instruction: { op, extra: word, immediate } }: Step,
  thumb: 0 | 1,
  itcm: Int32Array,
): number | undefined {
  if (op !== Op.GeneralTransfer || (word & LOAD_PC_BY_PC_MASK) !== LOAD_PC_BY_PC) return undefined;
  const offset = word & 0xfff;
  const address = immediate + ((word & ADDS_OFFSET) !== 0 ? offset : -offset);
  const target = (address & 3) === 0 ? itcm[address >> 2] : undefined;
  return target !== undefined && thumb === 0 && (target & 3) === 0 ? target : undefined;
}

/**
 * Collects the code from an address on.
 *
 * @param isTranslatable whether an instruction can be translated; the others end their block
 * @param isWithin whether code at an address may belong to it
 */
export function findRegion(
  entry: number,
  thumb: 0 | 1,
  itcm: Int32Array,
  isTranslatable: (instruction: Instruction) => boolean,
  isWithin: (address: number) => boolean,
): Region {
  const size = 4 >> thumb;
  const heads = new Set([entry]);
  const steps = new Map<number, Step>();
  const waiting = [entry];
  const isInside = (address: number) => address >= 0 && address < ITCM_BYTES && isWithin(address);
  const addHead = (address: number) => {
    if (!isInside(address) || heads.has(address)) return;
    heads.add(address);
    waiting.push(address);
  };
  for (let head = waiting.shift(); head !== undefined; head = waiting.shift()) {
    for (let address = head; !steps.has(address) && isInside(address); address += size) {
      if (steps.size >= MOST_INSTRUCTIONS) break;
      if (address !== head && address % PAGE_BYTES === 0) {
        addHead(address);
        break;
      }
      const step = { address, ...decodeTimed(address, thumb, itcm) };
      steps.set(address, step);
      if (!isTranslatable(step.instruction)) {
        addHead(address + size);
        break;
      }
      const { targets, continues } = flowOf(step, thumb);
      targets.forEach(addHead);
      const loaded = loadedTarget(step, thumb, itcm);
      if (loaded !== undefined) addHead(loaded);
      if (!continues) break;
    }
  }
  return { thumb, blocks: blocksOf(heads, steps, thumb, isTranslatable) };
}

function blocksOf(
  heads: ReadonlySet<number>,
  all: ReadonlyMap<number, Step>,
  thumb: 0 | 1,
  isTranslatable: (instruction: Instruction) => boolean,
): readonly Block[] {
  const size = 4 >> thumb;
  const starts = [...heads].filter((head) => {
    const step = all.get(head);
    return step !== undefined && isTranslatable(step.instruction);
  });
  starts.sort((a, b) => a - b);
  return starts.map((start) => {
    const steps: Step[] = [];
    for (let address = start; ; address += size) {
      const step = all.get(address);
      const isEnd = address !== start && (heads.has(address) || address % PAGE_BYTES === 0);
      if (isEnd || step === undefined || !isTranslatable(step.instruction)) {
        return { start, steps, next: address };
      }
      steps.push(step);
      if (!flowOf(step, thumb).continues) return { start, steps, next: undefined };
    }
  });
}

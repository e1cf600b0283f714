/**
 * The interpreter: one loop over decoded instructions.
 *
 * It is one long function because that is what makes it fast: the compiler keeps the position in the
 * code in machine registers and turns the switch into one indirect jump. Case labels are literal numbers
 * for the same reason, each checked by the compiler against its name in opcodes.ts. Aligned accesses to
 * the data memory are served here; all others by CoreMemory. The budget is tested at branches that are
 * taken, so a slice may overrun by the straight-line code up to the next one.
 */
import { BusError } from '../core/core.js';
import { takeAbort } from './abort.js';
import { loadListed, loadPacked, storeListed, storePacked } from './block.js';
import { codeStore, decodeEntry, type PageTable, singleEntry } from './code-cache.js';
import { holds } from './conditions.js';
import { Control, type Cpu } from './cpu.js';
import { executeGeneral } from './execute.js';
import { countEntry } from './heat.js';
import { executeRegisterShift } from './interpret-register-shifts.js';
import { executeShiftedFlags } from './interpret-shifted-flags.js';
import { FIRST_MARK, originalOf } from './marks.js';
import { PrefetchFault } from './memory.js';
import { highOfWordByHalf, highSigned, highUnsigned } from './multiply-high.js';
import type { Op } from './opcodes.js';
import { activeState } from './state.js';
import { Leaving } from './translator/exits.js';
import { takeFailure } from './translator/slow-access.js';
import {
  mayTranslate,
  NOT_ENTERED,
  prepareTranslations,
  runTranslation,
  translate,
  weightOfSlice,
} from './translator/translate.js';

const constantState = activeState;
const constantCode = codeStore;

/** Where the interpreter looks for the decoded pages of a core. */
export type DecodedPages = Pick<PageTable, 'starts' | 'find' | 'refresh'>;

/**
 * Runs the core whose registers are in {@link activeState} from r15 until the slice's cycles are spent or
 * something ends the slice (sleep, a status change, a device access that changes interrupts).
 *
 * @param testsBudget whether the budget is tested at first, as behind a branch
 * @param pages the core's own, unless its instructions are to be executed one by one
 */
export function interpret(cpu: Cpu, testsBudget = true, pages: DecodedPages = cpu.pages): void {
  // Read outside the loops, so that the compiler knows these blocks there as constants.
  const state = constantState;
  const code = constantCode;
  const { memory } = cpu;
  const itcm = memory.itcm32;
  const dtcm = memory.dtcm32;
  const dtcm16 = memory.dtcm16;
  const dtcm8 = memory.dtcm8;
  pages.refresh();
  const starts = pages.starts;
  const interworks = (cpu.control & Control.PlainProgramCounterLoads) === 0;
  const ENTRY_WORDS = 4;
  const ONE_INSTRUCTION = 0x10000;
  const CONDITIONAL = 256;
  // Shifts by a register and, flags set, by a constant: all above it that have no case here.
  const FIRST_SHIFTED = 190 satisfies Op['AddLogicalLeftByRegister'];
  const N = 16;
  const Z = 17;
  const C = 18;
  const V = 19;
  const Q = 20;
  const ELAPSED = 21;
  const LIMIT = 22;
  const translates = pages === cpu.pages && mayTranslate(cpu);
  let weight = weightOfSlice();
  if (translates) prepareTranslations(cpu);
  let tests = testsBudget;
  let pc = state[15] as number;
  let thumb: number = cpu.thumb;
  let i = 0;
  let bias = 0;
  try {
    enter: for (;;) {
      if (tests && ((state[ELAPSED] as number) & 0xffff) >= (state[LIMIT] as number)) break;
      tests = true;
      if (pc >>> 0 < 0x8000) {
        const known = starts[(pc >>> 10) + (thumb << 5)] as number;
        i = (known !== 0 ? known : pages.find(pc, thumb)) + ((pc & 1023) << thumb);
        if (translates && (code[i] as number) < FIRST_MARK) {
          if (countEntry(i, weight)) {
            translate(cpu, pc, thumb as 0 | 1);
            tests = false;
            continue;
          }
          weight = 1;
        }
      } else i = fetchOuter(cpu, pc, thumb);
      bias = pc - (i >> thumb);
      for (;;) {
        let op = code[i] as number;
        const f = code[i + 1] as number;
        i += ENTRY_WORDS;
        state[ELAPSED] = (state[ELAPSED] as number) + ((f >>> 16) & 63) + ONE_INSTRUCTION;
        if (op >= CONDITIONAL) {
          if (op >= FIRST_MARK) {
            if (translates) {
              const own = ((f >>> 16) & 63) + ONE_INSTRUCTION;
              state[ELAPSED] = (state[ELAPSED] as number) - own;
              cpu.thumb = thumb as 0 | 1;
              const left = runTranslation(op, ((i - ENTRY_WORDS) >> thumb) + bias, cpu);
              if (left !== NOT_ENTERED) {
                pc = state[15] as number;
                if ((left & Leaving.Mask) === Leaving.Fault) {
                  // The address of the instruction that failed is found from these.
                  i = ENTRY_WORDS;
                  bias = pc;
                  throw takeFailure();
                }
                thumb = left >> Leaving.ThumbShift;
                tests = (left & Leaving.Mask) !== Leaving.Continue;
                continue enter;
              }
              state[ELAPSED] = (state[ELAPSED] as number) + own;
            }
            op = originalOf(op);
          }
          if (op >= CONDITIONAL) {
            if (!holds(op - CONDITIONAL)) continue;
            op = f >>> 22;
          }
        }
        switch (op) {
          case 2 satisfies Op['MoveImmediate']:
            state[f & 15] = code[i - 2] as number;
            continue;
          case 3 satisfies Op['AddImmediate']:
            state[f & 15] = (state[(f >>> 4) & 15] as number) + (code[i - 2] as number);
            continue;
          case 4 satisfies Op['ReverseSubtractImmediate']:
            state[f & 15] = (code[i - 2] as number) - (state[(f >>> 4) & 15] as number);
            continue;
          case 5 satisfies Op['AndImmediate']:
            state[f & 15] = (state[(f >>> 4) & 15] as number) & (code[i - 2] as number);
            continue;
          case 6 satisfies Op['OrImmediate']:
            state[f & 15] = (state[(f >>> 4) & 15] as number) | (code[i - 2] as number);
            continue;
          case 7 satisfies Op['ExclusiveOrImmediate']:
            state[f & 15] = (state[(f >>> 4) & 15] as number) ^ (code[i - 2] as number);
            continue;
          case 8 satisfies Op['AddWithCarryImmediate']:
            state[f & 15] =
              (state[(f >>> 4) & 15] as number) + (code[i - 2] as number) + (state[C] as number);
            continue;
          case 9 satisfies Op['SubtractWithCarryImmediate']:
            state[f & 15] =
              (state[(f >>> 4) & 15] as number) -
              (code[i - 2] as number) -
              1 +
              (state[C] as number);
            continue;
          case 10 satisfies Op['MoveRegister']:
            state[f & 15] = state[(f >>> 8) & 15] as number;
            continue;
          case 11 satisfies Op['MoveNotRegister']:
            state[f & 15] = ~(state[(f >>> 8) & 15] as number);
            continue;
          case 12 satisfies Op['AddRegister']:
            state[f & 15] = (state[(f >>> 4) & 15] as number) + (state[(f >>> 8) & 15] as number);
            continue;
          case 13 satisfies Op['SubtractRegister']:
            state[f & 15] = (state[(f >>> 4) & 15] as number) - (state[(f >>> 8) & 15] as number);
            continue;
          case 14 satisfies Op['AndRegister']:
            state[f & 15] = (state[(f >>> 4) & 15] as number) & (state[(f >>> 8) & 15] as number);
            continue;
          case 15 satisfies Op['OrRegister']:
            state[f & 15] = (state[(f >>> 4) & 15] as number) | (state[(f >>> 8) & 15] as number);
            continue;
          case 16 satisfies Op['ExclusiveOrRegister']:
            state[f & 15] = (state[(f >>> 4) & 15] as number) ^ (state[(f >>> 8) & 15] as number);
            continue;
          case 17 satisfies Op['BitClearRegister']:
            state[f & 15] = (state[(f >>> 4) & 15] as number) & ~(state[(f >>> 8) & 15] as number);
            continue;
          case 18 satisfies Op['AddWithCarryRegister']:
            state[f & 15] =
              (state[(f >>> 4) & 15] as number) +
              (state[(f >>> 8) & 15] as number) +
              (state[C] as number);
            continue;
          case 19 satisfies Op['SubtractWithCarryRegister']:
            state[f & 15] =
              (state[(f >>> 4) & 15] as number) -
              (state[(f >>> 8) & 15] as number) -
              1 +
              (state[C] as number);
            continue;
          case 20 satisfies Op['MoveLogicalLeft']:
            state[f & 15] = (state[(f >>> 8) & 15] as number) << (code[i - 2] as number);
            continue;
          case 21 satisfies Op['MoveNotLogicalLeft']:
            state[f & 15] = ~((state[(f >>> 8) & 15] as number) << (code[i - 2] as number));
            continue;
          case 22 satisfies Op['AddLogicalLeft']:
            state[f & 15] =
              (state[(f >>> 4) & 15] as number) +
              ((state[(f >>> 8) & 15] as number) << (code[i - 2] as number));
            continue;
          case 23 satisfies Op['SubtractLogicalLeft']:
            state[f & 15] =
              (state[(f >>> 4) & 15] as number) -
              ((state[(f >>> 8) & 15] as number) << (code[i - 2] as number));
            continue;
          case 24 satisfies Op['ReverseSubtractLogicalLeft']:
            state[f & 15] =
              ((state[(f >>> 8) & 15] as number) << (code[i - 2] as number)) -
              (state[(f >>> 4) & 15] as number);
            continue;
          case 25 satisfies Op['AndLogicalLeft']:
            state[f & 15] =
              (state[(f >>> 4) & 15] as number) &
              ((state[(f >>> 8) & 15] as number) << (code[i - 2] as number));
            continue;
          case 26 satisfies Op['OrLogicalLeft']:
            state[f & 15] =
              (state[(f >>> 4) & 15] as number) |
              ((state[(f >>> 8) & 15] as number) << (code[i - 2] as number));
            continue;
          case 27 satisfies Op['ExclusiveOrLogicalLeft']:
            state[f & 15] =
              (state[(f >>> 4) & 15] as number) ^
              ((state[(f >>> 8) & 15] as number) << (code[i - 2] as number));
            continue;
          case 28 satisfies Op['BitClearLogicalLeft']:
            state[f & 15] =
              (state[(f >>> 4) & 15] as number) &
              ~((state[(f >>> 8) & 15] as number) << (code[i - 2] as number));
            continue;
          case 29 satisfies Op['MoveLogicalRight']:
            state[f & 15] = (state[(f >>> 8) & 15] as number) >>> (code[i - 2] as number);
            continue;
          case 30 satisfies Op['MoveNotLogicalRight']:
            state[f & 15] = ~((state[(f >>> 8) & 15] as number) >>> (code[i - 2] as number));
            continue;
          case 31 satisfies Op['AddLogicalRight']:
            state[f & 15] =
              (state[(f >>> 4) & 15] as number) +
              ((state[(f >>> 8) & 15] as number) >>> (code[i - 2] as number));
            continue;
          case 32 satisfies Op['SubtractLogicalRight']:
            state[f & 15] =
              (state[(f >>> 4) & 15] as number) -
              ((state[(f >>> 8) & 15] as number) >>> (code[i - 2] as number));
            continue;
          case 33 satisfies Op['ReverseSubtractLogicalRight']:
            state[f & 15] =
              ((state[(f >>> 8) & 15] as number) >>> (code[i - 2] as number)) -
              (state[(f >>> 4) & 15] as number);
            continue;
          case 34 satisfies Op['AndLogicalRight']:
            state[f & 15] =
              (state[(f >>> 4) & 15] as number) &
              ((state[(f >>> 8) & 15] as number) >>> (code[i - 2] as number));
            continue;
          case 35 satisfies Op['OrLogicalRight']:
            state[f & 15] =
              (state[(f >>> 4) & 15] as number) |
              ((state[(f >>> 8) & 15] as number) >>> (code[i - 2] as number));
            continue;
          case 36 satisfies Op['ExclusiveOrLogicalRight']:
            state[f & 15] =
              (state[(f >>> 4) & 15] as number) ^
              ((state[(f >>> 8) & 15] as number) >>> (code[i - 2] as number));
            continue;
          case 37 satisfies Op['BitClearLogicalRight']:
            state[f & 15] =
              (state[(f >>> 4) & 15] as number) &
              ~((state[(f >>> 8) & 15] as number) >>> (code[i - 2] as number));
            continue;
          case 38 satisfies Op['MoveArithmeticRight']:
            state[f & 15] = (state[(f >>> 8) & 15] as number) >> (code[i - 2] as number);
            continue;
          case 39 satisfies Op['MoveNotArithmeticRight']:
            state[f & 15] = ~((state[(f >>> 8) & 15] as number) >> (code[i - 2] as number));
            continue;
          case 40 satisfies Op['AddArithmeticRight']:
            state[f & 15] =
              (state[(f >>> 4) & 15] as number) +
              ((state[(f >>> 8) & 15] as number) >> (code[i - 2] as number));
            continue;
          case 41 satisfies Op['SubtractArithmeticRight']:
            state[f & 15] =
              (state[(f >>> 4) & 15] as number) -
              ((state[(f >>> 8) & 15] as number) >> (code[i - 2] as number));
            continue;
          case 42 satisfies Op['ReverseSubtractArithmeticRight']:
            state[f & 15] =
              ((state[(f >>> 8) & 15] as number) >> (code[i - 2] as number)) -
              (state[(f >>> 4) & 15] as number);
            continue;
          case 43 satisfies Op['AndArithmeticRight']:
            state[f & 15] =
              (state[(f >>> 4) & 15] as number) &
              ((state[(f >>> 8) & 15] as number) >> (code[i - 2] as number));
            continue;
          case 44 satisfies Op['OrArithmeticRight']:
            state[f & 15] =
              (state[(f >>> 4) & 15] as number) |
              ((state[(f >>> 8) & 15] as number) >> (code[i - 2] as number));
            continue;
          case 45 satisfies Op['ExclusiveOrArithmeticRight']:
            state[f & 15] =
              (state[(f >>> 4) & 15] as number) ^
              ((state[(f >>> 8) & 15] as number) >> (code[i - 2] as number));
            continue;
          case 46 satisfies Op['BitClearArithmeticRight']:
            state[f & 15] =
              (state[(f >>> 4) & 15] as number) &
              ~((state[(f >>> 8) & 15] as number) >> (code[i - 2] as number));
            continue;
          case 47 satisfies Op['MoveRotateRight']:
            state[f & 15] =
              ((state[(f >>> 8) & 15] as number) >>> (code[i - 2] as number)) |
              ((state[(f >>> 8) & 15] as number) << -(code[i - 2] as number));
            continue;
          case 48 satisfies Op['MoveNotRotateRight']:
            state[f & 15] = ~(
              ((state[(f >>> 8) & 15] as number) >>> (code[i - 2] as number)) |
              ((state[(f >>> 8) & 15] as number) << -(code[i - 2] as number))
            );
            continue;
          case 49 satisfies Op['AddRotateRight']:
            state[f & 15] =
              (state[(f >>> 4) & 15] as number) +
              (((state[(f >>> 8) & 15] as number) >>> (code[i - 2] as number)) |
                ((state[(f >>> 8) & 15] as number) << -(code[i - 2] as number)));
            continue;
          case 50 satisfies Op['SubtractRotateRight']:
            state[f & 15] =
              (state[(f >>> 4) & 15] as number) -
              (((state[(f >>> 8) & 15] as number) >>> (code[i - 2] as number)) |
                ((state[(f >>> 8) & 15] as number) << -(code[i - 2] as number)));
            continue;
          case 51 satisfies Op['ReverseSubtractRotateRight']:
            state[f & 15] =
              (((state[(f >>> 8) & 15] as number) >>> (code[i - 2] as number)) |
                ((state[(f >>> 8) & 15] as number) << -(code[i - 2] as number))) -
              (state[(f >>> 4) & 15] as number);
            continue;
          case 52 satisfies Op['AndRotateRight']:
            state[f & 15] =
              (state[(f >>> 4) & 15] as number) &
              (((state[(f >>> 8) & 15] as number) >>> (code[i - 2] as number)) |
                ((state[(f >>> 8) & 15] as number) << -(code[i - 2] as number)));
            continue;
          case 53 satisfies Op['OrRotateRight']:
            state[f & 15] =
              (state[(f >>> 4) & 15] as number) |
              (((state[(f >>> 8) & 15] as number) >>> (code[i - 2] as number)) |
                ((state[(f >>> 8) & 15] as number) << -(code[i - 2] as number)));
            continue;
          case 54 satisfies Op['ExclusiveOrRotateRight']:
            state[f & 15] =
              (state[(f >>> 4) & 15] as number) ^
              (((state[(f >>> 8) & 15] as number) >>> (code[i - 2] as number)) |
                ((state[(f >>> 8) & 15] as number) << -(code[i - 2] as number)));
            continue;
          case 55 satisfies Op['BitClearRotateRight']:
            state[f & 15] =
              (state[(f >>> 4) & 15] as number) &
              ~(
                ((state[(f >>> 8) & 15] as number) >>> (code[i - 2] as number)) |
                ((state[(f >>> 8) & 15] as number) << -(code[i - 2] as number))
              );
            continue;
          case 56 satisfies Op['MoveLogicalLeftByRegister']: {
            const value = state[(f >>> 8) & 15] as number;
            const distance = (state[(f >>> 12) & 15] as number) & 255;
            state[f & 15] = distance < 32 ? value << distance : 0;
            continue;
          }
          case 57 satisfies Op['MoveLogicalRightByRegister']: {
            const value = state[(f >>> 8) & 15] as number;
            const distance = (state[(f >>> 12) & 15] as number) & 255;
            state[f & 15] = distance < 32 ? value >>> distance : 0;
            continue;
          }
          case 58 satisfies Op['MoveArithmeticRightByRegister']: {
            const value = state[(f >>> 8) & 15] as number;
            const distance = (state[(f >>> 12) & 15] as number) & 255;
            state[f & 15] = value >> (distance < 32 ? distance : 31);
            continue;
          }
          case 59 satisfies Op['AddFlagsImmediate']: {
            const a = state[(f >>> 4) & 15] as number;
            const b = code[i - 2] as number;
            const result = (a + b) | 0;
            state[f & 15] = result;
            state[N] = result;
            state[Z] = result;
            state[C] = result >>> 0 < a >>> 0 ? 1 : 0;
            state[V] = (a ^ result) & (b ^ result);
            continue;
          }
          case 60 satisfies Op['SubtractFlagsImmediate']: {
            const a = state[(f >>> 4) & 15] as number;
            const b = code[i - 2] as number;
            const result = (a - b) | 0;
            state[f & 15] = result;
            state[N] = result;
            state[Z] = result;
            state[C] = a >>> 0 >= b >>> 0 ? 1 : 0;
            state[V] = (a ^ b) & (a ^ result);
            continue;
          }
          case 61 satisfies Op['ReverseSubtractFlagsImmediate']: {
            const a = code[i - 2] as number;
            const b = state[(f >>> 4) & 15] as number;
            const result = (a - b) | 0;
            state[f & 15] = result;
            state[N] = result;
            state[Z] = result;
            state[C] = a >>> 0 >= b >>> 0 ? 1 : 0;
            state[V] = (a ^ b) & (a ^ result);
            continue;
          }
          case 62 satisfies Op['MoveFlagsImmediate']: {
            const result = code[i - 2] as number;
            state[f & 15] = result;
            state[N] = result;
            state[Z] = result;
            continue;
          }
          case 63 satisfies Op['AndFlagsImmediate']: {
            const result = (state[(f >>> 4) & 15] as number) & (code[i - 2] as number);
            state[f & 15] = result;
            state[N] = result;
            state[Z] = result;
            continue;
          }
          case 64 satisfies Op['OrFlagsImmediate']: {
            const result = (state[(f >>> 4) & 15] as number) | (code[i - 2] as number);
            state[f & 15] = result;
            state[N] = result;
            state[Z] = result;
            continue;
          }
          case 65 satisfies Op['ExclusiveOrFlagsImmediate']: {
            const result = (state[(f >>> 4) & 15] as number) ^ (code[i - 2] as number);
            state[f & 15] = result;
            state[N] = result;
            state[Z] = result;
            continue;
          }
          case 66 satisfies Op['AddFlagsRegister']: {
            const a = state[(f >>> 4) & 15] as number;
            const b = state[(f >>> 8) & 15] as number;
            const result = (a + b) | 0;
            state[f & 15] = result;
            state[N] = result;
            state[Z] = result;
            state[C] = result >>> 0 < a >>> 0 ? 1 : 0;
            state[V] = (a ^ result) & (b ^ result);
            continue;
          }
          case 67 satisfies Op['SubtractFlagsRegister']: {
            const a = state[(f >>> 4) & 15] as number;
            const b = state[(f >>> 8) & 15] as number;
            const result = (a - b) | 0;
            state[f & 15] = result;
            state[N] = result;
            state[Z] = result;
            state[C] = a >>> 0 >= b >>> 0 ? 1 : 0;
            state[V] = (a ^ b) & (a ^ result);
            continue;
          }
          case 68 satisfies Op['AddWithCarryFlagsRegister']: {
            const a = state[(f >>> 4) & 15] as number;
            const b = state[(f >>> 8) & 15] as number;
            const exact = (a >>> 0) + (b >>> 0) + (state[C] as number);
            const result = exact | 0;
            state[f & 15] = result;
            state[N] = result;
            state[Z] = result;
            state[C] = exact > 0xffffffff ? 1 : 0;
            state[V] = (a ^ result) & (b ^ result);
            continue;
          }
          case 69 satisfies Op['SubtractWithCarryFlagsRegister']: {
            const a = state[(f >>> 4) & 15] as number;
            const b = state[(f >>> 8) & 15] as number;
            const exact = (a >>> 0) + (~b >>> 0) + (state[C] as number);
            const result = exact | 0;
            state[f & 15] = result;
            state[N] = result;
            state[Z] = result;
            state[C] = exact > 0xffffffff ? 1 : 0;
            state[V] = (a ^ result) & (~b ^ result);
            continue;
          }
          case 70 satisfies Op['MoveFlagsRegister']: {
            const result = state[(f >>> 8) & 15] as number;
            state[f & 15] = result;
            state[N] = result;
            state[Z] = result;
            continue;
          }
          case 71 satisfies Op['MoveNotFlagsRegister']: {
            const result = ~(state[(f >>> 8) & 15] as number);
            state[f & 15] = result;
            state[N] = result;
            state[Z] = result;
            continue;
          }
          case 72 satisfies Op['AndFlagsRegister']: {
            const result = (state[(f >>> 4) & 15] as number) & (state[(f >>> 8) & 15] as number);
            state[f & 15] = result;
            state[N] = result;
            state[Z] = result;
            continue;
          }
          case 73 satisfies Op['OrFlagsRegister']: {
            const result = (state[(f >>> 4) & 15] as number) | (state[(f >>> 8) & 15] as number);
            state[f & 15] = result;
            state[N] = result;
            state[Z] = result;
            continue;
          }
          case 74 satisfies Op['ExclusiveOrFlagsRegister']: {
            const result = (state[(f >>> 4) & 15] as number) ^ (state[(f >>> 8) & 15] as number);
            state[f & 15] = result;
            state[N] = result;
            state[Z] = result;
            continue;
          }
          case 75 satisfies Op['BitClearFlagsRegister']: {
            const result = (state[(f >>> 4) & 15] as number) & ~(state[(f >>> 8) & 15] as number);
            state[f & 15] = result;
            state[N] = result;
            state[Z] = result;
            continue;
          }
          case 76 satisfies Op['MoveFlagsLogicalLeft']: {
            const value = state[(f >>> 8) & 15] as number;
            const distance = code[i - 2] as number;
            const result = value << distance;
            state[f & 15] = result;
            state[N] = result;
            state[Z] = result;
            state[C] = (value >>> (32 - distance)) & 1;
            continue;
          }
          case 77 satisfies Op['MoveFlagsLogicalRight']: {
            const value = state[(f >>> 8) & 15] as number;
            const distance = code[i - 2] as number;
            const result = (value >>> distance) | 0;
            state[f & 15] = result;
            state[N] = result;
            state[Z] = result;
            state[C] = (value >>> (distance - 1)) & 1;
            continue;
          }
          case 78 satisfies Op['MoveFlagsArithmeticRight']: {
            const value = state[(f >>> 8) & 15] as number;
            const distance = code[i - 2] as number;
            const result = value >> distance;
            state[f & 15] = result;
            state[N] = result;
            state[Z] = result;
            state[C] = (value >>> (distance - 1)) & 1;
            continue;
          }
          case 79 satisfies Op['CompareImmediate']: {
            const a = state[(f >>> 4) & 15] as number;
            const b = code[i - 2] as number;
            const result = (a - b) | 0;
            state[N] = result;
            state[Z] = result;
            state[C] = a >>> 0 >= b >>> 0 ? 1 : 0;
            state[V] = (a ^ b) & (a ^ result);
            continue;
          }
          case 80 satisfies Op['CompareNegativeImmediate']: {
            const a = state[(f >>> 4) & 15] as number;
            const b = code[i - 2] as number;
            const result = (a + b) | 0;
            state[N] = result;
            state[Z] = result;
            state[C] = result >>> 0 < a >>> 0 ? 1 : 0;
            state[V] = (a ^ result) & (b ^ result);
            continue;
          }
          case 81 satisfies Op['TestImmediate']: {
            const result = (state[(f >>> 4) & 15] as number) & (code[i - 2] as number);
            state[N] = result;
            state[Z] = result;
            continue;
          }
          case 82 satisfies Op['TestEqualImmediate']: {
            const result = (state[(f >>> 4) & 15] as number) ^ (code[i - 2] as number);
            state[N] = result;
            state[Z] = result;
            continue;
          }
          case 83 satisfies Op['CompareRegister']: {
            const a = state[(f >>> 4) & 15] as number;
            const b = state[(f >>> 8) & 15] as number;
            const result = (a - b) | 0;
            state[N] = result;
            state[Z] = result;
            state[C] = a >>> 0 >= b >>> 0 ? 1 : 0;
            state[V] = (a ^ b) & (a ^ result);
            continue;
          }
          case 84 satisfies Op['CompareNegativeRegister']: {
            const a = state[(f >>> 4) & 15] as number;
            const b = state[(f >>> 8) & 15] as number;
            const result = (a + b) | 0;
            state[N] = result;
            state[Z] = result;
            state[C] = result >>> 0 < a >>> 0 ? 1 : 0;
            state[V] = (a ^ result) & (b ^ result);
            continue;
          }
          case 85 satisfies Op['TestRegister']: {
            const result = (state[(f >>> 4) & 15] as number) & (state[(f >>> 8) & 15] as number);
            state[N] = result;
            state[Z] = result;
            continue;
          }
          case 86 satisfies Op['TestEqualRegister']: {
            const result = (state[(f >>> 4) & 15] as number) ^ (state[(f >>> 8) & 15] as number);
            state[N] = result;
            state[Z] = result;
            continue;
          }
          case 87 satisfies Op['Multiply']:
            state[f & 15] = Math.imul(
              state[(f >>> 8) & 15] as number,
              state[(f >>> 12) & 15] as number,
            );
            continue;
          case 88 satisfies Op['MultiplyAccumulate']:
            state[f & 15] =
              Math.imul(state[(f >>> 8) & 15] as number, state[(f >>> 12) & 15] as number) +
              (state[(f >>> 4) & 15] as number);
            continue;
          case 89 satisfies Op['MultiplyFlags']: {
            const result = Math.imul(
              state[(f >>> 8) & 15] as number,
              state[(f >>> 12) & 15] as number,
            );
            state[f & 15] = result;
            state[N] = result;
            state[Z] = result;
            continue;
          }
          case 90 satisfies Op['UnsignedMultiplyLong']: {
            const m = state[(f >>> 8) & 15] as number;
            const s = state[(f >>> 12) & 15] as number;
            state[(f >>> 4) & 15] = Math.imul(m, s);
            state[f & 15] = highUnsigned(m, s);
            continue;
          }
          case 91 satisfies Op['SignedMultiplyLong']: {
            const m = state[(f >>> 8) & 15] as number;
            const s = state[(f >>> 12) & 15] as number;
            state[(f >>> 4) & 15] = Math.imul(m, s);
            state[f & 15] = highSigned(m, s);
            continue;
          }
          case 92 satisfies Op['UnsignedMultiplyAccumulateLong']: {
            const m = state[(f >>> 8) & 15] as number;
            const s = state[(f >>> 12) & 15] as number;
            const low = state[(f >>> 4) & 15] as number;
            const sum = (low + Math.imul(m, s)) | 0;
            state[(f >>> 4) & 15] = sum;
            state[f & 15] =
              (state[f & 15] as number) + highUnsigned(m, s) + (sum >>> 0 < low >>> 0 ? 1 : 0);
            continue;
          }
          case 93 satisfies Op['SignedMultiplyAccumulateLong']: {
            const m = state[(f >>> 8) & 15] as number;
            const s = state[(f >>> 12) & 15] as number;
            const low = state[(f >>> 4) & 15] as number;
            const sum = (low + Math.imul(m, s)) | 0;
            state[(f >>> 4) & 15] = sum;
            state[f & 15] =
              (state[f & 15] as number) + highSigned(m, s) + (sum >>> 0 < low >>> 0 ? 1 : 0);
            continue;
          }
          case 94 satisfies Op['MultiplyHalfBottomBottom']:
            state[f & 15] = Math.imul(
              ((state[(f >>> 8) & 15] as number) << 16) >> 16,
              ((state[(f >>> 12) & 15] as number) << 16) >> 16,
            );
            continue;
          case 95 satisfies Op['MultiplyHalfBottomTop']:
            state[f & 15] = Math.imul(
              ((state[(f >>> 8) & 15] as number) << 16) >> 16,
              (state[(f >>> 12) & 15] as number) >> 16,
            );
            continue;
          case 96 satisfies Op['MultiplyHalfTopBottom']:
            state[f & 15] = Math.imul(
              (state[(f >>> 8) & 15] as number) >> 16,
              ((state[(f >>> 12) & 15] as number) << 16) >> 16,
            );
            continue;
          case 97 satisfies Op['MultiplyHalfTopTop']:
            state[f & 15] = Math.imul(
              (state[(f >>> 8) & 15] as number) >> 16,
              (state[(f >>> 12) & 15] as number) >> 16,
            );
            continue;
          case 98 satisfies Op['MultiplyAccumulateHalfBottomBottom']: {
            const product = Math.imul(
              ((state[(f >>> 8) & 15] as number) << 16) >> 16,
              ((state[(f >>> 12) & 15] as number) << 16) >> 16,
            );
            const sum = state[(f >>> 4) & 15] as number;
            const result = (sum + product) | 0;
            state[f & 15] = result;
            if (((sum ^ result) & (product ^ result)) < 0) state[Q] = -1;
            continue;
          }
          case 99 satisfies Op['MultiplyAccumulateHalfBottomTop']: {
            const product = Math.imul(
              ((state[(f >>> 8) & 15] as number) << 16) >> 16,
              (state[(f >>> 12) & 15] as number) >> 16,
            );
            const sum = state[(f >>> 4) & 15] as number;
            const result = (sum + product) | 0;
            state[f & 15] = result;
            if (((sum ^ result) & (product ^ result)) < 0) state[Q] = -1;
            continue;
          }
          case 100 satisfies Op['MultiplyAccumulateHalfTopBottom']: {
            const product = Math.imul(
              (state[(f >>> 8) & 15] as number) >> 16,
              ((state[(f >>> 12) & 15] as number) << 16) >> 16,
            );
            const sum = state[(f >>> 4) & 15] as number;
            const result = (sum + product) | 0;
            state[f & 15] = result;
            if (((sum ^ result) & (product ^ result)) < 0) state[Q] = -1;
            continue;
          }
          case 101 satisfies Op['MultiplyAccumulateHalfTopTop']: {
            const product = Math.imul(
              (state[(f >>> 8) & 15] as number) >> 16,
              (state[(f >>> 12) & 15] as number) >> 16,
            );
            const sum = state[(f >>> 4) & 15] as number;
            const result = (sum + product) | 0;
            state[f & 15] = result;
            if (((sum ^ result) & (product ^ result)) < 0) state[Q] = -1;
            continue;
          }
          case 102 satisfies Op['MultiplyWordBottom']:
            state[f & 15] = highOfWordByHalf(
              state[(f >>> 8) & 15] as number,
              ((state[(f >>> 12) & 15] as number) << 16) >> 16,
            );
            continue;
          case 103 satisfies Op['MultiplyWordTop']:
            state[f & 15] = highOfWordByHalf(
              state[(f >>> 8) & 15] as number,
              (state[(f >>> 12) & 15] as number) >> 16,
            );
            continue;
          case 104 satisfies Op['MultiplyAccumulateWordBottom']: {
            const product = highOfWordByHalf(
              state[(f >>> 8) & 15] as number,
              ((state[(f >>> 12) & 15] as number) << 16) >> 16,
            );
            const sum = state[(f >>> 4) & 15] as number;
            const result = (sum + product) | 0;
            state[f & 15] = result;
            if (((sum ^ result) & (product ^ result)) < 0) state[Q] = -1;
            continue;
          }
          case 105 satisfies Op['MultiplyAccumulateWordTop']: {
            const product = highOfWordByHalf(
              state[(f >>> 8) & 15] as number,
              (state[(f >>> 12) & 15] as number) >> 16,
            );
            const sum = state[(f >>> 4) & 15] as number;
            const result = (sum + product) | 0;
            state[f & 15] = result;
            if (((sum ^ result) & (product ^ result)) < 0) state[Q] = -1;
            continue;
          }
          case 106 satisfies Op['CountLeadingZeros']:
            state[f & 15] = Math.clz32(state[(f >>> 8) & 15] as number);
            continue;
          case 107 satisfies Op['LoadLiteral']: {
            const a = code[i - 2] as number;
            state[f & 15] = a >>> 0 < 0x8000 ? (itcm[a >> 2] as number) : memory.loadWord(a);
            continue;
          }
          case 108 satisfies Op['LoadWordOffset']: {
            const a = ((state[(f >>> 4) & 15] as number) + (code[i - 2] as number)) | 0;
            const value =
              (a & 0xffff0003) === 0x00400000
                ? (dtcm[(a & 0xffff) >> 2] as number)
                : memory.loadWord(a);
            state[f & 15] = value;
            continue;
          }
          case 109 satisfies Op['LoadWordIndexed']: {
            const a =
              ((state[(f >>> 4) & 15] as number) +
                ((state[(f >>> 8) & 15] as number) << (code[i - 2] as number))) |
              0;
            const value =
              (a & 0xffff0003) === 0x00400000
                ? (dtcm[(a & 0xffff) >> 2] as number)
                : memory.loadWord(a);
            state[f & 15] = value;
            continue;
          }
          case 110 satisfies Op['LoadWordPost']: {
            const a = state[(f >>> 4) & 15] as number;
            const value =
              (a & 0xffff0003) === 0x00400000
                ? (dtcm[(a & 0xffff) >> 2] as number)
                : memory.loadWord(a);
            state[(f >>> 4) & 15] = a + (code[i - 2] as number);
            state[f & 15] = value;
            continue;
          }
          case 111 satisfies Op['LoadWordPre']: {
            const a = ((state[(f >>> 4) & 15] as number) + (code[i - 2] as number)) | 0;
            const value =
              (a & 0xffff0003) === 0x00400000
                ? (dtcm[(a & 0xffff) >> 2] as number)
                : memory.loadWord(a);
            state[(f >>> 4) & 15] = a;
            state[f & 15] = value;
            continue;
          }
          case 112 satisfies Op['LoadByteOffset']: {
            const a = ((state[(f >>> 4) & 15] as number) + (code[i - 2] as number)) | 0;
            const value =
              (a & 0xffff0000) === 0x00400000 ? (dtcm8[a & 0xffff] as number) : memory.loadByte(a);
            state[f & 15] = value;
            continue;
          }
          case 113 satisfies Op['LoadByteIndexed']: {
            const a =
              ((state[(f >>> 4) & 15] as number) +
                ((state[(f >>> 8) & 15] as number) << (code[i - 2] as number))) |
              0;
            const value =
              (a & 0xffff0000) === 0x00400000 ? (dtcm8[a & 0xffff] as number) : memory.loadByte(a);
            state[f & 15] = value;
            continue;
          }
          case 114 satisfies Op['LoadBytePost']: {
            const a = state[(f >>> 4) & 15] as number;
            const value =
              (a & 0xffff0000) === 0x00400000 ? (dtcm8[a & 0xffff] as number) : memory.loadByte(a);
            state[(f >>> 4) & 15] = a + (code[i - 2] as number);
            state[f & 15] = value;
            continue;
          }
          case 115 satisfies Op['LoadBytePre']: {
            const a = ((state[(f >>> 4) & 15] as number) + (code[i - 2] as number)) | 0;
            const value =
              (a & 0xffff0000) === 0x00400000 ? (dtcm8[a & 0xffff] as number) : memory.loadByte(a);
            state[(f >>> 4) & 15] = a;
            state[f & 15] = value;
            continue;
          }
          case 116 satisfies Op['LoadHalfOffset']: {
            const a = ((state[(f >>> 4) & 15] as number) + (code[i - 2] as number)) | 0;
            const value =
              (a & 0xffff0001) === 0x00400000
                ? (dtcm16[(a & 0xffff) >> 1] as number)
                : memory.loadHalf(a);
            state[f & 15] = value;
            continue;
          }
          case 117 satisfies Op['LoadHalfIndexed']: {
            const a =
              ((state[(f >>> 4) & 15] as number) +
                ((state[(f >>> 8) & 15] as number) << (code[i - 2] as number))) |
              0;
            const value =
              (a & 0xffff0001) === 0x00400000
                ? (dtcm16[(a & 0xffff) >> 1] as number)
                : memory.loadHalf(a);
            state[f & 15] = value;
            continue;
          }
          case 118 satisfies Op['LoadHalfPost']: {
            const a = state[(f >>> 4) & 15] as number;
            const value =
              (a & 0xffff0001) === 0x00400000
                ? (dtcm16[(a & 0xffff) >> 1] as number)
                : memory.loadHalf(a);
            state[(f >>> 4) & 15] = a + (code[i - 2] as number);
            state[f & 15] = value;
            continue;
          }
          case 119 satisfies Op['LoadHalfPre']: {
            const a = ((state[(f >>> 4) & 15] as number) + (code[i - 2] as number)) | 0;
            const value =
              (a & 0xffff0001) === 0x00400000
                ? (dtcm16[(a & 0xffff) >> 1] as number)
                : memory.loadHalf(a);
            state[(f >>> 4) & 15] = a;
            state[f & 15] = value;
            continue;
          }
          case 120 satisfies Op['LoadSignedByteOffset']: {
            const a = ((state[(f >>> 4) & 15] as number) + (code[i - 2] as number)) | 0;
            const value =
              (a & 0xffff0000) === 0x00400000
                ? ((dtcm8[a & 0xffff] as number) << 24) >> 24
                : (memory.loadByte(a) << 24) >> 24;
            state[f & 15] = value;
            continue;
          }
          case 121 satisfies Op['LoadSignedByteIndexed']: {
            const a =
              ((state[(f >>> 4) & 15] as number) +
                ((state[(f >>> 8) & 15] as number) << (code[i - 2] as number))) |
              0;
            const value =
              (a & 0xffff0000) === 0x00400000
                ? ((dtcm8[a & 0xffff] as number) << 24) >> 24
                : (memory.loadByte(a) << 24) >> 24;
            state[f & 15] = value;
            continue;
          }
          case 122 satisfies Op['LoadSignedBytePost']: {
            const a = state[(f >>> 4) & 15] as number;
            const value =
              (a & 0xffff0000) === 0x00400000
                ? ((dtcm8[a & 0xffff] as number) << 24) >> 24
                : (memory.loadByte(a) << 24) >> 24;
            state[(f >>> 4) & 15] = a + (code[i - 2] as number);
            state[f & 15] = value;
            continue;
          }
          case 123 satisfies Op['LoadSignedBytePre']: {
            const a = ((state[(f >>> 4) & 15] as number) + (code[i - 2] as number)) | 0;
            const value =
              (a & 0xffff0000) === 0x00400000
                ? ((dtcm8[a & 0xffff] as number) << 24) >> 24
                : (memory.loadByte(a) << 24) >> 24;
            state[(f >>> 4) & 15] = a;
            state[f & 15] = value;
            continue;
          }
          case 124 satisfies Op['LoadSignedHalfOffset']: {
            const a = ((state[(f >>> 4) & 15] as number) + (code[i - 2] as number)) | 0;
            const value =
              (a & 0xffff0001) === 0x00400000
                ? ((dtcm16[(a & 0xffff) >> 1] as number) << 16) >> 16
                : (memory.loadHalf(a) << 16) >> 16;
            state[f & 15] = value;
            continue;
          }
          case 125 satisfies Op['LoadSignedHalfIndexed']: {
            const a =
              ((state[(f >>> 4) & 15] as number) +
                ((state[(f >>> 8) & 15] as number) << (code[i - 2] as number))) |
              0;
            const value =
              (a & 0xffff0001) === 0x00400000
                ? ((dtcm16[(a & 0xffff) >> 1] as number) << 16) >> 16
                : (memory.loadHalf(a) << 16) >> 16;
            state[f & 15] = value;
            continue;
          }
          case 126 satisfies Op['LoadSignedHalfPost']: {
            const a = state[(f >>> 4) & 15] as number;
            const value =
              (a & 0xffff0001) === 0x00400000
                ? ((dtcm16[(a & 0xffff) >> 1] as number) << 16) >> 16
                : (memory.loadHalf(a) << 16) >> 16;
            state[(f >>> 4) & 15] = a + (code[i - 2] as number);
            state[f & 15] = value;
            continue;
          }
          case 127 satisfies Op['LoadSignedHalfPre']: {
            const a = ((state[(f >>> 4) & 15] as number) + (code[i - 2] as number)) | 0;
            const value =
              (a & 0xffff0001) === 0x00400000
                ? ((dtcm16[(a & 0xffff) >> 1] as number) << 16) >> 16
                : (memory.loadHalf(a) << 16) >> 16;
            state[(f >>> 4) & 15] = a;
            state[f & 15] = value;
            continue;
          }
          case 128 satisfies Op['StoreWordOffset']: {
            const a = ((state[(f >>> 4) & 15] as number) + (code[i - 2] as number)) | 0;
            const value = state[f & 15] as number;
            if ((a & 0xffff0003) === 0x00400000) dtcm[(a & 0xffff) >> 2] = value;
            else {
              memory.storeWord(a, value);
              if (state[LIMIT] === 0) {
                pc = (i >> thumb) + bias;
                break enter;
              }
            }
            continue;
          }
          case 129 satisfies Op['StoreWordIndexed']: {
            const a =
              ((state[(f >>> 4) & 15] as number) +
                ((state[(f >>> 8) & 15] as number) << (code[i - 2] as number))) |
              0;
            const value = state[f & 15] as number;
            if ((a & 0xffff0003) === 0x00400000) dtcm[(a & 0xffff) >> 2] = value;
            else {
              memory.storeWord(a, value);
              if (state[LIMIT] === 0) {
                pc = (i >> thumb) + bias;
                break enter;
              }
            }
            continue;
          }
          case 130 satisfies Op['StoreWordPost']: {
            const a = state[(f >>> 4) & 15] as number;
            const value = state[f & 15] as number;
            if ((a & 0xffff0003) === 0x00400000) dtcm[(a & 0xffff) >> 2] = value;
            else {
              memory.storeWord(a, value);
              if (state[LIMIT] === 0) {
                state[(f >>> 4) & 15] = a + (code[i - 2] as number);
                pc = (i >> thumb) + bias;
                break enter;
              }
            }
            state[(f >>> 4) & 15] = a + (code[i - 2] as number);
            continue;
          }
          case 131 satisfies Op['StoreWordPre']: {
            const a = ((state[(f >>> 4) & 15] as number) + (code[i - 2] as number)) | 0;
            const value = state[f & 15] as number;
            if ((a & 0xffff0003) === 0x00400000) dtcm[(a & 0xffff) >> 2] = value;
            else {
              memory.storeWord(a, value);
              if (state[LIMIT] === 0) {
                state[(f >>> 4) & 15] = a;
                pc = (i >> thumb) + bias;
                break enter;
              }
            }
            state[(f >>> 4) & 15] = a;
            continue;
          }
          case 132 satisfies Op['StoreByteOffset']: {
            const a = ((state[(f >>> 4) & 15] as number) + (code[i - 2] as number)) | 0;
            const value = state[f & 15] as number;
            if ((a & 0xffff0000) === 0x00400000) dtcm8[a & 0xffff] = value;
            else {
              memory.storeByte(a, value);
              if (state[LIMIT] === 0) {
                pc = (i >> thumb) + bias;
                break enter;
              }
            }
            continue;
          }
          case 133 satisfies Op['StoreByteIndexed']: {
            const a =
              ((state[(f >>> 4) & 15] as number) +
                ((state[(f >>> 8) & 15] as number) << (code[i - 2] as number))) |
              0;
            const value = state[f & 15] as number;
            if ((a & 0xffff0000) === 0x00400000) dtcm8[a & 0xffff] = value;
            else {
              memory.storeByte(a, value);
              if (state[LIMIT] === 0) {
                pc = (i >> thumb) + bias;
                break enter;
              }
            }
            continue;
          }
          case 134 satisfies Op['StoreBytePost']: {
            const a = state[(f >>> 4) & 15] as number;
            const value = state[f & 15] as number;
            if ((a & 0xffff0000) === 0x00400000) dtcm8[a & 0xffff] = value;
            else {
              memory.storeByte(a, value);
              if (state[LIMIT] === 0) {
                state[(f >>> 4) & 15] = a + (code[i - 2] as number);
                pc = (i >> thumb) + bias;
                break enter;
              }
            }
            state[(f >>> 4) & 15] = a + (code[i - 2] as number);
            continue;
          }
          case 135 satisfies Op['StoreBytePre']: {
            const a = ((state[(f >>> 4) & 15] as number) + (code[i - 2] as number)) | 0;
            const value = state[f & 15] as number;
            if ((a & 0xffff0000) === 0x00400000) dtcm8[a & 0xffff] = value;
            else {
              memory.storeByte(a, value);
              if (state[LIMIT] === 0) {
                state[(f >>> 4) & 15] = a;
                pc = (i >> thumb) + bias;
                break enter;
              }
            }
            state[(f >>> 4) & 15] = a;
            continue;
          }
          case 136 satisfies Op['StoreHalfOffset']: {
            const a = ((state[(f >>> 4) & 15] as number) + (code[i - 2] as number)) | 0;
            const value = state[f & 15] as number;
            if ((a & 0xffff0001) === 0x00400000) dtcm16[(a & 0xffff) >> 1] = value;
            else {
              memory.storeHalf(a, value);
              if (state[LIMIT] === 0) {
                pc = (i >> thumb) + bias;
                break enter;
              }
            }
            continue;
          }
          case 137 satisfies Op['StoreHalfIndexed']: {
            const a =
              ((state[(f >>> 4) & 15] as number) +
                ((state[(f >>> 8) & 15] as number) << (code[i - 2] as number))) |
              0;
            const value = state[f & 15] as number;
            if ((a & 0xffff0001) === 0x00400000) dtcm16[(a & 0xffff) >> 1] = value;
            else {
              memory.storeHalf(a, value);
              if (state[LIMIT] === 0) {
                pc = (i >> thumb) + bias;
                break enter;
              }
            }
            continue;
          }
          case 138 satisfies Op['StoreHalfPost']: {
            const a = state[(f >>> 4) & 15] as number;
            const value = state[f & 15] as number;
            if ((a & 0xffff0001) === 0x00400000) dtcm16[(a & 0xffff) >> 1] = value;
            else {
              memory.storeHalf(a, value);
              if (state[LIMIT] === 0) {
                state[(f >>> 4) & 15] = a + (code[i - 2] as number);
                pc = (i >> thumb) + bias;
                break enter;
              }
            }
            state[(f >>> 4) & 15] = a + (code[i - 2] as number);
            continue;
          }
          case 139 satisfies Op['StoreHalfPre']: {
            const a = ((state[(f >>> 4) & 15] as number) + (code[i - 2] as number)) | 0;
            const value = state[f & 15] as number;
            if ((a & 0xffff0001) === 0x00400000) dtcm16[(a & 0xffff) >> 1] = value;
            else {
              memory.storeHalf(a, value);
              if (state[LIMIT] === 0) {
                state[(f >>> 4) & 15] = a;
                pc = (i >> thumb) + bias;
                break enter;
              }
            }
            state[(f >>> 4) & 15] = a;
            continue;
          }
          case 140 satisfies Op['LoadMultiple']: {
            const offsets = code[i - 2] as number;
            const base = state[(f >>> 4) & 15] as number;
            const a = (base + ((offsets << 16) >> 16)) | 0;
            const count = (f >>> 12) & 15;
            let list = code[i - 1] as number;
            if ((a & 0xffff0003) === 0x00400000 && (a & 0xffff) + 4 * count <= 0x10000) {
              let index = (a & 0xffff) >> 2;
              const last = index + count;
              do {
                state[list & 15] = dtcm[index] as number;
                list >>>= 4;
              } while (++index < last);
            } else loadPacked(memory, list, count, a);
            if (offsets >> 16 !== 0) state[(f >>> 4) & 15] = base + (offsets >> 16);
            continue;
          }
          case 142 satisfies Op['LoadMultipleWithPc']: {
            const offsets = code[i - 2] as number;
            const base = state[(f >>> 4) & 15] as number;
            const a = (base + ((offsets << 16) >> 16)) | 0;
            const count = (f >>> 12) & 15;
            let list = code[i - 1] as number;
            if ((a & 0xffff0003) === 0x00400000 && (a & 0xffff) + 4 * count <= 0x10000) {
              let index = (a & 0xffff) >> 2;
              const last = index + count;
              do {
                state[list & 15] = dtcm[index] as number;
                list >>>= 4;
              } while (++index < last);
            } else loadPacked(memory, list, count, a);
            if (offsets >> 16 !== 0) state[(f >>> 4) & 15] = base + (offsets >> 16);
            pc = state[15] as number;
            thumb = interworks ? pc & 1 : thumb;
            pc &= thumb === 1 ? ~1 : ~3;
            continue enter;
          }
          case 141 satisfies Op['StoreMultiple']: {
            const offsets = code[i - 2] as number;
            const base = state[(f >>> 4) & 15] as number;
            const a = (base + ((offsets << 16) >> 16)) | 0;
            const count = (f >>> 12) & 15;
            let list = code[i - 1] as number;
            if ((a & 0xffff0003) === 0x00400000 && (a & 0xffff) + 4 * count <= 0x10000) {
              let index = (a & 0xffff) >> 2;
              const last = index + count;
              do {
                dtcm[index] = state[list & 15] as number;
                list >>>= 4;
              } while (++index < last);
            } else {
              storePacked(memory, list, count, a);
              if (state[LIMIT] === 0) {
                if (offsets >> 16 !== 0) state[(f >>> 4) & 15] = base + (offsets >> 16);
                pc = (i >> thumb) + bias;
                break enter;
              }
            }
            if (offsets >> 16 !== 0) state[(f >>> 4) & 15] = base + (offsets >> 16);
            continue;
          }
          case 143 satisfies Op['Branch']: {
            i += code[i - 2] as number;
            break;
          }
          case 144 satisfies Op['BranchEqual']: {
            if (!(state[Z] === 0)) continue;
            i += code[i - 2] as number;
            break;
          }
          case 145 satisfies Op['BranchNotEqual']: {
            if (!(state[Z] !== 0)) continue;
            i += code[i - 2] as number;
            break;
          }
          case 146 satisfies Op['BranchCarrySet']: {
            if (!(state[C] !== 0)) continue;
            i += code[i - 2] as number;
            break;
          }
          case 147 satisfies Op['BranchCarryClear']: {
            if (!(state[C] === 0)) continue;
            i += code[i - 2] as number;
            break;
          }
          case 148 satisfies Op['BranchMinus']: {
            if (!((state[N] as number) < 0)) continue;
            i += code[i - 2] as number;
            break;
          }
          case 149 satisfies Op['BranchPlus']: {
            if (!((state[N] as number) >= 0)) continue;
            i += code[i - 2] as number;
            break;
          }
          case 150 satisfies Op['BranchOverflowSet']: {
            if (!((state[V] as number) < 0)) continue;
            i += code[i - 2] as number;
            break;
          }
          case 151 satisfies Op['BranchOverflowClear']: {
            if (!((state[V] as number) >= 0)) continue;
            i += code[i - 2] as number;
            break;
          }
          case 152 satisfies Op['BranchHigher']: {
            if (!(state[C] !== 0 && state[Z] !== 0)) continue;
            i += code[i - 2] as number;
            break;
          }
          case 153 satisfies Op['BranchLowerOrSame']: {
            if (!(state[C] === 0 || state[Z] === 0)) continue;
            i += code[i - 2] as number;
            break;
          }
          case 154 satisfies Op['BranchGreaterOrEqual']: {
            if (!(((state[N] as number) ^ (state[V] as number)) >= 0)) continue;
            i += code[i - 2] as number;
            break;
          }
          case 155 satisfies Op['BranchLess']: {
            if (!(((state[N] as number) ^ (state[V] as number)) < 0)) continue;
            i += code[i - 2] as number;
            break;
          }
          case 156 satisfies Op['BranchGreater']: {
            if (!(state[Z] !== 0 && ((state[N] as number) ^ (state[V] as number)) >= 0)) continue;
            i += code[i - 2] as number;
            break;
          }
          case 157 satisfies Op['BranchLessOrEqual']: {
            if (!(state[Z] === 0 || ((state[N] as number) ^ (state[V] as number)) < 0)) continue;
            i += code[i - 2] as number;
            break;
          }
          case 158 satisfies Op['BranchFar']: {
            pc = code[i - 2] as number;
            continue enter;
          }
          case 159 satisfies Op['Call']: {
            state[14] = code[i - 1] as number;
            i += code[i - 2] as number;
            break;
          }
          case 160 satisfies Op['CallFar']: {
            state[14] = code[i - 1] as number;
            pc = code[i - 2] as number;
            continue enter;
          }
          case 161 satisfies Op['CallExchange']: {
            state[14] = code[i - 1] as number;
            pc = code[i - 2] as number;
            thumb = 1;
            continue enter;
          }
          case 162 satisfies Op['CallPrefix']:
            state[14] = code[i - 2] as number;
            continue;
          case 163 satisfies Op['CallSuffix']: {
            pc = ((state[14] as number) + (code[i - 2] as number)) & ~1;
            state[14] = code[i - 1] as number;
            continue enter;
          }
          case 164 satisfies Op['CallExchangeSuffix']: {
            pc = ((state[14] as number) + (code[i - 2] as number)) & ~3;
            state[14] = code[i - 1] as number;
            thumb = 0;
            continue enter;
          }
          case 165 satisfies Op['BranchExchange']: {
            pc = state[(f >>> 8) & 15] as number;
            thumb = pc & 1;
            pc &= thumb === 1 ? ~1 : ~3;
            continue enter;
          }
          case 166 satisfies Op['CallExchangeRegister']: {
            pc = state[(f >>> 8) & 15] as number;
            state[14] = code[i - 1] as number;
            thumb = pc & 1;
            pc &= thumb === 1 ? ~1 : ~3;
            continue enter;
          }
          case 178 satisfies Op['NoOperation']: {
            continue;
          }
          case 1 satisfies Op['PageEnd']: {
            // Not an instruction: neither counted nor timed.
            state[ELAPSED] = (state[ELAPSED] as number) - ONE_INSTRUCTION - ((f >>> 16) & 63);
            pc = ((i - ENTRY_WORDS) >> thumb) + bias;
            continue enter;
          }
          case 0 satisfies Op['Undecoded']: {
            state[ELAPSED] = (state[ELAPSED] as number) - ONE_INSTRUCTION - ((f >>> 16) & 63);
            i -= ENTRY_WORDS;
            decodeEntry(i, (i >> thumb) + bias, thumb, itcm);
            continue;
          }
          case 179 satisfies Op['BranchToArm']: {
            pc = code[i - 2] as number;
            thumb = 0;
            continue enter;
          }
          case 180 satisfies Op['MultiplyAccumulateScalar']: {
            const second = code[i + 1] as number;
            const third = code[i + 5] as number;
            const fourth = code[i + 9] as number;
            i += 3 * ENTRY_WORDS;
            state[ELAPSED] = (state[ELAPSED] as number) + 3 * ONE_INSTRUCTION;
            const product0 = Math.imul(
              ((state[(f >>> 8) & 15] as number) << 16) >> 16,
              ((state[(f >>> 12) & 15] as number) << 16) >> 16,
            );
            const sum0 = state[(f >>> 4) & 15] as number;
            const result0 = (sum0 + product0) | 0;
            state[f & 15] = result0;
            const product1 = Math.imul(
              (state[(second >>> 8) & 15] as number) >> 16,
              (state[(second >>> 12) & 15] as number) >> 16,
            );
            const sum1 = state[(second >>> 4) & 15] as number;
            const result1 = (sum1 + product1) | 0;
            state[second & 15] = result1;
            const product2 = Math.imul(
              ((state[(third >>> 8) & 15] as number) << 16) >> 16,
              ((state[(third >>> 12) & 15] as number) << 16) >> 16,
            );
            const sum2 = state[(third >>> 4) & 15] as number;
            const result2 = (sum2 + product2) | 0;
            state[third & 15] = result2;
            const product3 = Math.imul(
              (state[(fourth >>> 8) & 15] as number) >> 16,
              (state[(fourth >>> 12) & 15] as number) >> 16,
            );
            const sum3 = state[(fourth >>> 4) & 15] as number;
            const result3 = (sum3 + product3) | 0;
            state[fourth & 15] = result3;
            const saturated =
              ((sum0 ^ result0) & (product0 ^ result0)) |
              ((sum1 ^ result1) & (product1 ^ result1)) |
              ((sum2 ^ result2) & (product2 ^ result2)) |
              ((sum3 ^ result3) & (product3 ^ result3));
            if (saturated < 0) state[Q] = -1;
            continue;
          }
          case 181 satisfies Op['MultiplyAccumulateOuter']: {
            const second = code[i + 1] as number;
            const third = code[i + 5] as number;
            const fourth = code[i + 9] as number;
            i += 3 * ENTRY_WORDS;
            state[ELAPSED] = (state[ELAPSED] as number) + 3 * ONE_INSTRUCTION;
            const product0 = Math.imul(
              ((state[(f >>> 8) & 15] as number) << 16) >> 16,
              ((state[(f >>> 12) & 15] as number) << 16) >> 16,
            );
            const sum0 = state[(f >>> 4) & 15] as number;
            const result0 = (sum0 + product0) | 0;
            state[f & 15] = result0;
            const product1 = Math.imul(
              ((state[(second >>> 8) & 15] as number) << 16) >> 16,
              (state[(second >>> 12) & 15] as number) >> 16,
            );
            const sum1 = state[(second >>> 4) & 15] as number;
            const result1 = (sum1 + product1) | 0;
            state[second & 15] = result1;
            const product2 = Math.imul(
              (state[(third >>> 8) & 15] as number) >> 16,
              ((state[(third >>> 12) & 15] as number) << 16) >> 16,
            );
            const sum2 = state[(third >>> 4) & 15] as number;
            const result2 = (sum2 + product2) | 0;
            state[third & 15] = result2;
            const product3 = Math.imul(
              (state[(fourth >>> 8) & 15] as number) >> 16,
              (state[(fourth >>> 12) & 15] as number) >> 16,
            );
            const sum3 = state[(fourth >>> 4) & 15] as number;
            const result3 = (sum3 + product3) | 0;
            state[fourth & 15] = result3;
            const saturated =
              ((sum0 ^ result0) & (product0 ^ result0)) |
              ((sum1 ^ result1) & (product1 ^ result1)) |
              ((sum2 ^ result2) & (product2 ^ result2)) |
              ((sum3 ^ result3) & (product3 ^ result3));
            if (saturated < 0) state[Q] = -1;
            continue;
          }
          case 182 satisfies Op['SubtractBranchNotEqual']: {
            const a = state[(f >>> 4) & 15] as number;
            const b = code[i - 2] as number;
            const result = (a - b) | 0;
            state[f & 15] = result;
            state[N] = result;
            state[Z] = result;
            state[C] = a >>> 0 >= b >>> 0 ? 1 : 0;
            state[V] = (a ^ b) & (a ^ result);
            const distance = code[i + 2] as number;
            i += ENTRY_WORDS;
            state[ELAPSED] = (state[ELAPSED] as number) + ONE_INSTRUCTION;
            if (result === 0) continue;
            i += distance;
            break;
          }
          case 183 satisfies Op['SubtractBranchCarrySet']: {
            const a = state[(f >>> 4) & 15] as number;
            const b = code[i - 2] as number;
            const result = (a - b) | 0;
            state[f & 15] = result;
            state[N] = result;
            state[Z] = result;
            state[C] = a >>> 0 >= b >>> 0 ? 1 : 0;
            state[V] = (a ^ b) & (a ^ result);
            const distance = code[i + 2] as number;
            i += ENTRY_WORDS;
            state[ELAPSED] = (state[ELAPSED] as number) + ONE_INSTRUCTION;
            if (a >>> 0 < b >>> 0) continue;
            i += distance;
            break;
          }
          case 184 satisfies Op['CompareBranchNotEqual']: {
            const a = state[(f >>> 4) & 15] as number;
            const b = state[(f >>> 8) & 15] as number;
            const result = (a - b) | 0;
            state[N] = result;
            state[Z] = result;
            state[C] = a >>> 0 >= b >>> 0 ? 1 : 0;
            state[V] = (a ^ b) & (a ^ result);
            const distance = code[i + 2] as number;
            i += ENTRY_WORDS;
            state[ELAPSED] = (state[ELAPSED] as number) + ONE_INSTRUCTION;
            if (a === b) continue;
            i += distance;
            break;
          }
          case 185 satisfies Op['LoadTwo']: {
            const offsets = code[i - 2] as number;
            const base = state[(f >>> 4) & 15] as number;
            const a = (base + ((offsets << 16) >> 16)) | 0;
            const list = code[i - 1] as number;
            const index = (a & 0xffff) >> 2;
            if ((a & 0xffff0003) === 0x00400000 && index <= 16382) {
              state[list & 15] = dtcm[index] as number;
              state[(list >>> 4) & 15] = dtcm[index + 1] as number;
            } else loadPacked(memory, list, 2, a);
            if (offsets >> 16 !== 0) state[(f >>> 4) & 15] = base + (offsets >> 16);
            continue;
          }
          case 186 satisfies Op['LoadFour']: {
            const offsets = code[i - 2] as number;
            const base = state[(f >>> 4) & 15] as number;
            const a = (base + ((offsets << 16) >> 16)) | 0;
            const list = code[i - 1] as number;
            const index = (a & 0xffff) >> 2;
            if ((a & 0xffff0003) === 0x00400000 && index <= 16380) {
              state[list & 15] = dtcm[index] as number;
              state[(list >>> 4) & 15] = dtcm[index + 1] as number;
              state[(list >>> 8) & 15] = dtcm[index + 2] as number;
              state[(list >>> 12) & 15] = dtcm[index + 3] as number;
            } else loadPacked(memory, list, 4, a);
            if (offsets >> 16 !== 0) state[(f >>> 4) & 15] = base + (offsets >> 16);
            continue;
          }
          case 187 satisfies Op['LoadMany']: {
            const offsets = code[i - 2] as number;
            const base = state[(f >>> 4) & 15] as number;
            const a = (base + ((offsets << 16) >> 16)) | 0;
            let list = code[i - 1] as number;
            if (
              (a & 0xffff0003) === 0x00400000 &&
              (a & 0xffff) + 4 * ((f >>> 12) & 15) <= 0x10000
            ) {
              for (let index = (a & 0xffff) >> 2; list !== 0; index++) {
                state[31 - Math.clz32(list & -list)] = dtcm[index] as number;
                list &= list - 1;
              }
            } else loadListed(memory, list, a);
            if (offsets >> 16 !== 0) state[(f >>> 4) & 15] = base + (offsets >> 16);
            continue;
          }
          case 188 satisfies Op['LoadManyWithPc']: {
            const offsets = code[i - 2] as number;
            const base = state[(f >>> 4) & 15] as number;
            const a = (base + ((offsets << 16) >> 16)) | 0;
            let list = code[i - 1] as number;
            if (
              (a & 0xffff0003) === 0x00400000 &&
              (a & 0xffff) + 4 * ((f >>> 12) & 15) <= 0x10000
            ) {
              for (let index = (a & 0xffff) >> 2; list !== 0; index++) {
                state[31 - Math.clz32(list & -list)] = dtcm[index] as number;
                list &= list - 1;
              }
            } else loadListed(memory, list, a);
            if (offsets >> 16 !== 0) state[(f >>> 4) & 15] = base + (offsets >> 16);
            pc = state[15] as number;
            thumb = interworks ? pc & 1 : thumb;
            pc &= thumb === 1 ? ~1 : ~3;
            continue enter;
          }
          case 189 satisfies Op['StoreMany']: {
            const offsets = code[i - 2] as number;
            const base = state[(f >>> 4) & 15] as number;
            const a = (base + ((offsets << 16) >> 16)) | 0;
            let list = code[i - 1] as number;
            if (
              (a & 0xffff0003) === 0x00400000 &&
              (a & 0xffff) + 4 * ((f >>> 12) & 15) <= 0x10000
            ) {
              for (let index = (a & 0xffff) >> 2; list !== 0; index++) {
                dtcm[index] = state[31 - Math.clz32(list & -list)] as number;
                list &= list - 1;
              }
            } else {
              storeListed(memory, list, a);
              if (state[LIMIT] === 0) {
                if (offsets >> 16 !== 0) state[(f >>> 4) & 15] = base + (offsets >> 16);
                pc = (i >> thumb) + bias;
                break enter;
              }
            }
            if (offsets >> 16 !== 0) state[(f >>> 4) & 15] = base + (offsets >> 16);
            continue;
          }
          case 226 satisfies Op['LoadWordPostRegister']: {
            const a = state[(f >>> 4) & 15] as number;
            const value =
              (a & 0xffff0003) === 0x00400000
                ? (dtcm[(a & 0xffff) >> 2] as number)
                : memory.loadWord(a);
            state[(f >>> 4) & 15] =
              a + ((state[(f >>> 8) & 15] as number) << (code[i - 2] as number));
            state[f & 15] = value;
            continue;
          }
          default:
            // Rare operations: registers and flags are already where they look for them.
            if (op >= FIRST_SHIFTED) {
              if (!executeRegisterShift(op, f)) executeShiftedFlags(op, f, code[i - 2] as number);
              continue;
            }
            state[15] = ((i - ENTRY_WORDS) >> thumb) + bias;
            cpu.thumb = thumb as 0 | 1;
            if (!executeGeneral(cpu, op, code[i - 1] as number, code[i - 2] as number)) {
              if (state[LIMIT] !== 0) continue;
              pc = (i >> thumb) + bias;
              break enter;
            }
            pc = state[15] as number;
            thumb = cpu.thumb;
            continue enter;
        }
        state[ELAPSED] = (state[ELAPSED] as number) + 2;
        if (((state[ELAPSED] as number) & 0xffff) >= (state[LIMIT] as number)) {
          pc = (i >> thumb) + bias;
          break enter;
        }
      }
    }
    state[15] = pc;
    cpu.thumb = thumb as 0 | 1;
  } catch (error) {
    cpu.thumb = thumb as 0 | 1;
    takeAbort(cpu, error, ((i - ENTRY_WORDS) >> thumb) + bias);
  }
}

/** The decoded entry of an instruction outside the instruction memory. */
function fetchOuter(cpu: Cpu, address: number, thumb: number): number {
  try {
    return singleEntry(cpu.memory.fetch(address, thumb === 1 ? 2 : 4), address, thumb);
  } catch (error) {
    if (error instanceof BusError) throw new PrefetchFault(address);
    throw error;
  }
}

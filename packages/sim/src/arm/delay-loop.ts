/**
 * Loops that only count a register down: how programs wait for a time. They are recognised at their first
 * instruction, so that a core can pass the time at once instead of executing each round.
 */
import type { Cpu } from './cpu.js';
import { ITCM_BYTES } from './memory.js';
import { Slot } from './state.js';

/** Cycles of a round: the subtraction, and the branch that is taken. */
export const ROUND_CYCLES = 4;
/** Instructions of a round. */
export const ROUND_INSTRUCTIONS = 2;

/** `sub rN, #1` in Thumb state; the register is in bits 10:8. */
const THUMB_SUBTRACT = 0x3801;
const THUMB_SUBTRACT_MASK = 0xf8ff;
/** `subs rN, rN, #1` in ARM state; the register is in bits 19:16 and 15:12. */
const ARM_SUBTRACT = 0xe2500001 | 0;
const ARM_SUBTRACT_MASK = 0xfff00fff | 0;
/** Branches to the subtraction: the loop ends at 0, or below it. */
const PROGRAM_COUNTER = 15;
const Branch = {
  Thumb: { at0: 0xd1fd, below0: 0xd2fd },
  Arm: { at0: 0x1afffffd, below0: 0x2afffffd },
};

/** Rounds that the running core is sure to go through from its present instruction on, and branch back; 0 elsewhere. */
export function roundsAhead(cpu: Cpu): number {
  const address = cpu.programCounter;
  if (address >>> 0 >= ITCM_BYTES - 8) return 0;
  const register = counterAt(cpu, address);
  if (register < 0) return 0;
  const count = (cpu.words[register] as number) >>> 0;
  const { memory, thumb } = cpu;
  const branch =
    thumb === 1 ? memory.itcm16[(address >> 1) + 1] : memory.itcm32[(address >> 2) + 1];
  const loop = thumb === 1 ? Branch.Thumb : Branch.Arm;
  if (branch === loop.below0) return count;
  return branch === loop.at0 ? Math.max(0, count - 1) : 0;
}

/** Leaves the running core as it is after some of its {@link roundsAhead}. */
export function passRounds(cpu: Cpu, rounds: number): void {
  const { words } = cpu;
  const counter = counterAt(cpu, cpu.programCounter);
  const left = ((words[counter] as number) - rounds) | 0;
  words[counter] = left;
  words[Slot.Negative] = left;
  words[Slot.Zero] = left;
  words[Slot.Carry] = 1;
  words[Slot.Overflow] = 0;
}

/** The register that the instruction at an address counts down; -1 when it counts down none. */
function counterAt({ memory, thumb }: Cpu, address: number): number {
  if (thumb === 1) {
    const half = memory.itcm16[address >> 1] as number;
    return (half & THUMB_SUBTRACT_MASK) === THUMB_SUBTRACT ? (half >>> 8) & 7 : -1;
  }
  const word = memory.itcm32[address >> 2] as number;
  const register = (word >>> 16) & 15;
  const isCount = (word & ARM_SUBTRACT_MASK) === ARM_SUBTRACT && register < PROGRAM_COUNTER;
  return isCount && register === ((word >>> 12) & 15) ? register : -1;
}

/**
 * Runs a core slice by slice, without wasm/slices.h: until its devices do something by themselves, or somebody asks for
 * more than when the slice began. A delay loop is passed at once.
 */
import type { CoreDevices } from './core-devices.js';
import { type Cpu, Exception } from './cpu.js';
import { passRounds, ROUND_CYCLES, ROUND_INSTRUCTIONS, roundsAhead } from './delay-loop.js';
import { interpret } from './interpreter.js';
import type { LocalTime } from './local-time.js';
import type { RunState } from './run-state.js';
import { type Probe, type SingleSteps, stepSlice } from './single-step.js';
import { ENTRY_CYCLES, LONGEST_SLICE } from './slice-times.js';
import { activeState, Slot } from './state.js';

/** What follows a core one instruction at a time. */
export interface Following {
  readonly probe: Probe;
  readonly pages: SingleSteps;
}

export class Slices {
  constructor(
    private readonly state: RunState,
    private readonly time: LocalTime,
    private readonly devices: CoreDevices,
  ) {}

  /** Runs a slice; true when a probe has stopped the core. */
  run(cpu: Cpu, following: Following | undefined): boolean {
    const { state, devices, time } = this;
    const { interrupts } = devices;
    let next = devices.nextEvent;
    if (next <= state.cycle) {
      devices.settle();
      next = devices.nextEvent;
    }
    const until = Math.min(state.end, next);
    state.sliceEnd = until;
    if (cpu.asleep) {
      if (!interrupts.isRequesting) {
        time.takeTurns(state.cycle);
        time.sleepUntil(Math.min(state.end, until));
        return false;
      }
      cpu.asleep = false;
    }
    state.noteRequests(interrupts.interrupt, interrupts.fastInterrupt);
    cpu.isRequested = interrupts.isRequesting;
    if (cpu.isRequested) this.takeInterrupt(cpu);
    if (this.isDelaying && following === undefined && this.passDelay(cpu, until)) return false;
    state.delayEnd = 0;
    activeState[Slot.Elapsed] = 0;
    activeState[Slot.Stalled] = 0;
    activeState[Slot.Limit] = Math.min(LONGEST_SLICE, Math.max(1, until - state.cycle));
    if (following !== undefined) {
      return stepSlice(cpu, following.probe, following.pages, () => time.account());
    }
    cpu.resumeInSlice();
    interpret(cpu, true);
    time.account();
    return false;
  }

  /** Whether the core is in a delay loop that it was found in before. */
  get isDelaying(): boolean {
    return this.state.delayEnd > this.state.cycle;
  }

  /** Passes the time of a delay loop until a cycle; false when the core is in none. */
  passDelay(cpu: Cpu, until: number): boolean {
    const ahead = roundsAhead(cpu);
    if (ahead <= 0) return false;
    const rounds = Math.min(Math.floor((until - this.state.cycle) / ROUND_CYCLES), ahead);
    if (rounds <= 0) return false;
    passRounds(cpu, rounds);
    this.time.passAwake(ROUND_CYCLES * rounds);
    this.state.instructions += ROUND_INSTRUCTIONS * rounds;
    return true;
  }

  /** Notes whether a run has ended in a delay loop: awake where the one before did. Code is looked at then only. */
  noteDelay(cpu: Cpu, following: Following | undefined): void {
    const { state } = this;
    const { programCounter } = cpu;
    const isSame = programCounter === state.lastStop;
    state.lastStop = programCounter;
    const isDelay = isSame && !cpu.asleep && following === undefined;
    state.delayEnd = isDelay ? this.delayEndOf(cpu) : 0;
  }

  /** Cycle at which a delay loop at the program counter ends. */
  delayEndOf(cpu: Cpu): number {
    return this.state.cycle + ROUND_CYCLES * roundsAhead(cpu);
  }

  private takeInterrupt(cpu: Cpu): void {
    const { interrupts } = this.devices;
    const next = cpu.programCounter + 4;
    if (interrupts.fastInterrupt && !cpu.fastInterruptsDisabled)
      cpu.enter(Exception.FastInterrupt, next);
    else if (interrupts.interrupt && !cpu.interruptsDisabled) cpu.enter(Exception.Interrupt, next);
    else return;
    this.time.passAwake(ENTRY_CYCLES);
  }
}

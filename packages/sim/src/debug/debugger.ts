/**
 * Stops, steps and looks at the ARM cores of a virtual machine.
 *
 * While one core is stopped the time of the whole machine stands still, at most one quantum of 500 ns
 * later; hosts are answered meanwhile. Breakpoints are by address and hold for all cores. A core is
 * followed instruction by instruction only while there is something that could stop it, and a run
 * takes the same simulated time in any case.
 */
import { type CoreAddress, formatCore, sameChip } from '@spin-tools/scp';
import type { ArmCore } from '../arm/arm-core.js';
import { type Chip, CORES } from '../chip/chip.js';
import type { Inspection } from '../machine/inspection.js';
import type { VirtualMachine } from '../machine/virtual-machine.js';
import { type CoreChoice, isChosen } from './attach.js';
import { Conditions } from './conditions.js';
import { DebuggedCore } from './core.js';
import { physicalCore } from './core-numbers.js';
import { Follower, type StopReason, type Watchpoint } from './follower.js';
import { addProbe, removeProbe } from './probes.js';

/** Where and why the machine was stopped. */
export type Stop = StopReason & {
  /** The core that stopped first; where none did, the one that was looked at. */
  readonly core: DebuggedCore;
};

/** Debugs one machine. */
export class MachineDebugger {
  private readonly inspection: Inspection;
  private readonly conditions = new Conditions();
  private readonly followers = new Map<ArmCore, Follower>();
  private readonly listeners = new Set<(stop: Stop) => void>();
  /** Cores of which it was told that they stopped, and at which address. */
  private readonly told = new Map<ArmCore, number>();
  private stepping: ArmCore | undefined;
  private isSteppingAlone = false;
  /** Stops that came in the same quantum as one that was told. */
  private untold: Stop[] = [];
  private lastStop: Stop | undefined;
  /** How often the machine was stopped. */
  private stops = 0;
  private readonly forget: () => void;

  /** @param chosen cores that are seen and stopped; the others run on until the machine stands still */
  constructor(
    private readonly machine: VirtualMachine,
    private readonly chosen: CoreChoice = 'all',
  ) {
    this.inspection = machine.inspect();
    this.forget = this.inspection.onCorePlaced(({ index }, physical) => {
      if (this.followsAll) this.followPlace(index, physical);
    });
  }

  /** Simulated time of the machine, ns. */
  get time(): number {
    return this.machine.time;
  }

  /** Whether time stands still. */
  get isStopped(): boolean {
    return this.inspection.isHeld();
  }

  /** Chosen cores on which an ARM program was started, by chip, then by physical number. */
  cores(): DebuggedCore[] {
    return this.inspection.chips.flatMap((chip, number) =>
      chip.ports.flatMap((_, physical) => {
        const core = new DebuggedCore(this.inspection, number, physical);
        return core.hasProgram && isChosen(this.chosen, core) ? [core] : [];
      }),
    );
  }

  /**
   * A core, with or without a program; virtual numbers are physical ones until its chip is booted.
   *
   * @throws RangeError when the machine has no such core
   */
  core({ x, y, core }: CoreAddress): DebuggedCore {
    const { chips } = this.inspection;
    const chip = chips.findIndex(({ address }) => sameChip(address, { x, y }));
    const physical = chip < 0 ? undefined : this.physicalOf(chip, core);
    const found = physical === undefined ? undefined : this.byPlace(chip, physical);
    if (found === undefined) {
      throw new RangeError(`${formatCore({ x, y, core })} is no core of the machine`);
    }
    return found;
  }

  /** The core with an {@link DebuggedCore.id}, with or without a program, if the machine has one. */
  coreById(id: number): DebuggedCore | undefined {
    return this.byPlace(Math.floor((id - 1) / CORES), (id - 1) % CORES);
  }

  /** Stops every chosen core in front of an address. An address may be given several times. */
  addBreakpoint(address: number): void {
    this.conditions.addBreakpoint(address);
    this.follow();
  }

  /** Takes back one {@link addBreakpoint}. */
  removeBreakpoint(address: number): void {
    this.conditions.removeBreakpoint(address);
    this.follow();
  }

  /** Stops every chosen core in front of an instruction that would access memory. */
  addWatchpoint(watchpoint: Watchpoint): void {
    this.conditions.addWatchpoint(watchpoint);
    this.follow();
  }

  /** Takes back one {@link addWatchpoint}. */
  removeWatchpoint(watchpoint: Watchpoint): void {
    this.conditions.removeWatchpoint(watchpoint);
    this.follow();
  }

  /** Calls back when the machine was stopped; the result stops that. */
  onStop(listener: (stop: Stop) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Stops the machine at once, between two quanta, and says so as if `core` had stopped. */
  interrupt(core: DebuggedCore): void {
    if (this.isStopped && this.lastStop !== undefined) return;
    this.stopAt({ kind: 'interrupt', core });
  }

  /** Stops the machine when that much simulated time has passed, ns, or up to 1.1 us later, unless something else does before. */
  stopAfter(ns: number, core: DebuggedCore): void {
    const { stops } = this;
    this.inspection.after(ns, () => {
      if (this.stops === stops) this.stopAt({ kind: 'time', core });
    });
  }

  /** Lets time stand still and tells nobody. */
  hold(): void {
    this.inspection.hold();
  }

  /** Lets time pass; with a core to step, until this has executed one instruction. */
  resume(step?: DebuggedCore): void {
    const next = this.nextUntold();
    if (next !== undefined) {
      this.announce(next);
      return;
    }
    const arm = step?.arm;
    this.releaseAll();
    this.stepping = arm;
    this.follow();
    if (arm !== undefined) this.followers.get(arm)?.step();
    this.inspection.release();
  }

  /** Lets time pass until the machine is stopped. Never settles when nothing stops it. */
  run(step?: DebuggedCore): Promise<Stop> {
    return new Promise((resolve) => {
      const forget = this.onStop((stop) => {
        forget();
        resolve(stop);
      });
      this.resume(step);
    });
  }

  /**
   * Executes one instruction of a core while everything else stands still, interrupts of the core
   * included. False for a core that sleeps or has no program: it can only go on when time passes.
   */
  stepAlone(core: DebuggedCore): boolean {
    const { arm } = core;
    if (arm === undefined || core.isAsleep || !arm.isStarted) return false;
    this.inspection.hold();
    this.lastStop = undefined;
    this.told.delete(arm);
    this.stepping = arm;
    this.follow();
    const follower = this.followers.get(arm);
    if (follower === undefined) return false;
    arm.release();
    follower.skipsNext = true;
    follower.step();
    this.isSteppingAlone = true;
    this.inspection.runAlone(core.chipNumber, core.physical, arm.time + 1);
    this.isSteppingAlone = false;
    this.lastStop ??= { kind: 'step', core };
    this.tell(this.lastStop);
    arm.release();
    follower.endStep();
    this.stepping = undefined;
    this.follow();
    return true;
  }

  /** Starts the program of a core again, over the memory as it is; false when it has none. */
  restart(core: DebuggedCore): boolean {
    return core.arm?.restart() ?? false;
  }

  /** Forgets breakpoints and lets the machine run on without a debugger. */
  close(): void {
    this.forget();
    this.conditions.clear();
    this.listeners.clear();
    this.untold = [];
    this.resume();
  }

  /** Notes that it is known where a core stopped at a breakpoint or a watchpoint. */
  private tell(stop: Stop): void {
    if (stop.kind !== 'breakpoint' && stop.kind !== 'watchpoint') return;
    const { arm } = stop.core;
    if (arm !== undefined) this.told.set(arm, stop.pc);
  }

  /** A stop that was not told yet, if its reason is still there. */
  private nextUntold(): Stop | undefined {
    for (let stop = this.untold.shift(); stop !== undefined; stop = this.untold.shift()) {
      if (this.conditions.stillStops(stop, programCounter(stop.core.arm))) return stop;
    }
    return undefined;
  }

  /** Cores that stopped go on; only where a stop was told they are past its reason. */
  private releaseAll(): void {
    this.lastStop = undefined;
    for (const [arm, follower] of this.followers) {
      follower.endStep();
      follower.skipsNext = this.isTold(arm);
      arm.release();
    }
    this.told.clear();
  }

  /** Follows those cores that something could stop, and no others. */
  private follow(): void {
    const { followsAll } = this;
    for (const [arm, follower] of this.followers) {
      if (followsAll || arm === this.stepping) continue;
      removeProbe(arm, follower);
      this.followers.delete(arm);
      arm.release();
    }
    if (!followsAll && this.stepping === undefined) return;
    for (const [number, { ports }] of this.inspection.chips.entries()) {
      for (const [physical, { core }] of ports.entries()) {
        if (followsAll || core === this.stepping) this.followPlace(number, physical);
      }
    }
  }

  private followPlace(chip: number, physical: number): void {
    const core = new DebuggedCore(this.inspection, chip, physical);
    const { arm } = core;
    if (arm === undefined || this.followers.has(arm) || !isChosen(this.chosen, core)) return;
    const stopped = (reason: StopReason) => this.stopAt({ ...reason, core });
    const follower = new Follower(arm, this.conditions, stopped);
    this.followers.set(arm, follower);
    addProbe(arm, follower);
    follower.skipsNext = this.isTold(arm);
  }

  private get followsAll(): boolean {
    return !this.conditions.isEmpty;
  }

  /** Whether a core still is where it was told to have stopped. */
  private isTold(arm: ArmCore): boolean {
    return this.told.get(arm) === programCounter(arm);
  }

  private physicalOf(chip: number, core: number): number | undefined {
    const { chips } = this.inspection;
    return this.inspection.isBooted(chip) ? physicalCore(chips[chip] as Chip, core) : core;
  }

  private byPlace(chip: number, physical: number): DebuggedCore | undefined {
    const found: Chip | undefined = this.inspection.chips[chip];
    if (found === undefined || ((found.coreMask >>> physical) & 1) === 0) return undefined;
    return new DebuggedCore(this.inspection, chip, physical);
  }

  /** The machine was stopped; of cores that stop in the same quantum the first is told. */
  private stopAt(stop: Stop): void {
    this.inspection.hold();
    if (this.lastStop !== undefined) this.untold.push(stop);
    else if (this.isSteppingAlone) this.lastStop = stop;
    else this.announce(stop);
  }

  private announce(stop: Stop): void {
    this.lastStop = stop;
    this.stops++;
    // The quantum that is being simulated comes to its end first.
    queueMicrotask(() => {
      if (this.lastStop !== stop) return;
      this.tell(stop);
      for (const listener of [...this.listeners]) listener(stop);
    });
  }
}

function programCounter(arm: ArmCore | undefined): number | undefined {
  return arm === undefined ? undefined : (arm.registers[15] as number) >>> 0;
}

/** Follows one core for a debugger and stops it at breakpoints, at watchpoints and behind single steps. */
import type { ArmCore } from '../arm/arm-core.js';
import type { Cpu } from '../arm/cpu.js';
import type { Probe } from '../arm/single-step.js';
import { activeState } from '../arm/state.js';
import { type Access, nextAccess } from './accesses.js';

/** Which accesses a watchpoint is for. */
export type WatchKind = 'read' | 'write' | 'access';

/** Memory that is watched. */
export interface Watchpoint {
  readonly kind: WatchKind;
  /** First address, unsigned. */
  readonly address: number;
  /** Bytes. */
  readonly length: number;
}

/** Why a core stopped, in front of the instruction at `pc`. */
export type StopReason =
  | { readonly kind: 'breakpoint'; readonly pc: number }
  | {
      readonly kind: 'watchpoint';
      readonly pc: number;
      readonly watchpoint: Watchpoint;
      /** First byte of the access that is watched. */
      readonly address: number;
    }
  | { readonly kind: 'step' }
  | { readonly kind: 'interrupt' }
  | { readonly kind: 'time' };

/** What stops cores: shared by all of a machine. */
export interface StopConditions {
  /** Addresses, unsigned. */
  readonly breakpoints: ReadonlySet<number>;
  readonly watchpoints: readonly Watchpoint[];
}

export class Follower implements Probe {
  /** The next instruction is executed whatever it is: the core was seen to stop there. */
  skipsNext = false;
  private isStepping = false;
  private hasStepped = false;

  constructor(
    private readonly core: ArmCore,
    private readonly conditions: StopConditions,
    private readonly stopped: (reason: StopReason) => void,
  ) {}

  /** Stops the core behind its next instruction. */
  step(): void {
    this.isStepping = true;
    this.hasStepped = false;
  }

  /** Ends a step, done or not. */
  endStep(): void {
    this.isStepping = false;
  }

  before(cpu: Cpu): boolean {
    const reason = this.reasonToStop(cpu);
    this.skipsNext = false;
    if (reason === undefined) return false;
    this.isStepping = false;
    this.stopped(reason);
    return true;
  }

  after(): void {
    this.hasStepped = true;
  }

  private reasonToStop(cpu: Cpu): StopReason | undefined {
    const { breakpoints, watchpoints } = this.conditions;
    if (!this.skipsNext) {
      const pc = (activeState[15] as number) >>> 0;
      if (breakpoints.has(pc)) return { kind: 'breakpoint', pc };
      const watched = watchpoints.length > 0 ? this.watched(cpu, pc, watchpoints) : undefined;
      if (watched !== undefined) return watched;
    }
    return this.isStepping && this.hasStepped ? { kind: 'step' } : undefined;
  }

  private watched(
    cpu: Cpu,
    pc: number,
    watchpoints: readonly Watchpoint[],
  ): StopReason | undefined {
    const access = nextAccess(this.core, cpu);
    if (access === undefined) return undefined;
    const watchpoint = watchpoints.find((each) => isHit(each, access));
    if (watchpoint === undefined) return undefined;
    const address = Math.max(watchpoint.address, access.address);
    return { kind: 'watchpoint', pc, watchpoint, address };
  }
}

/** Whether two watchpoints are the same. */
export function isSameWatchpoint(one: Watchpoint, other: Watchpoint): boolean {
  return one.kind === other.kind && one.address === other.address && one.length === other.length;
}

function isHit({ kind, address, length }: Watchpoint, access: Access): boolean {
  const overlaps = access.address < address + length && address < access.address + access.length;
  if (!overlaps || kind === 'access') return overlaps;
  return kind === 'read' ? access.reads : access.writes;
}

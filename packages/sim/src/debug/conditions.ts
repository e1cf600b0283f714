/** What stops the cores of a machine: breakpoints and watchpoints. */
import {
  isSameWatchpoint,
  type StopConditions,
  type StopReason,
  type Watchpoint,
} from './follower.js';

/** Breakpoints, each as often as it was set, and watchpoints. */
export class Conditions implements StopConditions {
  readonly breakpoints = new Set<number>();
  readonly watchpoints: Watchpoint[] = [];
  /** How often each breakpoint was set. */
  private readonly counts = new Map<number, number>();

  get isEmpty(): boolean {
    return this.breakpoints.size + this.watchpoints.length === 0;
  }

  addBreakpoint(address: number): void {
    const at = address >>> 0;
    this.counts.set(at, (this.counts.get(at) ?? 0) + 1);
    this.breakpoints.add(at);
  }

  /** Takes back one {@link addBreakpoint}. */
  removeBreakpoint(address: number): void {
    const at = address >>> 0;
    const left = (this.counts.get(at) ?? 0) - 1;
    if (left > 0) this.counts.set(at, left);
    else {
      this.counts.delete(at);
      this.breakpoints.delete(at);
    }
  }

  addWatchpoint({ kind, address, length }: Watchpoint): void {
    this.watchpoints.push({ kind, address: address >>> 0, length });
  }

  /** Takes back one {@link addWatchpoint}. */
  removeWatchpoint({ kind, address, length }: Watchpoint): void {
    const removed = { kind, address: address >>> 0, length };
    const at = this.watchpoints.findIndex((each) => isSameWatchpoint(each, removed));
    if (at >= 0) this.watchpoints.splice(at, 1);
  }

  clear(): void {
    this.breakpoints.clear();
    this.counts.clear();
    this.watchpoints.length = 0;
  }

  /** Whether a core that is at `pc` would stop there again for a reason. */
  stillStops(reason: StopReason, pc: number | undefined): boolean {
    if (reason.kind === 'breakpoint') return reason.pc === pc && this.breakpoints.has(reason.pc);
    if (reason.kind !== 'watchpoint' || reason.pc !== pc) return false;
    return this.watchpoints.some((each) => isSameWatchpoint(each, reason.watchpoint));
  }
}

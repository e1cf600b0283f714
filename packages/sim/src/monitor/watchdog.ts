/**
 * The monitor's watch over application cores: every 10 ms it puts "no operation" into the mailbox of the next
 * core, and stops the clock of one that has left it there too often. Source: `soft_wdog`, `shm_ping` of
 * SC&MP 4.0. Only chips on which programs were started are watched, since the idle program always answers.
 */
import { CoreState } from '@spin-tools/scp';
import type { ChipMonitor } from './world.js';

const PERIOD_NS = 10_000_000;
/** How long a core has to answer. */
const PATIENCE_NS = 1_000_000;
const CORES = 18;

/** Watches the cores of one chip. */
export class Watchdog {
  private readonly misses = new Uint8Array(CORES);
  private next = 1;
  private isRunning = false;

  constructor(private readonly monitor: ChipMonitor) {}

  /** A program was started. */
  start(): void {
    if (this.isRunning) return;
    this.isRunning = true;
    this.wait();
  }

  private wait(): void {
    const { world, address, programs } = this.monitor;
    world.background(PERIOD_NS, () => {
      this.isRunning = world.monitorAt(address) === this.monitor && programs.hasAny;
      if (!this.isRunning) return;
      this.look();
      this.wait();
    });
  }

  private look(): void {
    const { cores, memory, programs } = this.monitor;
    const core = this.next < cores.count ? this.next : 1;
    this.next = core + 1;
    if (memory.variable('softwareWatchdog') === 0) return;
    if (programs.isProgram(core) && memory.vcpu(core, 'state') >= CoreState.Initialising) {
      this.ping(core);
    } else this.misses[core] = 0;
  }

  private ping(core: number): void {
    const { mailboxes, memory, world } = this.monitor;
    mailboxes.ping(core);
    world.background(PATIENCE_NS, () => {
      if (mailboxes.isFree(core)) {
        this.misses[core] = 0;
        memory.setVcpu(core, 'linkRegister', memory.vcpu(core, 'mailboxCoreMessage'));
      } else this.miss(core);
    });
  }

  private miss(core: number): void {
    const { memory, programs } = this.monitor;
    const misses = (this.misses[core] as number) + 1;
    this.misses[core] = misses;
    if (misses !== memory.variable('softwareWatchdog') || !programs.isProgram(core)) return;
    programs.halt(core);
    memory.setVcpu(core, 'state', CoreState.Watchdog);
  }
}

/**
 * Beacons by which monitors compare their clocks: the root sends one every two seconds by multicast. All
 * clocks of a virtual machine are one, so that nothing comes of them but packets in the counters of the
 * routers. Source: `ms_timer_int` of SC&MP 4.0.
 */
import type { ChipMonitor } from './world.js';

const PERIOD_NS = 2_000_000_000;

/** The beacons of one chip; only those of the root are ever sent. */
export class Beacons {
  /** CMD_SYNC switches them. */
  isOn = true;
  private isRunning = false;

  /** Begins to send. */
  start(root: ChipMonitor): void {
    if (this.isRunning) return;
    this.isRunning = true;
    this.wait(root);
  }

  private wait(root: ChipMonitor): void {
    const { world, address } = root;
    world.background(PERIOD_NS, () => {
      if (world.monitorAt(address) !== root) return;
      if (this.isOn) world.countSignal(root);
      this.wait(root);
    });
  }
}

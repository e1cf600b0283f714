/** Interrupt lines from what a chip shares to its cores. SpiNN-2 data sheet, chapter on the interrupt controller. */
import type { Core } from '../core/core.js';
import type { CorePort } from '../router/core-port.js';

/** Sources that all cores share, by their number at the interrupt controllers. */
export const DeviceLine = {
  Watchdog: 0,
  DroppedPacket: 16,
  EthernetTransmit: 19,
  EthernetReceive: 20,
  Pin8: 30,
  Pin9: 31,
} as const;
export type DeviceLine = (typeof DeviceLine)[keyof typeof DeviceLine];

/** Source of lines from the system controller, of which each core has its own. */
const SYSTEM_CONTROLLER = 18;

/** Levels of all lines. */
export class InterruptLines {
  /** Of the shared lines, one bit each. */
  private shared = 0;
  /** Of the cores' own lines, one bit for each core. */
  private own = 0;

  constructor(
    private readonly ports: readonly CorePort[],
    private readonly interrupt: (core: number, source: number, level: boolean) => void,
  ) {}

  /** Sets the level of a shared line. */
  set(line: DeviceLine, level: boolean): void {
    const bit = 1 << line;
    if (((this.shared & bit) !== 0) === level) return;
    this.shared ^= bit;
    this.ports.forEach(({ core }, id) => {
      if (core !== undefined) this.interrupt(id, line, level);
    });
  }

  /** Sets the level of a core's own line. */
  setForCore(core: number, level: boolean): void {
    const bit = 1 << core;
    this.own = level ? this.own | bit : this.own & ~bit;
    this.interrupt(core, SYSTEM_CONTROLLER, level);
  }

  /** Tells a core that takes its place which lines are up. */
  connect(core: Core): void {
    for (let rest = this.shared; rest !== 0; rest &= rest - 1) {
      core.setInterrupt(31 - Math.clz32(rest & -rest), true);
    }
    if (((this.own >>> core.id) & 1) === 1) core.setInterrupt(SYSTEM_CONTROLLER, true);
  }
}

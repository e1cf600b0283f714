/** The private devices of a core: interrupt controller, timers, controllers of DMA and communications. */
import type { Packet, ResetKind } from '../core/core.js';
import { CommunicationsController } from '../peripherals/communications.js';
import { DmaController, type DmaMemories } from '../peripherals/dma.js';
import { Timer } from '../peripherals/timer.js';
import { TimerPair } from '../peripherals/timer-pair.js';
import { InterruptController, Source } from '../peripherals/vic.js';
import type { LocalTime } from './local-time.js';
import type { PrivateDevices } from './private-bus.js';
import type { RunState } from './run-state.js';

/** What the devices need of the core around them. */
export interface DeviceSurroundings {
  readonly memories: DmaMemories;
  /** Sends a packet; false when that has to wait. */
  send(packet: Packet): boolean;
}

/** See the top of the file. */
export class CoreDevices implements PrivateDevices {
  readonly interrupts: InterruptController;
  readonly timers: TimerPair;
  readonly dma: DmaController;
  readonly communications: CommunicationsController;
  private readonly both: readonly [Timer, Timer];

  /** @param id physical number of the core */
  constructor(
    id: number,
    private readonly state: RunState,
    time: LocalTime,
    { memories, send }: DeviceSurroundings,
  ) {
    const { kept } = state;
    const interrupts = new InterruptController(kept);
    const now = () => time.present;
    const changed = () => {
      state.nextEvent = undefined;
    };
    const setLines = (mask: number, levels: number) => interrupts.setLines(mask, levels);
    const line = (source: number) => (level: boolean) => interrupts.setLine(source, level);
    this.interrupts = interrupts;
    this.both = [
      new Timer(now, line(Source.Timer1), changed, kept, 0),
      new Timer(now, line(Source.Timer2), changed, kept, 1),
    ];
    this.timers = new TimerPair(this.both);
    this.dma = new DmaController(id, memories, now, setLines, () => {
      state.transferEnd = this.dma.nextEvent;
      changed();
    });
    const inVain = () => time.stayInTurn();
    this.communications = new CommunicationsController(send, now, setLines, inVain, changed, kept);
  }

  /** As after a reset; a soft one leaves interrupt controller and timers as they are. */
  reset(kind: ResetKind): void {
    const kept = kind === 'soft' ? [] : [this.interrupts, ...this.both];
    for (const device of [...kept, this.dma, this.communications]) device.reset();
    this.state.nextEvent = undefined;
  }

  /** Does what is due. */
  settle(): void {
    const [first, second] = this.both;
    first.settle();
    second.settle();
    this.settleControllers();
  }

  /** Does what the controllers of DMA and communications are due to. */
  settleControllers(): void {
    this.dma.settle();
    this.communications.settle();
  }

  /** Cycle at which one of them does something by itself. */
  get nextEvent(): number {
    const known = this.state.nextEvent;
    if (known !== undefined) return known;
    const [first, second] = this.both;
    const next = Math.min(
      first.nextEvent,
      second.nextEvent,
      this.dma.nextEvent,
      this.communications.nextEvent,
    );
    this.state.nextEvent = next;
    return next;
  }
}

/**
 * The one clock of a machine. Time advances in quanta. In each, first everything that happens in the
 * network before the quantum's end can reach a core is carried out, in the order of its time, then every
 * core that has something to do runs through the quantum, in a fixed order, and gets each packet at its
 * time. A quantum is no longer than a packet takes from core to core at least, so nothing comes too late. A core
 * that computes may run ahead of the quantum, see {@link WINDOW_NS}; and a core that is awake alone, while nothing
 * happens in the network either, runs longer: until it does something that others can notice.
 */
import { activeState, Slot } from '../arm/state.js';
import type { Chip } from '../chip/chip.js';
import { EventQueue } from '../clock/event-queue.js';
import { type Core, type Packet, WINDOW_NS } from '../core/core.js';
import type { CorePort } from '../router/core-port.js';
import { CORE_TO_ROUTER_NS, ROUTER_TO_CORE_NS } from '../router/timing.js';
import type { Clock } from './clock.js';
import { CorePlaces } from './core-places.js';

/** Length of a quantum, ns. */
const QUANTUM_NS = CORE_TO_ROUTER_NS + ROUTER_TO_CORE_NS;
/** Longest quantum of a core that is awake alone, ns. */
const LONGEST_QUANTUM_NS = 20_000;

/** Ports of a router are numbered below this in {@link EventQueue.target}. */
const PORTS = 16;
/** Stands for a second look at a blocked packet. */
const RETRY_PORT = 15;
const CORES = 32;
const NEVER = -1;

/** Runs chips; the network reports to it what is to happen. */
export class Scheduler implements Clock {
  /** Start of the present quantum, ns: every core that is awake has reached it. */
  time = 0;
  private readonly packets = new EventQueue<Packet | undefined>();
  private readonly actions = new EventQueue<() => void>();
  /** What happens when its time comes, and does not make time pass. */
  private readonly backgroundActions = new EventQueue<() => void>();
  private readonly wakes = new EventQueue<undefined>();
  /** Those of patient cores. */
  private readonly patientWakes = new EventQueue<undefined>();
  /** Cores that are to run, by chip: one bit each. */
  private readonly awake: Uint32Array;
  /** Chips with such cores: one bit each. */
  private readonly awakeChips: Uint32Array;
  private readonly places: CorePlaces;
  private awakeCount = 0;
  /** Time that no core is behind which is awake, ns; early while that is not known. */
  private allReached = 0;
  /** Time for which the queue of wakes has an entry, by core. */
  private readonly wakeTimes: Float64Array;

  /** Chips without power: what reaches them is lost. */
  private readonly off: Uint8Array;
  /** Time is to stand still behind the present quantum: it is no longer than others. */
  isHeld = false;
  private isRunningCore = false;
  /** The core that is awake alone and runs longer than a quantum. */
  private lone: Core | undefined;
  /** What waits for the running core to stop. */
  private readonly deferred: (() => void)[] = [];
  /** Cores whose own events do not make time pass, by chip: one bit each. */
  private readonly patient: Uint32Array;

  constructor(private readonly chips: readonly Chip[]) {
    this.awake = new Uint32Array(chips.length);
    this.awakeChips = new Uint32Array((chips.length + 31) >> 5);
    this.places = new CorePlaces(chips);
    this.wakeTimes = new Float64Array(chips.length * CORES).fill(NEVER);
    this.off = new Uint8Array(chips.length);
    this.patient = new Uint32Array(chips.length);
  }

  /** Whether the running core runs longer than a quantum until it does something that others can notice. */
  get runsAlone(): boolean {
    return this.lone !== undefined;
  }

  /** Whether nothing will ever happen by itself. */
  get isIdle(): boolean {
    return this.awakeCount === 0 && this.nextEvent === Number.POSITIVE_INFINITY;
  }

  /** A packet reaches a router. */
  schedule(chip: number, port: number, packet: Packet, at: number): void {
    this.noticed();
    this.packets.push(at, chip * PORTS + port, packet);
  }

  /** A router looks again at a blocked packet. */
  retryRouter(chip: number, at: number): void {
    this.noticed();
    this.packets.push(at, chip * PORTS + RETRY_PORT, undefined);
  }

  /** Something is done `delay` ns from now. */
  after(delay: number, action: () => void): void {
    this.noticed();
    this.actions.push(this.time + delay, 0, action);
  }

  /** Something is done `delay` ns from now if time gets that far: the machine is idle while only such waits. */
  background(delay: number, action: () => void): void {
    this.noticed();
    this.backgroundActions.push(this.time + delay, 0, action);
  }

  /** Switches a chip on or off. Packets that reach one that is off are lost. */
  setPower(chip: number, isOn: boolean): void {
    this.off[chip] = isOn ? 0 : 1;
  }

  /** Time of the next thing that happens by itself, ns; the present while a core is awake. */
  get nextTime(): number {
    return this.awakeCount > 0 ? this.time : this.nextTimeButCores;
  }

  private get nextTimeButCores(): number {
    return Math.min(this.nextEvent, this.backgroundActions.nextTime, this.patientWakes.nextTime);
  }

  /** Time of the next thing that is done in the machine but by a core or a router, ns. */
  get nextAction(): number {
    return this.actions.nextTime;
  }

  /** Time of the next packet at a router, ns. */
  get nextPacket(): number {
    return this.packets.nextTime;
  }

  /** Time before which no core does anything, ns; cores may have run ahead of the present. */
  get nextCore(): number {
    let next = Math.min(this.actions.nextTime, this.wakes.nextTime, this.patientWakes.nextTime);
    next = Math.min(next, this.backgroundActions.nextTime);
    if (this.awakeCount === 0) return next;
    const { awake, awakeChips } = this;
    for (let word = 0; word < awakeChips.length; word++) {
      for (let bits = awakeChips[word] as number; bits !== 0; bits &= bits - 1) {
        const chip = word * 32 + 31 - Math.clz32(bits & -bits);
        next = Math.min(next, this.places.leastReached(chip, awake[chip] as number));
      }
    }
    return Math.max(this.time, Math.floor(next / QUANTUM_NS) * QUANTUM_NS);
  }

  /** Lets time pass in which nothing happens, see {@link nextTime}. */
  skipTo(time: number): void {
    this.time = Math.max(this.time, Math.floor(time / QUANTUM_NS) * QUANTUM_NS);
  }

  /** A core is to run in this quantum, or in the next if it has run already. */
  wake(chip: number, core: number): void {
    const bit = 1 << core;
    const mask = this.awake[chip] as number;
    if ((mask & bit) !== 0) return;
    this.noticed();
    this.awake[chip] = mask | bit;
    this.awakeChips[chip >> 5] = (this.awakeChips[chip >> 5] as number) | (1 << (chip & 31));
    this.awakeCount++;
    this.allReached = 0;
    this.catchUp(chip, core);
  }

  /**
   * Sets an interrupt line of a core. A core that sleeps has to catch up first, unless it does not listen; which
   * cannot be while another is running: then the line is set when that one stops.
   */
  interrupt(chip: number, core: number, source: number, level: boolean): void {
    const { core: target } = this.port(chip, core);
    if (target === undefined) return;
    const isAwake = (((this.awake[chip] as number) >>> core) & 1) === 1;
    if (!isAwake && (!level || target.listensTo?.(source) === false)) {
      target.setInterrupt(source, level);
    } else if (this.isRunningCore && !isAwake) {
      this.defer(() => this.interrupt(chip, core, source, level));
    } else {
      this.wake(chip, core);
      target.setInterrupt(source, level);
    }
  }

  /** Does something to a core that cannot be done while a core runs, as soon as none does. */
  betweenCores(action: () => void): void {
    if (!this.isRunningCore) {
      action();
      return;
    }
    this.defer(action);
  }

  /** The machine is idle although events of a core are to come, as those of a clock that always ticks. */
  setPatient(chip: number, core: number, isPatient: boolean): void {
    const bit = 1 << core;
    const mask = this.patient[chip] as number;
    this.patient[chip] = isPatient ? mask | bit : mask & ~bit;
  }

  /** Another core is in a place, or none. */
  placed(chip: number, core: number): void {
    this.places.changed(chip, core);
  }

  /** Nothing is on a chip any more. */
  cleared(chip: number): void {
    this.places.cleared(chip);
  }

  /**
   * Carries out one quantum; returns how much there was to do, as a number of cores and events.
   *
   * @param limit time that a longer quantum may not pass, ns
   */
  runQuantum(limit = Number.POSITIVE_INFINITY): number {
    if (this.awakeCount === 0) this.skipIdleTime();
    const events = this.runNetwork(this.time + CORE_TO_ROUTER_NS);
    if (this.awakeCount === 1 && !this.isHeld) return events + this.runAlone(limit) + 1;
    const cores = this.awakeCount;
    this.runCores(this.time + QUANTUM_NS);
    this.time += QUANTUM_NS;
    // All cores may have run ahead, and no event come sooner.
    if (this.awakeCount > 0 && !this.isHeld) {
      this.skipTo(Math.min(this.allReached, this.nextTimeButCores, limit));
    }
    return events + cores + 1;
  }

  /** Lets one core run to `until`, ns, while everything else stands still: it gets ahead of the others. */
  runOnly(chip: number, core: number, until: number): void {
    this.isRunningCore = true;
    this.port(chip, core).core?.run(until);
    this.isRunningCore = false;
    this.runDeferred();
    this.wake(chip, core);
  }

  /** Runs the only core that is awake; returns the number of quanta that it ran. */
  private runAlone(limit: number): number {
    const start = this.time;
    const port = this.awakePort;
    const runner = port?.core;
    const isFree = runner?.stopWithin !== undefined && port?.isEmpty === true;
    const next = Math.min(this.nextTimeButCores, start + LONGEST_QUANTUM_NS, limit);
    const until = Math.max(start + QUANTUM_NS, Math.floor(next / QUANTUM_NS) * QUANTUM_NS);
    if (runner === undefined || !isFree || until === start + QUANTUM_NS) {
      this.runCores(start + QUANTUM_NS);
      this.time = start + QUANTUM_NS;
      return 1;
    }
    this.lone = runner;
    this.runCores(until);
    this.lone = undefined;
    const reached = Math.ceil(Math.min(until, runner.time) / QUANTUM_NS) * QUANTUM_NS;
    this.time = Math.max(start + QUANTUM_NS, reached);
    return (this.time - start) / QUANTUM_NS;
  }

  /** The running core has done something that others can notice: they have to come to their turn soon. */
  private noticed(): void {
    this.lone?.stopWithin?.(QUANTUM_NS);
  }

  /** The port of the first core that is awake. */
  private get awakePort(): CorePort | undefined {
    const { awake, awakeChips } = this;
    for (let word = 0; word < awakeChips.length; word++) {
      for (let bits = awakeChips[word] as number; bits !== 0; bits &= bits - 1) {
        const chip = word * 32 + 31 - Math.clz32(bits & -bits);
        const cores = awake[chip] as number;
        if (cores !== 0) return this.port(chip, 31 - Math.clz32(cores & -cores));
      }
    }
    return undefined;
  }

  private defer(action: () => void): void {
    this.noticed();
    this.deferred.push(action);
    activeState[Slot.Deferred] = 1;
  }

  private runDeferred(): void {
    activeState[Slot.Deferred] = 0;
    if (this.deferred.length === 0) return;
    for (const action of this.deferred.splice(0)) action();
  }

  private get nextEvent(): number {
    return Math.min(this.packets.nextTime, this.actions.nextTime, this.wakes.nextTime);
  }

  private skipIdleTime(): void {
    const next = this.nextTime;
    if (next !== Number.POSITIVE_INFINITY) this.skipTo(next);
  }

  /** A sleeping core's own time stood still: brings it to the present. */
  private catchUp(chip: number, core: number): void {
    const { core: sleeper } = this.port(chip, core);
    if (sleeper !== undefined && sleeper.time < this.time) sleeper.run(this.time);
  }

  private runNetwork(until: number): number {
    const { packets, actions, backgroundActions } = this;
    let count = 0;
    for (;;) {
      const nextAction = Math.min(actions.nextTime, backgroundActions.nextTime);
      if (packets.nextTime < until && packets.nextTime <= nextAction) this.runPacket();
      else if (nextAction >= until) break;
      else runAction(actions.nextTime <= nextAction ? actions : backgroundActions);
      count++;
    }
    const quantumEnd = this.time + QUANTUM_NS;
    return (
      count + this.runWakes(this.wakes, quantumEnd) + this.runWakes(this.patientWakes, quantumEnd)
    );
  }

  private runPacket(): void {
    const { packets } = this;
    packets.take();
    const { item, target, time } = packets;
    const chip = Math.floor(target / PORTS);
    if (this.off[chip] === 1) return;
    const { router } = this.chips[chip] as Chip;
    if (item === undefined) router.retry(time);
    else router.arrive(item, target % PORTS, time);
  }

  private runWakes(wakes: EventQueue<undefined>, until: number): number {
    let count = 0;
    for (; wakes.nextTime < until; count++) {
      wakes.take();
      const { target, time } = wakes;
      if (this.wakeTimes[target] !== time) continue;
      this.wakeTimes[target] = NEVER;
      this.wake(Math.floor(target / CORES), target % CORES);
    }
    return count;
  }

  private runCores(until: number): void {
    const { awakeChips, awake } = this;
    this.allReached = Number.POSITIVE_INFINITY;
    const windowEnd = (Math.floor(this.time / WINDOW_NS) + 1) * WINDOW_NS;
    const limit = Math.max(until, windowEnd);
    for (let word = 0; word < awakeChips.length; word++) {
      for (let bits = awakeChips[word] as number; bits !== 0; bits &= bits - 1) {
        const chip = word * 32 + 31 - Math.clz32(bits & -bits);
        this.runChip(chip, until, limit);
        this.noteReached(chip);
        if (awake[chip] === 0) {
          awakeChips[word] = (awakeChips[word] as number) & ~(1 << (chip & 31));
        }
      }
    }
  }

  private runChip(chip: number, until: number, limit: number): void {
    const { places } = this;
    const hardware = this.chips[chip] as Chip;
    let left = this.awake[chip] as number;
    hardware.othersSleep = (left & (left - 1)) === 0;
    while (left !== 0) {
      this.isRunningCore = true;
      const ran = places.run(chip, left, until, limit);
      this.isRunningCore = false;
      for (let slept = ran.slept; slept !== 0; slept &= slept - 1) {
        this.sleep(chip, 31 - Math.clz32(slept & -slept));
      }
      ({ left } = ran);
      if (left === 0) return;
      const core = 31 - Math.clz32(left & -left);
      if (ran.isFinished) this.settleRun(chip, core, ran.awaitsPacket);
      else if ((places.reached[chip * CORES + core] as number) < until) {
        this.runCore(chip, core, until, limit);
      }
      left &= left - 1;
    }
  }

  private noteReached(chip: number): void {
    const cores = this.awake[chip] as number;
    if (cores === 0) return;
    const isOne = (cores & (cores - 1)) === 0;
    const reached = isOne ? this.places.reached[chip * CORES + 31 - Math.clz32(cores)] : 0;
    this.allReached = Math.min(this.allReached, reached as number);
  }

  private sleep(chip: number, core: number): void {
    const { core: sleeper } = this.port(chip, core);
    this.putToSleep(chip, core);
    if (sleeper !== undefined) this.setAlarm(chip * CORES + core, sleeper.nextEvent);
  }

  /** Does what waited for a core to stop, and puts it to sleep if it has nothing to do. */
  private settleRun(chip: number, core: number, awaitsPacket: boolean): void {
    this.runDeferred();
    if (!awaitsPacket && this.port(chip, core).core?.asleep === true) this.sleep(chip, core);
  }

  private runCore(chip: number, core: number, until: number, limit: number): void {
    const port = this.port(chip, core);
    const { core: runner } = port;
    if (runner === undefined) {
      this.putToSleep(chip, core);
      return;
    }
    this.isRunningCore = true;
    const awaitsPacket = port.run(runner, until, limit);
    this.isRunningCore = false;
    this.places.reached[chip * CORES + core] = runner.time;
    this.settleRun(chip, core, awaitsPacket);
  }

  private setAlarm(target: number, time: number): void {
    if (time === Number.POSITIVE_INFINITY || this.wakeTimes[target] === time) return;
    this.wakeTimes[target] = time;
    const chip = Math.floor(target / CORES);
    const isPatient = (((this.patient[chip] as number) >>> (target % CORES)) & 1) === 1;
    (isPatient ? this.patientWakes : this.wakes).push(time, target, undefined);
  }

  private putToSleep(chip: number, core: number): void {
    this.awake[chip] = (this.awake[chip] as number) & ~(1 << core);
    this.awakeCount--;
  }

  private port(chip: number, core: number): CorePort {
    return (this.chips[chip] as Chip).ports[core] as CorePort;
  }
}

function runAction(actions: EventQueue<() => void>): void {
  actions.take();
  actions.item?.();
}

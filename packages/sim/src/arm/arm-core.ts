/** One core: an ARM968E-S with its tightly coupled memories and private devices, as its chip sees it. */
import {
  BusError,
  type ChipBus,
  type Packet,
  type ResetKind,
  type ResettableCore,
} from '../core/core.js';
import { CommunicationsController } from '../peripherals/communications.js';
import { DmaController } from '../peripherals/dma.js';
import { Timer } from '../peripherals/timer.js';
import { TimerPair } from '../peripherals/timer-pair.js';
import { InterruptController, Source } from '../peripherals/vic.js';
import { Inbox } from '../router/inbox.js';
import { arena } from './arena.js';
import { Cpu, Exception } from './cpu.js';
import { passRounds, ROUND_CYCLES, ROUND_INSTRUCTIONS, roundsAhead } from './delay-loop.js';
import { endSlice } from './general.js';
import { interpret } from './interpreter.js';
import { CoreMemory, DTCM_BASE, DTCM_BYTES, ITCM_BYTES } from './memory.js';
import { type BusOwner, PrivateBus } from './private-bus.js';
import { RunState } from './run-state.js';
import { type RunningCore, runs } from './running-core.js';
import { sentAt, sentPacket } from './sent.js';
import { type Probe, SingleSteps, stepSlice } from './single-step.js';
import {
  ENTRY_CYCLES,
  LONGEST_SLICE,
  NANOSECONDS_PER_CYCLE,
  WINDOW_CYCLES,
} from './slice-times.js';
import { activeState, newKeptState, Slot } from './state.js';
import { coreLoop } from './translator/core-loop.js';
import { prepareTranslations } from './translator/translate.js';

/** What a core has executed since it was made. */
export interface ArmCoreStatistics {
  readonly instructions: number;
  /** Cycles in which instructions were executed or waited for memory. */
  readonly cyclesAwake: number;
  /** Cycles spent waiting for an interrupt. */
  readonly cyclesAsleep: number;
}

let runNumbers = 0;

/** For a core that is not in the arena. */
function newRunNumber(): number {
  runNumbers--;
  return runNumbers;
}

/** How a program is started. */
interface Origin {
  readonly entry: number;
  readonly argument: number;
  readonly thumb: boolean;
}

/** An ARM core of a chip. Its memories take space only from the first load or start on. */
export class ArmCore implements ResettableCore, BusOwner, RunningCore {
  private machine: { readonly memory: CoreMemory; readonly cpu: Cpu } | undefined;
  private readonly kept = newKeptState();
  private readonly state = new RunState(this.kept);
  readonly inbox = new Inbox(this.kept);
  private readonly interrupts = new InterruptController(this.kept);
  private readonly timers: readonly [Timer, Timer];
  private readonly dma: DmaController;
  private readonly communications: CommunicationsController;
  private readonly bus: PrivateBus;
  /** Where the last program began. */
  private origin: Origin | undefined;
  private probes: { readonly probe: Probe; readonly pages: SingleSteps } | undefined;
  /** A probe stopped the core: its time stands still. */
  private isStopped = false;
  /** Stands for the core in {@link Slot.Running}. */
  private readonly runNumber = this.kept.words.byteOffset || newRunNumber();
  /** What waits until the core does not run. */
  private deferred: (() => void) | undefined;
  /** @param translates whether hot code is translated to WebAssembly; nothing but speed depends on it */
  constructor(
    readonly id: number,
    private readonly chip: ChipBus,
    private readonly translates = true,
  ) {
    const now = () => this.present;
    const { interrupts, state, kept } = this;
    const changed = () => {
      state.nextEvent = undefined;
    };
    const setLines = (mask: number, levels: number) => interrupts.setLines(mask, levels);
    const line = (source: number) => (level: boolean) => interrupts.setLine(source, level);
    this.timers = [
      new Timer(now, line(Source.Timer1), changed, kept, 0),
      new Timer(now, line(Source.Timer2), changed, kept, 1),
    ];
    const tcm = (address: number, length: number) => this.tcm(address, length);
    const tcmWritten = (address: number, length: number) => this.codeWritten(address, length);
    const readBlock = (address: number, target: Uint8Array) => chip.readBlock(address, target);
    const writeBlock = (address: number, source: Uint8Array) => chip.writeBlock(address, source);
    const memories = { tcm, tcmWritten, readBlock, writeBlock };
    this.dma = new DmaController(id, memories, now, setLines, () => {
      state.transferEnd = this.dma.nextEvent;
      changed();
    });
    const send = (packet: Packet) => this.send(packet);
    const inVain = () => this.stayInTurn();
    this.communications = new CommunicationsController(send, now, setLines, inVain, changed, kept);
    const { communications, dma } = this;
    const devices = { communications, timers: new TimerPair(this.timers), interrupts, dma };
    this.bus = new PrivateBus(id, devices, chip, this);
  }

  get time(): number {
    return this.state.cycle * NANOSECONDS_PER_CYCLE;
  }

  get asleep(): boolean {
    return this.waitsForInterrupt || (this.isDelaying && !this.interrupts.isRequesting);
  }

  get waitsForInterrupt(): boolean {
    if (!this.state.started || this.machine === undefined) return true;
    if (this.held) return false;
    return this.machine.cpu.asleep && !this.interrupts.isRequesting;
  }

  get nextEvent(): number {
    if (!this.state.started) return Number.POSITIVE_INFINITY;
    const next = this.nextEventCycle;
    return (this.isDelaying ? Math.min(next, this.state.delayEnd) : next) * NANOSECONDS_PER_CYCLE;
  }

  private get isDelaying(): boolean {
    return this.state.delayEnd > this.state.cycle;
  }

  /** Instructions executed and cycles spent since the core was made. */
  get statistics(): ArmCoreStatistics {
    const { instructions, cyclesAwake, cyclesAsleep } = this.state;
    return { instructions, cyclesAwake, cyclesAsleep };
  }

  /** Registers r0 to r15 for a debugger: r15 is the address of the next instruction. */
  get registers(): Int32Array {
    return this.prepared().cpu.registers;
  }

  /** Whether a program was started and not stopped since. */
  get isStarted(): boolean {
    return this.state.started;
  }

  /** The processor with its memory, for a debugger; between runs its registers are put away. */
  get processor(): Cpu {
    return this.prepared().cpu;
  }

  /** A word of its devices or its chip, for a debugger: takes no time. Some registers change when read. Throws BusError. */
  peek(address: number): number {
    return this.bus.peek(address);
  }

  /** Writes such a word. Throws BusError. */
  poke(address: number, value: number): void {
    this.bus.poke(address, value);
  }

  /** What follows the core one instruction at a time, in the interpreter; undefined, the default, costs nothing. */
  get probe(): Probe | undefined {
    return this.probes?.probe;
  }

  /** Replaces the one before. */
  set probe(probe: Probe | undefined) {
    if (probe === undefined) this.probes = undefined;
    else {
      const pages = this.probes?.pages ?? new SingleSteps(this.processor.memory.itcm32);
      this.probes = { probe, pages };
    }
    this.updatePlain();
  }

  /** Whether its probe stopped the core, in front of an instruction. */
  get isHeld(): boolean {
    return this.held;
  }

  /** Lets a core go on that its probe has stopped. */
  release(): void {
    this.held = false;
  }

  /** Everything that a reset reaches as after its line was released; the core does not run until started. */
  reset(kind: ResetKind = 'hard'): void {
    if (this.running) {
      this.afterSlice(() => this.reset(kind));
      return;
    }
    const kept = kind === 'soft' ? [] : [this.interrupts, ...this.timers];
    for (const device of [...kept, this.dma, this.communications]) device.reset();
    this.state.nextEvent = undefined;
    this.state.started = false;
    this.held = false;
    this.state.delayEnd = 0;
    this.machine?.cpu.reset();
    // What it is loaded with next, other cores mostly are too: the decoded pages are looked up anew.
    this.machine?.cpu.pages.clear();
  }

  /**
   * Starts the core after a reset of its devices, in supervisor mode with interrupts masked.
   *
   * @param entry - address of the first instruction
   * @param argument - value of r0
   * @param thumb - true to begin in Thumb state
   */
  start(entry: number, argument = 0, thumb = false): void {
    if (this.running) {
      this.afterSlice(() => this.start(entry, argument, thumb));
      return;
    }
    this.reset();
    this.prepared().cpu.prepare(entry, argument, thumb);
    this.state.started = true;
    this.origin = { entry, argument, thumb };
  }

  /** Starts the last program again, over the memory as it is; false when there was none. */
  restart(): boolean {
    const { origin } = this;
    if (origin === undefined) return false;
    this.start(origin.entry, origin.argument, origin.thumb);
    return true;
  }

  /** Stops the core as if its clock were gone; memory stays. */
  stop(): void {
    this.state.started = false;
    this.state.delayEnd = 0;
    if (this.running) activeState[Slot.Stop] = 1;
  }

  /** Lets a core go on that was stopped or reset. It must not be running. */
  resume(): void {
    this.prepared();
    this.state.started = true;
    this.held = false;
  }

  /** Whether an interrupt line is enabled. */
  listensTo(source: number): boolean {
    return this.interrupts.isEnabled(source);
  }

  /** Copies `length` bytes of tightly coupled memory from a core address. Throws BusError beyond it. */
  readTcm(address: number, length: number): Uint8Array {
    return this.tcm(address, length).slice();
  }

  /** Copies bytes into tightly coupled memory at a core address. Throws BusError beyond it. */
  writeTcm(address: number, bytes: Uint8Array): void {
    this.tcm(address, bytes.length).set(bytes);
    this.prepared().cpu.pages.clear();
  }

  setInterrupt(source: number, level: boolean): void {
    this.interrupts.setLine(source, level);
    if (this.running) endSlice();
  }

  deliver(packet: Packet, route: number, at: number): boolean {
    if (!this.state.started || this.held) return false;
    if (this.waitsForInterrupt) this.sleepUntil(Math.ceil(at / NANOSECONDS_PER_CYCLE));
    return this.communications.deliver(packet, route);
  }

  stopWithin(ns: number): void {
    if (!this.running) return;
    this.state.end = Math.min(this.state.end, this.present + Math.ceil(ns / NANOSECONDS_PER_CYCLE));
    endSlice();
  }

  run(until: number, limit = until): void {
    this.state.turn = Math.ceil(until / NANOSECONDS_PER_CYCLE);
    const leads = limit > until && this.state.cycle >= this.state.turnsUntil;
    this.state.end = leads ? Math.ceil(limit / NANOSECONDS_PER_CYCLE) : this.state.turn;
    if (this.machine === undefined || !this.state.started) {
      this.state.cycle = Math.max(this.state.cycle, this.state.turn);
      return;
    }
    if (this.waitsForInterrupt && this.nextEventCycle >= this.state.turn) {
      this.sleepUntil(this.state.turn);
      return;
    }
    if (this.held) return;
    this.runSlices(this.machine.cpu);
    this.runDeferred();
  }

  /** Where its state is in the arena, for wasm/core.c; 0 when it is elsewhere. */
  get arenaAddress(): number {
    return this.kept.words.buffer === arena.buffer ? this.kept.words.byteOffset : 0;
  }

  private get held(): boolean {
    return this.isStopped;
  }

  private set held(isHeld: boolean) {
    this.isStopped = isHeld;
    this.updatePlain();
  }

  /** Whether it is just that its program runs, and may be translated. */
  private updatePlain(): void {
    const isPlain = this.probes === undefined && !this.held && this.machine !== undefined;
    const isTranslated = isPlain && this.machine?.memory.arenaAddress !== undefined;
    this.state.isPlain = isTranslated && this.translates && coreLoop() !== undefined;
  }

  private get running(): boolean {
    return activeState[Slot.Running] === this.runNumber;
  }

  /** Runs until a cycle, or until something waits for the core not to run. */
  private runSlices(cpu: Cpu): void {
    if (this.probes !== undefined) cpu.resume();
    this.beginRun();
    try {
      this.runOn(cpu);
    } finally {
      this.endRun(cpu);
    }
  }

  private runOn(cpu: Cpu): void {
    const loop = this.state.isPlain ? coreLoop() : undefined;
    prepareTranslations(cpu);
    while (this.isToRun) {
      if (loop === undefined) this.runSlice(cpu);
      else if (loop.run(this.runNumber) !== 0) return;
    }
    this.noteDelay(cpu);
  }

  private beginRun(): void {
    activeState[Slot.Running] = this.runNumber;
    activeState[Slot.SendRoom] = this.chip.injectionRoom ?? 0;
  }

  private endRun(cpu: Cpu): void {
    activeState[Slot.Running] = 0;
    cpu.suspend();
    this.countSdram();
    this.sendAll();
  }

  /** Of {@link RunningCore}. */
  stopped(cpu: Cpu): void {
    try {
      this.runOn(cpu);
    } finally {
      this.endRun(cpu);
    }
    this.runDeferred();
    runs(cpu);
    activeState[Slot.SendRoom] = this.chip.injectionRoom ?? 0;
  }

  private runDeferred(): void {
    const { deferred } = this;
    if (deferred === undefined) return;
    this.deferred = undefined;
    deferred();
    this.run(this.state.turn * NANOSECONDS_PER_CYCLE);
  }

  private get isToRun(): boolean {
    const { cycle, end } = this.state;
    return cycle < end && this.state.started && !this.held && this.deferred === undefined;
  }

  /** Hands the chip what was sent without it. */
  private sendAll(): void {
    const count = activeState[Slot.Sent] as number;
    if (count === 0) return;
    activeState[Slot.Sent] = 0;
    for (let index = 0; index < count; index++) {
      this.chip.send(this.id, sentPacket(index), sentAt(index) * NANOSECONDS_PER_CYCLE);
    }
  }

  private send(packet: Packet): boolean {
    this.sendAll();
    activeState[Slot.SendRoom] = 0;
    return this.chip.send(this.id, packet, this.present * NANOSECONDS_PER_CYCLE);
  }

  /** Of {@link RunningCore}. */
  settleControllers(): void {
    this.dma.settle();
    this.communications.settle();
  }

  private noteDelay(cpu: Cpu): void {
    this.state.delayEnd = this.isAgainThere(cpu) ? this.delayEndOf(cpu) : 0;
  }

  /** Of {@link RunningCore}. */
  delayEndOf(cpu: Cpu): number {
    return this.state.cycle + ROUND_CYCLES * roundsAhead(cpu);
  }

  /** Whether a run ends awake where the one before did, as each does in a delay loop. Code is looked at then only. */
  private isAgainThere(cpu: Cpu): boolean {
    const { programCounter } = cpu;
    const isSame = programCounter === this.state.lastStop;
    this.state.lastStop = programCounter;
    return isSame && !cpu.asleep && this.probes === undefined;
  }

  /** Does something to the core itself, asked for by its own access to a chip register. */
  private afterSlice(action: () => void): void {
    this.deferred = action;
    this.stopRun();
  }

  private stopRun(): void {
    activeState[Slot.Stop] = 1;
    endSlice();
  }

  private runSlice(cpu: Cpu): void {
    let next = this.nextEventCycle;
    if (next <= this.state.cycle) {
      this.settle();
      next = this.nextEventCycle;
    }
    const until = Math.min(this.state.end, next);
    this.state.sliceEnd = until;
    const { interrupts } = this;
    if (cpu.asleep) {
      if (!interrupts.isRequesting) {
        this.takeTurns(this.state.cycle);
        this.sleepUntil(Math.min(this.state.end, until));
        return;
      }
      cpu.asleep = false;
    }
    this.state.noteRequests(interrupts.interrupt, interrupts.fastInterrupt);
    cpu.isRequested = interrupts.isRequesting;
    if (cpu.isRequested) this.takeInterrupt(cpu);
    if (this.isDelaying && this.probes === undefined && this.passDelay(cpu, until)) return;
    this.state.delayEnd = 0;
    activeState[Slot.Elapsed] = 0;
    activeState[Slot.Stalled] = 0;
    activeState[Slot.Limit] = Math.min(LONGEST_SLICE, Math.max(1, until - this.state.cycle));
    const { probes } = this;
    if (probes === undefined) {
      cpu.resumeInSlice();
      interpret(cpu, true);
      this.account();
    } else this.held = stepSlice(cpu, probes.probe, probes.pages, () => this.account());
  }

  /** Adds what was executed to the counts and to the local time; returns the cycles that it took. */
  private account(): number {
    const spent = this.present - this.state.cycle;
    this.state.instructions += (activeState[Slot.Elapsed] as number) >>> 16;
    activeState[Slot.Elapsed] = 0;
    activeState[Slot.Stalled] = 0;
    this.state.cycle += spent;
    this.state.cyclesAwake += spent;
    return spent;
  }

  /** Of {@link RunningCore}. */
  passDelay(cpu: Cpu, until: number): boolean {
    const ahead = roundsAhead(cpu);
    if (ahead <= 0) return false;
    const rounds = Math.min(Math.floor((until - this.state.cycle) / ROUND_CYCLES), ahead);
    if (rounds <= 0) return false;
    passRounds(cpu, rounds);
    this.state.cycle += ROUND_CYCLES * rounds;
    this.state.cyclesAwake += ROUND_CYCLES * rounds;
    this.state.instructions += ROUND_INSTRUCTIONS * rounds;
    return true;
  }

  /** Tells the chip what translated code read and wrote past the bus. */
  private countSdram(): void {
    const bytes = activeState[Slot.SdramBytes] as number;
    if (bytes === 0) return;
    activeState[Slot.SdramBytes] = 0;
    this.bus.direct?.count(bytes);
  }

  private takeInterrupt(cpu: Cpu): void {
    const next = cpu.programCounter + 4;
    if (this.interrupts.fastInterrupt && !cpu.fastInterruptsDisabled)
      cpu.enter(Exception.FastInterrupt, next);
    else if (this.interrupts.interrupt && !cpu.interruptsDisabled)
      cpu.enter(Exception.Interrupt, next);
    else return;
    this.state.cycle += ENTRY_CYCLES;
    this.state.cyclesAwake += ENTRY_CYCLES;
  }

  private sleepUntil(cycle: number): void {
    if (cycle <= this.state.cycle) return;
    this.takeTurns(cycle - 1);
    this.state.cyclesAsleep += cycle - this.state.cycle;
    this.state.cycle = cycle;
  }

  private settle(): void {
    const [first, second] = this.timers;
    first.settle();
    second.settle();
    this.dma.settle();
    this.communications.settle();
  }

  private get nextEventCycle(): number {
    const known = this.state.nextEvent;
    if (known !== undefined) return known;
    const [first, second] = this.timers;
    const next = Math.min(
      first.nextEvent,
      second.nextEvent,
      this.dma.nextEvent,
      this.communications.nextEvent,
    );
    this.state.nextEvent = next;
    return next;
  }

  /** Of {@link BusOwner}. */
  get isPrivileged(): boolean {
    return this.machine?.cpu.isPrivileged ?? true;
  }

  /** Of {@link BusOwner}: ends the slice if its devices ask for more, or do something sooner, than when it began. */
  deviceWritten(): void {
    if (!this.running) return;
    const { interrupt, fastInterrupt, isRequesting } = this.interrupts;
    const isAsked = this.state.isAsked(interrupt, fastInterrupt);
    if (this.machine !== undefined) this.machine.cpu.isRequested = isRequesting;
    if (isAsked || this.nextEventCycle < this.state.sliceEnd) endSlice();
  }

  /** Of {@link BusOwner}. */
  sharedUsed(): void {
    this.stayInTurn();
  }

  /** The core waits for what others do, or does what they notice. */
  private stayInTurn(): void {
    if (!this.running) return;
    if (this.state.end > this.state.turn) endSlice();
    this.takeTurns(this.present);
  }

  /** Does not run ahead in the window of a cycle. */
  private takeTurns(cycle: number): void {
    this.state.turnsUntil = (Math.floor(cycle / WINDOW_CYCLES) + 1) * WINDOW_CYCLES;
    this.state.end = Math.min(this.state.end, this.state.turn);
  }

  /** Local time in cycles, exact while instructions are executed. */
  private get present(): number {
    if (!this.running) return this.state.cycle;
    return (
      this.state.cycle +
      (activeState[Slot.Stalled] as number) +
      ((activeState[Slot.Elapsed] as number) & 0xffff)
    );
  }

  /** Of {@link BusOwner}. */
  stall(cycles: number): void {
    activeState[Slot.Stalled] = (activeState[Slot.Stalled] as number) + cycles;
    // A single step tells by the limit whether the slice was ended.
    if (this.probes !== undefined) return;
    activeState[Slot.Limit] = Math.max(0, (activeState[Slot.Limit] as number) - cycles);
  }

  private prepared(): { readonly memory: CoreMemory; readonly cpu: Cpu } {
    if (this.machine !== undefined) return this.machine;
    const memory = new CoreMemory(this.bus, (address) => this.codeWritten(address, 4), this.kept);
    const cpu = new Cpu(memory, this.translates);
    cpu.reset();
    cpu.owner = this;
    this.machine = { memory, cpu };
    this.updatePlain();
    return this.machine;
  }

  /** A view of tightly coupled memory by core address. */
  private tcm(address: number, length: number): Uint8Array {
    const { memory } = this.prepared();
    const isData = address >= DTCM_BASE;
    const offset = isData ? address - DTCM_BASE : address;
    if (address < 0 || offset + length > (isData ? DTCM_BYTES : ITCM_BYTES))
      throw new BusError(address);
    return (isData ? memory.dtcm8 : memory.itcm8).subarray(offset, offset + length);
  }

  /** Drops decoded instructions of a block that was written. */
  private codeWritten(address: number, length: number): void {
    if (address >= ITCM_BYTES || this.machine === undefined) return;
    const wasUsed = this.machine.cpu.pages.replaced(address, length);
    if (wasUsed && this.running) endSlice();
  }
}

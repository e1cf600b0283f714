/** One core: an ARM968E-S with its tightly coupled memories and private devices, as its chip sees it. */
import {
  BusError,
  type ChipBus,
  type Packet,
  type ResetKind,
  type ResettableCore,
} from '../core/core.js';
import { Inbox } from '../router/inbox.js';
import { arena } from './arena.js';
import { CoreDevices } from './core-devices.js';
import { Cpu } from './cpu.js';
import { endSlice } from './general.js';
import { LocalTime } from './local-time.js';
import { CoreMemory, DTCM_BASE, DTCM_BYTES, ITCM_BYTES } from './memory.js';
import { type BusOwner, PrivateBus } from './private-bus.js';
import { RunState } from './run-state.js';
import { type RunningCore, runs } from './running-core.js';
import { sentAt, sentPacket } from './sent.js';
import { type Probe, SingleSteps } from './single-step.js';
import { NANOSECONDS_PER_CYCLE } from './slice-times.js';
import { type Following, Slices } from './slices.js';
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
  private readonly localTime = new LocalTime(this.state);
  private readonly devices: CoreDevices;
  private readonly slices: Slices;
  private readonly bus: PrivateBus;
  /** Where the last program began. */
  private origin: Origin | undefined;
  private following: Following | undefined;
  /** A probe stopped the core: its time stands still. */
  private isStopped = false;
  /** What waits until the core does not run. */
  private deferred: (() => void) | undefined;

  /** @param translates whether hot code is translated to WebAssembly; nothing but speed depends on it */
  constructor(
    readonly id: number,
    private readonly chip: ChipBus,
    private readonly translates = true,
  ) {
    const { state, localTime } = this;
    this.devices = new CoreDevices(id, state, localTime, {
      memories: {
        tcm: (address, length) => this.tcm(address, length),
        tcmWritten: (address, length) => this.codeWritten(address, length),
        readBlock: (address, target) => chip.readBlock(address, target),
        writeBlock: (address, source) => chip.writeBlock(address, source),
      },
      send: (packet) => this.send(packet),
    });
    this.slices = new Slices(state, localTime, this.devices);
    this.bus = new PrivateBus(id, this.devices, chip, this);
  }

  get time(): number {
    return this.state.cycle * NANOSECONDS_PER_CYCLE;
  }

  get asleep(): boolean {
    return (
      this.waitsForInterrupt || (this.slices.isDelaying && !this.devices.interrupts.isRequesting)
    );
  }

  get waitsForInterrupt(): boolean {
    if (!this.state.started || this.machine === undefined) return true;
    if (this.held) return false;
    return this.machine.cpu.asleep && !this.devices.interrupts.isRequesting;
  }

  get nextEvent(): number {
    if (!this.state.started) return Number.POSITIVE_INFINITY;
    const next = this.devices.nextEvent;
    return (
      (this.slices.isDelaying ? Math.min(next, this.state.delayEnd) : next) * NANOSECONDS_PER_CYCLE
    );
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
    return this.following?.probe;
  }

  /** Replaces the one before. */
  set probe(probe: Probe | undefined) {
    if (probe === undefined) this.following = undefined;
    else {
      const pages = this.following?.pages ?? new SingleSteps(this.processor.memory.itcm32);
      this.following = { probe, pages };
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
    if (this.localTime.isRunning) {
      this.afterSlice(() => this.reset(kind));
      return;
    }
    this.devices.reset(kind);
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
    if (this.localTime.isRunning) {
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
    if (this.localTime.isRunning) activeState[Slot.Stop] = 1;
  }

  /** Lets a core go on that was stopped or reset. It must not be running. */
  resume(): void {
    this.prepared();
    this.state.started = true;
    this.held = false;
  }

  /** Whether an interrupt line is enabled. */
  listensTo(source: number): boolean {
    return this.devices.interrupts.isEnabled(source);
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
    this.devices.interrupts.setLine(source, level);
    if (this.localTime.isRunning) endSlice();
  }

  deliver(packet: Packet, route: number, at: number): boolean {
    if (!this.state.started || this.held) return false;
    if (this.waitsForInterrupt) this.localTime.sleepUntil(Math.ceil(at / NANOSECONDS_PER_CYCLE));
    return this.devices.communications.deliver(packet, route);
  }

  stopWithin(ns: number): void {
    if (!this.localTime.isRunning) return;
    this.state.end = Math.min(
      this.state.end,
      this.localTime.present + Math.ceil(ns / NANOSECONDS_PER_CYCLE),
    );
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
    if (this.waitsForInterrupt && this.devices.nextEvent >= this.state.turn) {
      this.localTime.sleepUntil(this.state.turn);
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
    const isPlain = this.following === undefined && !this.held && this.machine !== undefined;
    const isTranslated = isPlain && this.machine?.memory.arenaAddress !== undefined;
    this.state.isPlain = isTranslated && this.translates && coreLoop() !== undefined;
  }

  /** Runs until a cycle, or until something waits for the core not to run. */
  private runSlices(cpu: Cpu): void {
    if (this.following !== undefined) cpu.resume();
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
      if (loop === undefined) {
        if (this.slices.run(cpu, this.following)) this.held = true;
      } else if (loop.run(this.localTime.runNumber) !== 0) return;
    }
    this.slices.noteDelay(cpu, this.following);
  }

  private beginRun(): void {
    activeState[Slot.Running] = this.localTime.runNumber;
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
    return this.chip.send(this.id, packet, this.localTime.present * NANOSECONDS_PER_CYCLE);
  }

  /** Of {@link RunningCore}. */
  settleControllers(): void {
    this.devices.settleControllers();
  }

  /** Of {@link RunningCore}. */
  delayEndOf(cpu: Cpu): number {
    return this.slices.delayEndOf(cpu);
  }

  /** Of {@link RunningCore}. */
  passDelay(cpu: Cpu, until: number): boolean {
    return this.slices.passDelay(cpu, until);
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

  /** Tells the chip what translated code read and wrote past the bus. */
  private countSdram(): void {
    const bytes = activeState[Slot.SdramBytes] as number;
    if (bytes === 0) return;
    activeState[Slot.SdramBytes] = 0;
    this.bus.direct?.count(bytes);
  }

  /** Of {@link BusOwner}. */
  get isPrivileged(): boolean {
    return this.machine?.cpu.isPrivileged ?? true;
  }

  /** Of {@link BusOwner}: ends the slice if its devices ask for more, or do something sooner, than when it began. */
  deviceWritten(): void {
    if (!this.localTime.isRunning) return;
    const { interrupt, fastInterrupt, isRequesting } = this.devices.interrupts;
    const isAsked = this.state.isAsked(interrupt, fastInterrupt);
    if (this.machine !== undefined) this.machine.cpu.isRequested = isRequesting;
    if (isAsked || this.devices.nextEvent < this.state.sliceEnd) endSlice();
  }

  /** Of {@link BusOwner}. */
  sharedUsed(): void {
    this.localTime.stayInTurn();
  }

  /** Of {@link BusOwner}. */
  stall(cycles: number): void {
    activeState[Slot.Stalled] = (activeState[Slot.Stalled] as number) + cycles;
    // A single step tells by the limit whether the slice was ended.
    if (this.following !== undefined) return;
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
    if (wasUsed && this.localTime.isRunning) endSlice();
  }
}

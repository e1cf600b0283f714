/** Starting and stopping programs on the application cores of one chip. */
import {
  AplxOpcode,
  aplxEntryLayout,
  applicationDataLayout,
  CoreState,
  MalformedMessageError,
  type StartOptions,
  vcpuAddress,
  vcpuLayout,
} from '@spin-tools/scp';
import { ArmCore } from '../arm/arm-core.js';
import { DTCM_BASE, DTCM_BYTES, ITCM_BYTES } from '../arm/memory.js';
import { BusError } from '../core/core.js';
import { type CoreProgram, ProgramCore } from '../core/program-core.js';
import { DeadCore } from '../faults/dead-core.js';
import type { CoreMap } from './core-map.js';
import type { MonitorMemory } from './memory.js';

/** Where the loader finds its table and the argument of the program. */
const TABLE_POINTER = 0xe5000010;
const ARGUMENT = 0xe5000014;
const MOST_ENTRIES = 64;
const IDLE_NAME = 'sark';
/** Half period of the LED after a run-time error, 10 ms. */
const ERROR_BLINK = 8;

/** Programs of one chip. */
export class Programs {
  /** By physical core; those that were ever started. */
  readonly cores: (ArmCore | undefined)[] = [];

  constructor(
    private readonly memory: MonitorMemory,
    private readonly map: CoreMap,
    private readonly now: () => number,
    private readonly started: () => void,
  ) {}

  /**
   * Starts the image at an address on the virtual cores of a mask that exist. One that is no image leaves
   * them where the loader got to, in the state "initialising".
   */
  start(table: number, { appId, wait, cores }: StartOptions): void {
    if (cores === 0) return;
    const { memory } = this;
    const argument = (Number(wait) << 8) | appId;
    this.note(appId, cores);
    memory.chip.setFlags(cores, true);
    memory.setWord(TABLE_POINTER, table);
    memory.setWord(ARGUMENT, argument);
    for (let core = 1; core < this.map.count; core++) {
      if (((cores >>> core) & 1) === 0) continue;
      memory.setVcpu(core, 'state', CoreState.Initialising);
      memory.setVcpu(core, 'appId', appId);
      memory.setVcpu(core, 'loadTime', memory.variable('unixTime'));
      memory.setVcpu(core, 'iobuf', 0);
      memory.setVcpu(core, 'mailboxCoreCommand', 0);
      memory.setVcpu(core, 'mailboxMonitorCommand', 0);
      this.halt(core);
      this.load(this.map.physical(core), table, argument);
    }
  }

  /** Runs a TypeScript program on a virtual core. */
  run(core: number, program: CoreProgram, appId: number): void {
    this.stop(core);
    const physical = this.map.physical(core);
    this.memory.setVcpu(core, 'state', CoreState.Run);
    this.memory.setVcpu(core, 'appId', appId);
    const runner = new ProgramCore(physical, this.memory.chip, program);
    runner.time = this.now();
    this.memory.chip.setCore(physical, runner);
  }

  /** Stops virtual cores and starts the idle program on them. */
  initialise(cores: readonly number[]): void {
    const mask = cores.reduce((all, core) => all | (1 << core), 0);
    if (mask === 0) return;
    this.note(0, mask);
    this.memory.chip.setFlags(mask, true);
    this.memory.setWord(TABLE_POINTER, this.memory.variable('sdramSystem'));
    this.memory.setWord(ARGUMENT, 0);
    for (const core of cores) this.stop(core);
  }

  /** Stops virtual cores for good. */
  powerDown(cores: readonly number[]): void {
    for (const core of cores) {
      this.halt(core);
      this.memory.setVcpu(core, 'state', CoreState.PowerDown);
      this.memory.setVcpu(core, 'appId', 0);
      this.memory.setVcpu(core, 'loadTime', this.memory.variable('unixTime'));
    }
  }

  /** The idle program of a virtual core has met a run-time error. */
  fail(core: number, error: number): void {
    this.halt(core);
    this.memory.setVcpu(core, 'state', CoreState.RunTimeError);
    this.memory.setVcpu(core, 'runTimeError', error);
    this.memory.setVariable('ledPeriod', ERROR_BLINK);
  }

  /** The clock of a virtual core stops; packets for it block the router. */
  halt(core: number): void {
    const physical = this.map.physical(core);
    this.cores[physical]?.stop();
    this.memory.chip.setCore(physical, new DeadCore(physical));
    this.memory.chip.setInterrupts(1 << physical, false);
  }

  /** Whether the idle program runs on a virtual core, and answers. */
  isIdle(core: number): boolean {
    return this.memory.chip.ports[this.map.physical(core)]?.core === undefined;
  }

  /** The ARM core, with its memories, of a virtual core. */
  coreOf(core: number): ArmCore {
    return this.armCore(this.map.physical(core));
  }

  private stop(core: number): void {
    this.halt(core);
    const physical = this.map.physical(core);
    this.memory.chip.setCore(physical, undefined);
    const block = vcpuLayout.decode(this.memory.bytes(vcpuAddress(core), vcpuLayout.size));
    const { user0, user1, user2, user3, softwareVersion } = block;
    const idle = {
      ...vcpuLayout.decode(new Uint8Array(vcpuLayout.size)),
      ...{ user0, user1, user2, user3, softwareVersion },
      physicalCore: physical,
      state: CoreState.Idle,
      loadTime: this.memory.variable('unixTime'),
      appName: IDLE_NAME,
    };
    this.memory.setBytes(vcpuAddress(core), vcpuLayout.encode(idle));
  }

  /** Whether anything but the idle program is on a virtual core. */
  isRunning(core: number): boolean {
    return !this.isIdle(core);
  }

  /** Whether an ARM program runs on a virtual core. */
  isProgram(core: number): boolean {
    const { ports } = this.memory.chip;
    return ports[this.map.physical(core)]?.core instanceof ArmCore;
  }

  /** Whether an ARM program runs on any core. */
  get hasAny(): boolean {
    return this.memory.chip.ports.some(({ core }) => core instanceof ArmCore);
  }

  /** Virtual cores of which `appMask` of the app id is `appId`. */
  ofApplication(appId: number, appMask: number): number[] {
    const found: number[] = [];
    for (let core = 1; core < this.map.count; core++) {
      if ((this.memory.vcpu(core, 'appId') & appMask) === appId) found.push(core);
    }
    return found;
  }

  /** Notes in the table of applications which cores an application has. */
  private note(appId: number, mask: number): void {
    const address = this.applicationData(appId);
    const data = applicationDataLayout.decode(
      this.memory.bytes(address, applicationDataLayout.size),
    );
    const isNew = data.cores === 0;
    const known = isNew ? { ...data, clean: 0, semaphore: 0, lead: leadOf(mask), mask: 0 } : data;
    const cores = (known.cores + mask.toString(2).replaceAll('0', '').length) & 0xff;
    const noted = { ...known, cores, mask: (known.mask | mask) >>> 0 };
    this.memory.setBytes(address, applicationDataLayout.encode(noted));
  }

  /** Whether an application owns nothing. */
  isClean(appId: number): boolean {
    return this.memory.bytes(this.cleanFlag(appId), 1)[0] !== 0;
  }

  /** An application comes to own something. */
  soil(appId: number): void {
    this.memory.setBytes(this.cleanFlag(appId), Uint8Array.of(0));
  }

  /** All that an application owned was freed. */
  clean(appId: number): void {
    const { cores } = applicationDataLayout.places;
    this.memory.setBytes(this.applicationData(appId) + cores.offset, Uint8Array.of(0));
    this.memory.setBytes(this.cleanFlag(appId), Uint8Array.of(1));
  }

  private cleanFlag(appId: number): number {
    return this.applicationData(appId) + applicationDataLayout.places.clean.offset;
  }

  private applicationData(appId: number): number {
    return this.memory.variable('applicationData') + appId * applicationDataLayout.size;
  }

  /** Does what the loader in System RAM does; it gets stuck where memory ends. */
  private load(physical: number, table: number, argument: number): void {
    try {
      this.walk(physical, table, argument);
    } catch (error) {
      if (!(error instanceof BusError || error instanceof MalformedMessageError)) throw error;
    }
  }

  /** Walks the table of an image, then calls the program. */
  private walk(physical: number, table: number, argument: number): void {
    const { chip } = this.memory;
    const core = this.armCore(physical);
    core.run(this.now());
    for (let entry = 0; entry < MOST_ENTRIES; entry++) {
      const at = table + entry * aplxEntryLayout.size;
      const step = aplxEntryLayout.decode(this.memory.bytes(at, aplxEntryLayout.size));
      if (step.opcode === AplxOpcode.Execute) {
        core.start(step.operand1 & ~1, argument, (step.operand1 & 1) === 1);
        chip.setCore(physical, core);
        this.started();
        return;
      }
      if (!this.carryOut(core, at, step)) return;
    }
  }

  private armCore(physical: number): ArmCore {
    const known = this.cores[physical];
    if (known !== undefined) return known;
    const core = this.memory.chip.newArmCore(physical, true);
    this.cores[physical] = core;
    return core;
  }

  private carryOut(
    core: ArmCore,
    at: number,
    step: ReturnType<typeof aplxEntryLayout.decode>,
  ): boolean {
    const { opcode, operand1, operand2, operand3 } = step;
    switch (opcode) {
      case AplxOpcode.Copy:
        this.place(core, operand1, this.memory.bytes(operand2, checked(operand3)));
        return true;
      case AplxOpcode.RelativeCopy:
        this.place(core, operand1, this.memory.bytes(at + operand2, checked(operand3)));
        return true;
      case AplxOpcode.Fill: {
        const words = new Uint32Array(Math.ceil(checked(operand2) / 4)).fill(operand3);
        this.place(core, operand1, new Uint8Array(words.buffer));
        return true;
      }
      default:
        return false;
    }
  }

  private place(core: ArmCore, address: number, bytes: Uint8Array): void {
    const isData = address >= DTCM_BASE && address < DTCM_BASE + DTCM_BYTES;
    const isPrivate = address < ITCM_BYTES || isData;
    if (isPrivate) core.writeTcm(address, bytes);
    else this.memory.setBytes(address, bytes);
  }
}

/** A length that an image may sensibly name. */
function checked(length: number): number {
  if (length > 0x100000) throw new MalformedMessageError('APLX image', `${length} bytes at once`);
  return length;
}

/** The lowest core of a mask; 0 for none. */
function leadOf(mask: number): number {
  return mask === 0 ? 0 : 31 - Math.clz32(mask & -mask);
}

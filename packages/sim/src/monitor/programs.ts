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
import { type CoreProgram, ProgramCore } from '../core/program-core.js';
import type { CoreMap } from './core-map.js';
import type { MonitorMemory } from './memory.js';

/** Where the loader finds its table and the argument of the program. */
const TABLE_POINTER = 0xe5000010;
const ARGUMENT = 0xe5000014;
const MOST_ENTRIES = 64;
const IDLE_NAME = 'sark';

/** Programs of one chip. */
export class Programs {
  /** By physical core; those that were ever started. */
  readonly cores: (ArmCore | undefined)[] = [];

  constructor(
    private readonly memory: MonitorMemory,
    private readonly map: CoreMap,
    private readonly now: () => number,
  ) {}

  /** Starts the image at an address on the virtual cores of a mask that exist. */
  start(table: number, { appId, wait, cores }: StartOptions, unixTime: number): void {
    const { memory } = this;
    const argument = (Number(wait) << 8) | appId;
    this.note(appId, cores);
    memory.chip.systemController.flags |= cores;
    memory.setWord(TABLE_POINTER, table);
    memory.setWord(ARGUMENT, argument);
    for (let core = 1; core < this.map.count; core++) {
      if (((cores >>> core) & 1) === 0) continue;
      memory.setVcpu(core, 'state', CoreState.Initialising);
      memory.setVcpu(core, 'appId', appId);
      memory.setVcpu(core, 'loadTime', unixTime);
      memory.setVcpu(core, 'iobuf', 0);
      memory.setVcpu(core, 'mailboxCoreCommand', 0);
      memory.setVcpu(core, 'mailboxMonitorCommand', 0);
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

  /** Stops a virtual core; it is idle again. */
  stop(core: number): void {
    const physical = this.map.physical(core);
    this.cores[physical]?.stop();
    this.memory.chip.setCore(physical, undefined);
    this.memory.chip.systemController.setInterrupts(1 << physical, false);
    const block = vcpuLayout.decode(this.memory.bytes(vcpuAddress(core), vcpuLayout.size));
    const { user0, user1, user2, user3, softwareVersion } = block;
    const idle = {
      ...vcpuLayout.decode(new Uint8Array(vcpuLayout.size)),
      ...{ user0, user1, user2, user3, softwareVersion },
      physicalCore: physical,
      state: CoreState.Idle,
      appName: IDLE_NAME,
    };
    this.memory.setBytes(vcpuAddress(core), vcpuLayout.encode(idle));
  }

  /** Whether a program runs on a virtual core. */
  isRunning(core: number): boolean {
    return this.memory.chip.ports[this.map.physical(core)]?.core !== undefined;
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
    const all = (data.mask | mask) >>> 0;
    const count = all.toString(2).replaceAll('0', '').length;
    const lead = data.mask === 0 ? 31 - Math.clz32(mask & -mask) : data.lead;
    const noted = { ...data, cores: count, clean: 0, lead: Math.max(0, lead), mask: all };
    this.memory.setBytes(address, applicationDataLayout.encode(noted));
  }

  /** Forgets an application. */
  forget(appId: number): void {
    const clean = new Uint8Array(applicationDataLayout.size);
    clean[applicationDataLayout.places.clean.offset] = 1;
    this.memory.setBytes(this.applicationData(appId), clean);
  }

  private applicationData(appId: number): number {
    return this.memory.variable('applicationData') + appId * applicationDataLayout.size;
  }

  /** Does what the loader in System RAM does: walks the table, then calls the program. */
  private load(physical: number, table: number, argument: number): void {
    const { chip } = this.memory;
    let core = this.cores[physical];
    if (core === undefined) {
      core = new ArmCore(physical, chip);
      this.cores[physical] = core;
    }
    core.stop();
    core.run(this.now());
    for (let entry = 0; entry < MOST_ENTRIES; entry++) {
      const at = table + entry * aplxEntryLayout.size;
      const step = aplxEntryLayout.decode(this.memory.bytes(at, aplxEntryLayout.size));
      if (step.opcode === AplxOpcode.Execute) {
        core.start(step.operand1 & ~1, argument, (step.operand1 & 1) === 1);
        chip.setCore(physical, core);
        return;
      }
      if (!this.carryOut(core, at, step)) return;
    }
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

/**
 * A chip that another thread runs, as monitors and hosts see it. What it is asked goes there; what it is told goes
 * there in time for the next question or window. Links and power are kept here too, see `Network`.
 */
import type { ChipAddress } from '@spin-tools/scp';
import { ArmCore } from '../arm/arm-core.js';
import { Chip, type ChipMemory, type ChipWiring } from '../chip/chip.js';
import { isSdram } from '../chip/sdram.js';
import { SYSTEM_RAM_BYTES, SystemRam } from '../chip/system-ram.js';
import { BusError, type Core } from '../core/core.js';
import { DeadCore } from '../faults/dead-core.js';
import type { CorePort } from '../router/core-port.js';
import type { Link } from '../router/link.js';
import { NotInThreadError } from './errors.js';
import type { RemoteBoards } from './remote-boards.js';
import { RemoteCore } from './remote-core.js';

type AccessSize = 1 | 2 | 4;

/** Blocks of 16 MB, bits 27:24 of addresses from 0xe0000000 on. */
const Block = { Router: 1, SystemRam: 5 } as const;
/** Tables of the router, by offset: any word of them can be written. */
const TABLES = 0x4000;
const TABLES_END = 0x10000;
const OFFSET_MASK = 0xffffff;
const FIRST_DEVICE = 0xe0000000;
const SYSTEM_RAM = 0xe5000000;
const BOOT_AREA = 0xff000000;

/** Stands for a chip. */
export class RemoteChip extends Chip {
  /** What a monitor writes before the memory is first shared goes there as a whole. */
  private isFresh: boolean;
  /** What was last seen of its System RAM, and when. */
  private seen: { readonly moment: number; readonly ram: SystemRam } | undefined;

  constructor(
    place: { readonly index: number; readonly address: ChipAddress; readonly coreMask: number },
    links: readonly Link[],
    private readonly around: ChipWiring,
    private readonly boards: RemoteBoards,
  ) {
    super(place.index, place.address, place.coreMask, links, around);
    this.isFresh = boards.fillsMemory;
  }

  override read(core: number, address: number, size: AccessSize): number {
    if (this.isFresh && isMemory(address)) return super.read(core, address, size);
    if (isSystemRam(address, size)) return this.seenRam().read(address & OFFSET_MASK, size);
    if (isRouterRegister(address)) this.around.countersRead();
    return this.boards.ask('read', this.index, address, size);
  }

  override write(core: number, address: number, value: number, size: AccessSize): void {
    if (isSystemRam(address, size)) this.seen?.ram.write(address & OFFSET_MASK, value, size);
    if (this.isFresh && isMemory(address)) super.write(core, address, value, size);
    else if (isSureToBeWritten(address, size))
      this.boards.post('write', this.index, address, value, size);
    else {
      if (isRouterRegister(address)) this.around.countersRead();
      this.boards.post('write', this.index, address, value, size);
      this.boards.ask('look');
    }
  }

  override copyOut(address: number, target: Uint8Array): void {
    const isRam = isSystemRam(address, target.length);
    if (this.isFresh) super.copyOut(address, target);
    else if (isRam) this.seenRam().readBlock(address & OFFSET_MASK, target);
    else if (!isSdram(address, target.length)) throw new BusError(address);
    else target.set(this.boards.ask('copyOut', this.index, address, target.length));
  }

  override copyIn(address: number, source: Uint8Array): void {
    if (isSystemRam(address, source.length)) {
      this.seen?.ram.writeBlock(address & OFFSET_MASK, source);
    }
    if (this.isFresh) super.copyIn(address, source);
    else if (isMemoryBlock(address, source.length))
      this.boards.post('copyIn', this.index, address, source.slice());
    else throw new BusError(address);
  }

  override copyInCommon(address: number, source: Uint8Array): void {
    this.copyIn(address, source);
  }

  override get hasBlankMemory(): boolean {
    return this.isFresh && super.hasBlankMemory;
  }

  override shareMemory(): ChipMemory {
    const memory = super.shareMemory();
    this.sendMemory(memory);
    return memory;
  }

  override adoptMemory(memory: ChipMemory): void {
    this.sendMemory(memory);
  }

  override keepMemoryOf(): void {
    this.isFresh = false;
  }

  override setMonitor(core: number): void {
    super.setMonitor(core);
    this.boards.post('setMonitor', this.index, core);
  }

  override setMonitorCore(core: number, program: Core): void {
    this.portOf(core).core = program;
    this.boards.post('setMonitorCore', this.index, core);
  }

  override setCore(core: number, program: Core | undefined): void {
    if (program === undefined) this.boards.post('placeNoCore', this.index, core);
    else if (program instanceof ArmCore) this.boards.post('placeArmCore', this.index, core);
    else if (program instanceof DeadCore) this.boards.post('placeDeadCore', this.index, core);
    else throw new NotInThreadError(this.address);
    this.portOf(core).core = program;
  }

  override setFlags(mask: number, isSet: boolean): void {
    this.boards.post('setFlags', this.index, mask, isSet);
  }

  override setOkCores(mask: number): void {
    this.boards.post('setOkCores', this.index, mask);
  }

  override setInterrupts(mask: number, level: boolean): void {
    this.boards.post('setInterrupts', this.index, mask, level);
  }

  override isLocked(lock: number): boolean {
    return this.boards.ask('isLocked', this.index, lock);
  }

  override clearRoutes(first: number): void {
    this.boards.post('clearRoutes', this.index, first);
  }

  override setFixedRoute(route: number): void {
    this.boards.post('setFixedRoute', this.index, route);
  }

  override countSent(packetClass: number, outputs: number, packets: number): void {
    this.boards.post('countSent', this.index, packetClass, outputs, packets);
  }

  override keepClocks(): void {
    this.boards.post('keepClocks', this.index);
  }

  override receiveFrame(frame: Uint8Array): void {
    this.boards.post('receiveFrame', this.index, frame);
  }

  override newArmCore(core: number, isCounted: boolean): ArmCore {
    return new RemoteCore(core, this, this.index, this.boards, isCounted);
  }

  /** System RAM as it is at this moment: monitors look at many words of it, one by one. */
  private seenRam(): SystemRam {
    const { moment } = this.boards;
    if (this.seen?.moment === moment) return this.seen.ram;
    const ram = new SystemRam();
    ram.writeBlock(0, this.boards.ask('copyOut', this.index, SYSTEM_RAM, SYSTEM_RAM_BYTES));
    this.seen = { moment: this.boards.moment, ram };
    return ram;
  }

  private sendMemory(memory: ChipMemory): void {
    this.isFresh = false;
    this.seen = undefined;
    this.boards.adopt(this.index, memory);
  }

  private portOf(core: number): CorePort {
    return this.ports[core] as CorePort;
  }
}

function blockOf(address: number): number {
  return address >= FIRST_DEVICE && address < BOOT_AREA ? (address >>> 24) & 0xf : -1;
}

function isSystemRam(address: number, length: number): boolean {
  return (
    blockOf(address) === Block.SystemRam && (address & OFFSET_MASK) + length <= SYSTEM_RAM_BYTES
  );
}

function isMemory(address: number): boolean {
  return isSdram(address, 1) || isSystemRam(address, 1);
}

/** Whether an address may reach a counter of the router. */
function isRouterRegister(address: number): boolean {
  return blockOf(address) === Block.Router && (address & OFFSET_MASK) < TABLES;
}

function isMemoryBlock(address: number, length: number): boolean {
  return isSdram(address, length) || isSystemRam(address, length);
}

/** Whether a write is no bus error, so that nobody need wait for it. */
function isSureToBeWritten(address: number, size: AccessSize): boolean {
  if (isMemoryBlock(address, size)) return true;
  const offset = address & OFFSET_MASK;
  return blockOf(address) === Block.Router && size === 4 && offset >= TABLES && offset < TABLES_END;
}

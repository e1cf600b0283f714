/**
 * A chip that another thread runs, as monitors and hosts see it. What it is asked goes there; what it is told goes
 * there in time for the next question or window. Links and power are kept here too, see `Network`.
 */
import type { ChipAddress } from '@spin-tools/scp';
import { ArmCore } from '../arm/arm-core.js';
import { Chip, type ChipMemory, type ChipWiring, type KeptClocks } from '../chip/chip.js';
import { isSdram, SDRAM_BYTES } from '../chip/sdram.js';
import { SYSTEM_RAM_BYTES, type SystemRam } from '../chip/system-ram.js';
import { BusError, type Core } from '../core/core.js';
import { DeadCore } from '../faults/dead-core.js';
import type { CorePort } from '../router/core-port.js';
import type { Link } from '../router/link.js';
import { NotInThreadError } from './errors.js';
import type { RemoteBoards } from './remote-boards.js';
import { RemoteCore } from './remote-core.js';
import { SeenMemory } from './seen-memory.js';

type AccessSize = 1 | 2 | 4;

/** Blocks of 16 MB, bits 27:24 of addresses from 0xe0000000 on. */
const Block = { Router: 1, SystemRam: 5 } as const;
/** Tables of the router, by offset. */
const TABLES = 0x4000;
const TABLES_END = 0x10000;
/** Registers of the router, by offset. */
const ROUTER_CONTROL = 0;
const COUNTER_CONTROL = 0x2c;
const FILTERS = 0x200;
const FILTERS_END = 0x240;
const OFFSET_MASK = 0xffffff;
const FIRST_DEVICE = 0xe0000000;
/** The clocks among the system variables, by offset. */
const CLOCKS = 0x7f10;
const CLOCKS_END = 0x7f20;
/** Longest read of SDRAM for which what is around is fetched too, bytes. */
const MOST_KEPT_BYTES = 4096;
const BOOT_AREA = 0xff000000;

/** Stands for a chip. */
export class RemoteChip extends Chip {
  /** What a monitor writes before the memory is first shared goes there as a whole. */
  private isFresh: boolean;
  /** Clocks that a monitor in this thread keeps in its memory; those in the other thread show the same. */
  private clocks: KeptClocks | undefined;
  /** What was last seen of its memories, and when. */
  private known: { readonly moment: number; readonly memory: SeenMemory } | undefined;

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
    if (isSdram(address, size))
      return this.seen.sdramAt(sdramOffset(address), size).read(address, size);
    if (isSystemRam(address, size))
      return this.ramAt(address, size).read(address & OFFSET_MASK, size);
    if (isRouterRegister(address)) this.around.countersRead();
    this.seen.forgetLocks();
    return this.boards.ask('read', this.index, address, size);
  }

  override write(_core: number, address: number, value: number, size: AccessSize): void {
    if (isMemory(address)) this.copyIn(address, bytesOf(value, size));
    else {
      if (isRouterRegister(address)) this.around.countersRead();
      if (isPlainRegister(address, size)) {
        this.boards.post('write', this.index, address, value, size);
        return;
      }
      this.seen.forgetLocks();
      this.boards.ask('write', this.index, address, value, size);
    }
  }

  override copyOut(address: number, target: Uint8Array): void {
    const { length } = target;
    if (this.isFresh) super.copyOut(address, target);
    else if (isSdram(address, length) && length <= MOST_KEPT_BYTES) {
      const offset = sdramOffset(address);
      this.seen.sdramAt(offset, length).readBlock(offset, target);
    } else if (isSystemRam(address, length)) {
      this.ramAt(address, length).readBlock(address & OFFSET_MASK, target);
    } else if (isMemoryBlock(address, length)) {
      target.set(this.boards.ask('copyOut', this.index, address, length));
    } else throw new BusError(address);
  }

  override copyIn(address: number, source: Uint8Array): void {
    if (this.isFresh) super.copyIn(address, source);
    else if (isMemoryBlock(address, source.length)) {
      if (isSdram(address, source.length)) this.seen.sdramWritten(sdramOffset(address), source);
      else this.seen.ramWritten(address & OFFSET_MASK, source);
      this.boards.post('copyIn', this.index, address, source.slice());
    } else throw new BusError(address);
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
    return this.seen.isLocked(lock, (one) => this.boards.ask('isLocked', this.index, one));
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

  override countSentByFirstEntry(packetClass: number, packets: number): void {
    this.boards.post('countSentByFirstEntry', this.index, packetClass, packets);
  }

  override keepClocks(clocks: KeptClocks): void {
    this.clocks = clocks;
    this.boards.post('keepClocks', this.index);
  }

  override receiveFrame(frame: Uint8Array): void {
    this.boards.post('receiveFrame', this.index, frame);
  }

  override newArmCore(core: number, isCounted: boolean): ArmCore {
    return new RemoteCore(core, this, this.index, this.boards, isCounted);
  }

  /** What is known of the memories as they are at this moment. */
  private get seen(): SeenMemory {
    const { boards } = this;
    if (this.known?.moment !== boards.moment) {
      const memory = new SeenMemory((address, length) =>
        boards.ask('copyOut', this.index, address, length),
      );
      this.known = { moment: boards.moment, memory };
    }
    return this.known.memory;
  }

  /** System RAM, of which a part is about to be read. */
  private ramAt(address: number, length: number): SystemRam {
    if (hasClocks(address, length)) this.clocks?.update();
    return this.seen.systemRam;
  }

  private sendMemory(memory: ChipMemory): void {
    this.isFresh = false;
    this.known = undefined;
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

/** Whether an address reaches a register or table of the router that any word can be written to. */
function isPlainRegister(address: number, size: AccessSize): boolean {
  if (blockOf(address) !== Block.Router || size !== 4 || address % 4 !== 0) return false;
  const offset = address & OFFSET_MASK;
  const isTable = offset >= TABLES && offset < TABLES_END;
  const isFilter = offset >= FILTERS && offset < FILTERS_END;
  return isTable || isFilter || offset === ROUTER_CONTROL || offset === COUNTER_CONTROL;
}

/** Whether a part of System RAM has some of the clocks among the system variables. */
function hasClocks(address: number, length: number): boolean {
  const offset = address & OFFSET_MASK;
  return offset < CLOCKS_END && offset + length > CLOCKS;
}

function sdramOffset(address: number): number {
  return address & (SDRAM_BYTES - 1);
}

function bytesOf(value: number, size: AccessSize): Uint8Array {
  return Uint8Array.from({ length: size }, (_, byte) => value >>> (8 * byte));
}

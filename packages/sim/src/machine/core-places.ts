/**
 * Where the cores of a machine are in the arena, and the time that each had when it last ran, by chip and number: as
 * wasm/core.c goes through the cores of a chip.
 */
import { arena, takeArenaBlock } from '../arm/arena.js';
import { ArmCore } from '../arm/arm-core.js';
import { runByNumber, runningCpu } from '../arm/running-core.js';
import { sentAt, sentPacket } from '../arm/sent.js';
import { NANOSECONDS_PER_CYCLE } from '../arm/slice-times.js';
import { activeState, Slot } from '../arm/state.js';
import { coreLoop } from '../arm/translator/core-loop.js';
import type { Chip } from '../chip/chip.js';

/** Places for cores of a chip. */
const CORES = 32;
const GRAIN = 4096;
const ADDRESS_BYTES = Int32Array.BYTES_PER_ELEMENT;
const TIME_BYTES = Float64Array.BYTES_PER_ELEMENT;

/** How far {@link CorePlaces.run} came. */
export interface Ran {
  /** Cores that are still to be run, one bit each; 0 when all are done. */
  left: number;
  /** Those that sleep now. */
  slept: number;
  /** Whether the first of those left was run. */
  isFinished: boolean;
  /** Whether a packet comes later for that one. */
  awaitsPacket: boolean;
}

export class CorePlaces {
  /** Time that cores had when they last ran, ns: index chip * 32 + core. */
  readonly reached: Float64Array;
  private readonly addresses: Int32Array;
  private readonly isInArena: boolean;
  private readonly ran: Ran = { left: 0, slept: 0, isFinished: false, awaitsPacket: false };
  private running: Chip | undefined;
  private readonly processorOf = (core: number) => {
    const program = this.running?.ports[core]?.core;
    if (!(program instanceof ArmCore)) throw new Error(`core ${core} is no ARM core`);
    return program.processor;
  };

  constructor(private readonly chips: readonly Chip[]) {
    const places = chips.length * CORES;
    const bytes = Math.ceil((places * (ADDRESS_BYTES + TIME_BYTES)) / GRAIN) * GRAIN;
    const block = takeArenaBlock(this, bytes);
    this.isInArena = block !== undefined;
    const buffer = block === undefined ? new ArrayBuffer(bytes) : arena.buffer;
    const at = block?.address ?? 0;
    this.reached = new Float64Array(buffer, at, places);
    this.addresses = new Int32Array(buffer, at + places * TIME_BYTES, places);
  }

  /** Another core is in a place, or none. */
  changed(chip: number, core: number): void {
    const program = this.chips[chip]?.ports[core]?.core;
    this.addresses[chip * CORES + core] = program?.arenaAddress ?? 0;
  }

  /** Nothing is on a chip any more. */
  cleared(chip: number): void {
    this.addresses.fill(0, chip * CORES, (chip + 1) * CORES);
  }

  /** Least time that cores of a chip, one bit each, had when they last ran, ns; Infinity for none. */
  leastReached(chip: number, cores: number): number {
    let least = Number.POSITIVE_INFINITY;
    for (let left = cores; left !== 0; left &= left - 1) {
      const core = 31 - Math.clz32(left & -left);
      least = Math.min(least, this.reached[chip * CORES + core] as number);
    }
    return least;
  }

  /** Runs cores of a chip, one bit each, until a time, or one comes that cannot be run so. Times are ns. */
  run(number: number, toRun: number, until: number, limit: number): Ran {
    const { ran, reached, addresses } = this;
    ran.left = toRun;
    ran.slept = 0;
    ran.isFinished = false;
    const loop = this.isInArena ? coreLoop() : undefined;
    if (loop === undefined) return ran;
    const chip = this.chips[number] as Chip;
    const first = number * CORES;
    this.running = chip;
    runByNumber(this.processorOf);
    activeState[Slot.SendRoom] = chip.injectionRoom;
    activeState[Slot.SystemRam] = chip.directSystemRam.address;
    try {
      ran.left = loop.runCores(
        addresses.byteOffset + first * ADDRESS_BYTES,
        reached.byteOffset + first * TIME_BYTES,
        toRun,
        until,
        limit,
      );
    } catch (error) {
      runningCpu().suspend();
      throw error;
    } finally {
      activeState[Slot.Running] = 0;
      handOver(chip);
    }
    const finished = activeState[Slot.Finished] as number;
    ran.slept = activeState[Slot.Slept] as number;
    ran.isFinished = finished !== 0;
    ran.awaitsPacket = finished === 2;
    return ran;
  }
}

/** Hands a chip what its cores sent without it, and what they used of SDRAM. */
function handOver(chip: Chip): void {
  const bytes = activeState[Slot.SdramBytes] as number;
  if (bytes !== 0) {
    activeState[Slot.SdramBytes] = 0;
    chip.direct.count(bytes);
  }
  const count = activeState[Slot.Sent] as number;
  if (count === 0) return;
  activeState[Slot.Sent] = 0;
  for (let index = 0; index < count; index++) {
    chip.send(0, sentPacket(index), sentAt(index) * NANOSECONDS_PER_CYCLE);
  }
}

/** Traces of the instructions that a core executes. */
import type { ArmCore } from '../arm/arm-core.js';
import type { Cpu } from '../arm/cpu.js';
import type { Probe } from '../arm/single-step.js';
import { activeState } from '../arm/state.js';
import type { VirtualMachine } from '../machine/virtual-machine.js';
import { instructionAt } from './accesses.js';
import { attachProbes, type CoreChoice, isChosen } from './attach.js';
import type { DebuggedCore } from './core.js';
import { disassembleOne, withReference } from './disassembly/disassemble.js';
import { isCallPair } from './disassembly/thumb.js';
import { CORE_REGISTERS } from './registers.js';
import type { SymbolTable } from './symbols.js';

/** A register that an instruction changed. */
export interface RegisterChange {
  readonly register: string;
  /** Its new value, unsigned. */
  readonly value: number;
}

/** One executed instruction. */
export interface TraceEntry {
  readonly core: DebuggedCore;
  /** Local simulated time when it began, ns. */
  readonly time: number;
  readonly address: number;
  readonly isThumb: boolean;
  /** A word, a halfword, or both halves of a Thumb call; undefined where none could be fetched. */
  readonly instruction: number | undefined;
  /** Cycles that it took, waiting for memory included. */
  readonly cycles: number;
  /** What it changed, but for the program counter where that just goes on. */
  readonly changes: readonly RegisterChange[];
}

/** A trace that goes on until it is closed. */
export interface InstructionTrace {
  /** The last instructions, oldest first; none when they go to a listener. */
  entries(): TraceEntry[];
  /** Ends the trace; what it recorded stays. */
  close(): void;
}

/** How to trace. */
export interface TraceOptions {
  /** Which cores. */
  readonly cores: CoreChoice;
  /** Instructions that are kept, the last ones of all cores together, 1 or more. Default 10,000. */
  readonly capacity?: number;
  /** Takes every instruction instead of keeping the last ones. */
  readonly onEntry?: (entry: TraceEntry) => void;
}

const DEFAULT_CAPACITY = 10_000;
const PROGRAM_COUNTER = 15;
const STATUS = 16;

/**
 * Traces cores, now or as soon as they run a program. A traced core takes the same simulated time, and many
 * times more of this computer's.
 *
 * @throws RangeError for a capacity that is no whole number above 0
 */
export function traceInstructions(
  machine: VirtualMachine,
  { cores, capacity = DEFAULT_CAPACITY, onEntry }: TraceOptions,
): InstructionTrace {
  const ring = new Ring(capacity);
  const take = onEntry ?? ((entry: TraceEntry) => ring.push(entry));
  const close = attachProbes(machine, (core, arm) =>
    isChosen(cores, core) ? new TraceProbe(core, arm, take) : undefined,
  );
  return { entries: () => ring.entries(), close };
}

class TraceProbe implements Probe {
  private readonly registers = new Int32Array(STATUS + 1);
  private time = 0;
  private isThumb = false;
  private instruction: number | undefined;

  constructor(
    private readonly core: DebuggedCore,
    private readonly arm: ArmCore,
    private readonly take: (entry: TraceEntry) => void,
  ) {}

  before(cpu: Cpu): boolean {
    this.registers.set(activeState.subarray(0, STATUS));
    this.registers[STATUS] = cpu.status;
    this.time = this.arm.time;
    this.isThumb = cpu.thumb === 1;
    this.instruction = this.fetch(activeState[PROGRAM_COUNTER] as number);
    return false;
  }

  after(cpu: Cpu, cycles: number): void {
    const { core, time, isThumb, instruction } = this;
    const address = (this.registers[PROGRAM_COUNTER] as number) >>> 0;
    const changes = this.changes(cpu, address + this.size);
    this.take({ core, time, address, isThumb, instruction, cycles, changes });
  }

  private fetch(address: number): number | undefined {
    const first = instructionAt(this.arm, address, this.isThumb);
    if (!this.isThumb || first === undefined || first >>> 11 !== 0b11110) return first;
    const second = instructionAt(this.arm, address + 2, true);
    return isCallPair(first, second) ? (first | ((second as number) << 16)) >>> 0 : first;
  }

  private get size(): number {
    return this.isThumb && (this.instruction ?? 0) < 0x10000 ? 2 : 4;
  }

  private changes(cpu: Cpu, next: number): RegisterChange[] {
    const changes: RegisterChange[] = [];
    for (let number = 0; number <= STATUS; number++) {
      const value = number === STATUS ? cpu.status : (activeState[number] as number);
      const isSame = value === this.registers[number];
      const isNext = number === PROGRAM_COUNTER && value >>> 0 === next;
      if (isSame || isNext) continue;
      changes.push({ register: CORE_REGISTERS[number] as string, value: value >>> 0 });
    }
    return changes;
  }
}

/** The last entries that came. */
class Ring {
  private readonly kept: TraceEntry[] = [];
  private next = 0;

  constructor(private readonly capacity: number) {
    if (!Number.isInteger(capacity) || capacity < 1) {
      throw new RangeError(`a trace keeps 1 instruction or more, not ${capacity}`);
    }
  }

  push(entry: TraceEntry): void {
    this.kept[this.next] = entry;
    this.next = (this.next + 1) % this.capacity;
  }

  entries(): TraceEntry[] {
    return this.kept.length < this.capacity
      ? [...this.kept]
      : [...this.kept.slice(this.next), ...this.kept.slice(0, this.next)];
  }
}

/** An entry as a line: time in ns, core, address, code, instruction, what it changed. */
export function formatTraceEntry(entry: TraceEntry, symbols?: SymbolTable): string {
  const { core, time, address, changes } = entry;
  const { x, y } = core.place;
  const changed = changes.map(({ register, value }) => `${register}=${hex(value, 8)}`).join(' ');
  const name = symbols?.describe(address) ?? '';
  const columns = [
    String(time).padStart(12),
    `${x},${y},${core.virtual ?? core.physical}`.padEnd(7),
    hex(address, 8),
    name.padEnd(symbols === undefined ? 0 : 24),
    textOf(entry, symbols).padEnd(52),
    changed,
  ];
  return columns
    .filter((column) => column !== '')
    .join('  ')
    .trimEnd();
}

function textOf(
  { instruction, address, isThumb }: TraceEntry,
  symbols: SymbolTable | undefined,
): string {
  if (instruction === undefined) return 'cannot be fetched';
  const size = isThumb && instruction < 0x10000 ? 2 : 4;
  const bytes = new Uint8Array(Uint32Array.of(instruction).buffer).subarray(0, size);
  const line = disassembleOne(bytes, address, { isThumb, ...(symbols && { symbols }) });
  return `${hex(instruction, size * 2).padEnd(8)}  ${withReference(line)}`;
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}

/** Profiles: instructions and cycles that cores spend, by address and by symbol. */
import type { Cpu } from '../arm/cpu.js';
import { ITCM_BYTES } from '../arm/memory.js';
import type { Probe } from '../arm/single-step.js';
import { activeState } from '../arm/state.js';
import type { VirtualMachine } from '../machine/virtual-machine.js';
import { attachProbes, type CoreChoice, isChosen } from './attach.js';
import type { SymbolTable } from './symbols.js';

/** What was spent on something. */
export interface Cost {
  readonly instructions: number;
  /** Cycles of the cores, 5 ns each, waiting for memory included, sleep and interrupt entry not. */
  readonly cycles: number;
}

/** What was spent at an address. */
export interface AddressCost extends Cost {
  readonly address: number;
}

/** What was spent in a function. */
export interface SymbolCost extends Cost {
  /** Name; `0x00000123` for an address outside all symbols. */
  readonly name: string;
  readonly address: number;
  /** Part of all cycles, 0 to 1. */
  readonly share: number;
}

/** Counts of a number of cores together. */
export class Profile {
  private readonly counter = new Counter();
  private readonly detach: () => void;

  /** Counts from now on, also on cores whose programs start later. A core that is counted takes the same simulated time. */
  constructor(machine: VirtualMachine, cores: CoreChoice = 'all') {
    this.detach = attachProbes(machine, (core) =>
      isChosen(cores, core) ? new CountingProbe(this.counter) : undefined,
    );
  }

  /** All of it. */
  get total(): Cost {
    const costs = this.byAddress();
    return {
      instructions: costs.reduce((sum, { instructions }) => sum + instructions, 0),
      cycles: costs.reduce((sum, { cycles }) => sum + cycles, 0),
    };
  }

  /** Costs of addresses, ascending. */
  byAddress(): AddressCost[] {
    return this.counter.costs();
  }

  /** Costs of symbols, the highest first. */
  bySymbol(symbols: SymbolTable): SymbolCost[] {
    const { cycles: all } = this.total;
    const sums = new Map<string, { address: number; instructions: number; cycles: number }>();
    for (const { address, instructions, cycles } of this.byAddress()) {
      const range = symbols.at(address);
      const name = range?.name ?? `0x${address.toString(16).padStart(8, '0')}`;
      const sum = sums.get(name) ?? {
        address: range?.address ?? address,
        instructions: 0,
        cycles: 0,
      };
      sum.instructions += instructions;
      sum.cycles += cycles;
      sums.set(name, sum);
    }
    return [...sums]
      .map(([name, sum]) => ({ name, ...sum, share: all === 0 ? 0 : sum.cycles / all }))
      .sort((a, b) => b.cycles - a.cycles || a.address - b.address);
  }

  /** Stops counting; what was counted stays. */
  close(): void {
    this.detach();
  }
}

class CountingProbe implements Probe {
  private address = 0;

  constructor(private readonly counter: Counter) {}

  before(_cpu: Cpu): boolean {
    this.address = (activeState[15] as number) >>> 0;
    return false;
  }

  after(_cpu: Cpu, cycles: number): void {
    this.counter.add(this.address, cycles);
  }
}

/** Counts by address: in arrays for the instruction memory, where nearly all code is. */
class Counter {
  private readonly instructions = new Float64Array(ITCM_BYTES / 2);
  private readonly cycles = new Float64Array(ITCM_BYTES / 2);
  private readonly elsewhere = new Map<number, { instructions: number; cycles: number }>();

  add(address: number, cycles: number): void {
    if (address >= ITCM_BYTES) {
      const known = this.elsewhere.get(address) ?? { instructions: 0, cycles: 0 };
      known.instructions++;
      known.cycles += cycles;
      this.elsewhere.set(address, known);
      return;
    }
    const index = address >> 1;
    this.instructions[index] = (this.instructions[index] as number) + 1;
    this.cycles[index] = (this.cycles[index] as number) + cycles;
  }

  costs(): AddressCost[] {
    const costs: AddressCost[] = [];
    for (const [index, instructions] of this.instructions.entries()) {
      if (instructions === 0) continue;
      costs.push({ address: 2 * index, instructions, cycles: this.cycles[index] as number });
    }
    const others = [...this.elsewhere].map(([address, cost]) => ({ address, ...cost }));
    return [...costs, ...others.sort((a, b) => a.address - b.address)];
  }
}

/** What an executor remembers between two instructions. */
import { DataSpecificationError } from './errors.js';
import { type LocatedInstruction, nextInstruction, readInstruction } from './instructions.js';
import type { ExecutedRegion, Refuse } from './memory.js';
import type { Distribution } from './random-numbers.js';

/** A structure: values and their types. */
export interface Structure {
  readonly types: readonly number[];
  readonly values: bigint[];
}

/** A constructor: instructions with structures as arguments. */
export interface Constructor {
  /** Word of its first instruction. */
  readonly start: number;
  readonly arguments: number;
  readonly readOnly: number;
}

/** A loop or constructor that has begun and not ended. */
export type Frame =
  | {
      readonly kind: 'loop';
      readonly start: number;
      readonly counter: number;
      readonly end: bigint;
      readonly increment: bigint;
    }
  | { readonly kind: 'constructor'; readonly returnTo: number; readonly restore: () => void };

/** The state of an executor. */
export interface State {
  readonly registers: BigUint64Array;
  readonly regions: Map<number, ExecutedRegion>;
  readonly references: Map<number, number>;
  readonly structures: Map<number, Structure>;
  readonly constructors: Map<number, Constructor>;
  /** Sources of whole numbers of 32 bits. */
  readonly generators: Map<number, () => number>;
  readonly distributions: Map<number, Distribution>;
  readonly frames: Frame[];
  readonly printed: string[];
  focus: number | undefined;
  bytesLeft: number;
  stepsLeft: number;
  /** Word of the next instruction. */
  next: number;
  isOver: boolean;
  /** Reads the next instruction and moves on. */
  fetch(): LocatedInstruction;
}

const REGISTERS = 16;

/** The state before the first instruction. */
export function emptyState(program: Uint32Array, bytesLeft: number, stepsLeft: number): State {
  return {
    registers: new BigUint64Array(REGISTERS),
    regions: new Map(),
    references: new Map(),
    structures: new Map(),
    constructors: new Map(),
    generators: new Map(),
    distributions: new Map(),
    frames: [],
    printed: [],
    focus: undefined,
    bytesLeft,
    stepsLeft,
    next: 0,
    isOver: false,
    fetch() {
      const read = readInstruction(program, this.next);
      if (--this.stepsLeft < 0) {
        throw new DataSpecificationError(read.name, read.at, `ran after ${stepsLeft} steps`);
      }
      this.next = nextInstruction(read);
      return read;
    },
  };
}

/** The region in focus. */
export function focused({ focus, regions }: State, refuse: Refuse): ExecutedRegion {
  const region = focus === undefined ? undefined : regions.get(focus);
  return region ?? refuse('needs a region in focus: SWITCH_FOCUS comes first');
}

/** A structure that was defined. */
export function structureOf(state: State, id: number, refuse: Refuse): Structure {
  return state.structures.get(id) ?? refuse(`uses structure ${id}, which is not defined`);
}

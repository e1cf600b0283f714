/** Loops, conditions, constructors, and the end of a program. */
import type { LocatedInstruction } from './instructions.js';
import type { Refuse } from './memory.js';
import type { OpcodeName } from './opcodes.js';
import type { State, Structure } from './state.js';

/** Loops and constructors within each other. */
const MOST_FRAMES = 64;

/** The word after the last of a program. */
const END_MARK = 0xffffffff;

/** Carries an instruction out that decides what comes next; false for others. */
export function control(state: State, read: LocatedInstruction, refuse: Refuse): boolean {
  switch (read.name) {
    case 'BREAK':
      return refuse('stops the program, as zeroed memory does');
    case 'NOP':
    case 'END_IF':
      return true;
    case 'END_SPEC':
      if (read.words.length > 0 && read.words[0] !== END_MARK) {
        refuse('must be followed by 0xffffffff');
      }
      state.isOver = true;
      return true;
    case 'LOOP':
      startLoop(state, read, refuse);
      return true;
    case 'END_LOOP':
      endLoop(state, refuse);
      return true;
    case 'BREAK_LOOP':
      if (state.frames.pop()?.kind !== 'loop') refuse('is not in a loop');
      skip(state, 'LOOP', ['END_LOOP']);
      return true;
    case 'IF':
      if (!holds(state, read, refuse)) skip(state, 'IF', ['ELSE', 'END_IF']);
      return true;
    case 'ELSE':
      skip(state, 'IF', ['END_IF']);
      return true;
    case 'START_CONSTRUCTOR':
      defineConstructor(state, read, refuse);
      return true;
    case 'START_PACKSPEC':
      // What called packing specifications lost its opcode to READ_PARAM, so they are only passed over.
      while (state.fetch().name !== 'END_PACKSPEC');
      return true;
    case 'PACK_PARAM':
    case 'END_PACKSPEC':
      return refuse('is not in a packing specification: START_PACKSPEC comes first');
    case 'CONSTRUCT':
      construct(state, read, refuse);
      return true;
    case 'END_CONSTRUCTOR': {
      const frame = state.frames.pop();
      if (frame?.kind !== 'constructor') return refuse('is not in a constructor');
      frame.restore();
      state.next = frame.returnTo;
      return true;
    }
    default:
      return false;
  }
}

/** Passes over instructions to the end of the block in hand; blocks in between are passed whole. */
function skip(state: State, opening: OpcodeName, closing: readonly OpcodeName[]): void {
  const last = closing.at(-1);
  for (let depth = 0; ; ) {
    const { name } = state.fetch();
    if (name === opening) depth++;
    else if (depth === 0 && closing.includes(name)) return;
    else if (name === last) depth--;
  }
}

function pushFrame(state: State, frame: State['frames'][number], refuse: Refuse): void {
  if (state.frames.length === MOST_FRAMES)
    refuse(`is inside ${MOST_FRAMES} others; that is too deep`);
  state.frames.push(frame);
}

function startLoop(state: State, { fields, words }: LocatedInstruction, refuse: Refuse): void {
  let used = 0;
  const operand = (use: string, register: string): bigint =>
    fields[use]
      ? BigInt.asIntN(64, state.registers[fields[register] as number] as bigint)
      : BigInt((words[used++] ?? refuse('lacks a word')) | 0);
  const start = operand('useDestination', 'destination');
  const end = operand('useSource1', 'source1');
  const increment = operand('useSource2', 'source2');
  if (start >= end) {
    skip(state, 'LOOP', ['END_LOOP']);
    return;
  }
  const counter = fields.counter as number;
  state.registers[counter] = BigInt.asUintN(64, start);
  pushFrame(state, { kind: 'loop', start: state.next, counter, end, increment }, refuse);
}

function endLoop(state: State, refuse: Refuse): void {
  const frame = state.frames.at(-1) ?? refuse('is not in a loop');
  if (frame.kind !== 'loop') refuse('is not in a loop');
  const count = BigInt.asIntN(64, state.registers[frame.counter] as bigint) + frame.increment;
  state.registers[frame.counter] = BigInt.asUintN(64, count);
  if (BigInt.asIntN(64, count) < frame.end) state.next = frame.start;
  else state.frames.pop();
}

function holds(state: State, { fields, words }: LocatedInstruction, refuse: Refuse): boolean {
  const register = (name: string) =>
    BigInt.asIntN(64, state.registers[fields[name] as number] as bigint);
  const condition = fields.condition as number;
  const left = register('source1');
  if (condition === 6) return left === 0n;
  if (condition === 7) return left !== 0n;
  const right = fields.useSource2
    ? register('source2')
    : BigInt((words[0] ?? refuse('lacks the value to compare with')) >>> 0);
  const outcomes = [
    left === right,
    left !== right,
    left <= right,
    left < right,
    left >= right,
    left > right,
  ];
  return outcomes[condition] ?? refuse(`has condition ${condition}; there are 0 to 7`);
}

/** Most structures that a constructor takes. */
const MOST_ARGUMENTS = 5;

function defineConstructor(state: State, { fields }: LocatedInstruction, refuse: Refuse): void {
  const count = fields.arguments as number;
  if (count > MOST_ARGUMENTS) refuse(`takes ${count} structures; give up to ${MOST_ARGUMENTS}`);
  state.constructors.set(fields.id as number, {
    start: state.next,
    arguments: count,
    readOnly: fields.readOnly as number,
  });
  while (state.fetch().name !== 'END_CONSTRUCTOR');
}

/** Bits between two structure numbers of a call. */
const ARGUMENT_BITS = 6;

function construct(state: State, { fields, words }: LocatedInstruction, refuse: Refuse): void {
  const id = fields.id as number;
  const called = state.constructors.get(id) ?? refuse(`calls constructor ${id}, not defined`);
  const given = words[0] ?? 0;
  const structures = Array.from(
    { length: called.arguments },
    (_, argument) => (given >>> (ARGUMENT_BITS * argument)) & 31,
  );
  const before = structures.map((structure, argument) => {
    const found = state.structures.get(structure);
    return called.readOnly & (1 << argument) ? copyOf(found) : undefined;
  });
  structures.forEach((structure, argument) => {
    swap(state, structure, argument);
  });
  const restore = () => {
    structures.forEach((structure, argument) => {
      const kept = before[argument];
      if (kept) state.structures.set(argument, kept);
      swap(state, structure, argument);
    });
  };
  pushFrame(state, { kind: 'constructor', returnTo: state.next, restore }, refuse);
  state.next = called.start;
}

const copyOf = (structure: Structure | undefined): Structure | undefined =>
  structure && { types: structure.types, values: [...structure.values] };

function swap({ structures }: State, one: number, other: number): void {
  const [first, second] = [structures.get(one), structures.get(other)];
  structures.delete(one);
  structures.delete(other);
  if (second) structures.set(one, second);
  if (first) structures.set(other, first);
}

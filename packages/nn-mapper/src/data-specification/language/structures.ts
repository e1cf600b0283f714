/** Structures: values that are changed one by one and written together. */
import type { LocatedInstruction } from './instructions.js';
import { immediate, type Refuse } from './memory.js';
import { type State, type Structure, structureOf } from './state.js';
import { bytesOfType } from './types.js';

/** Carries an instruction about structures out; false for others. */
export function useStructures(state: State, read: LocatedInstruction, refuse: Refuse): boolean {
  const { fields, words } = read;
  const field = (name: string) => fields[name] as number;
  const register = (name: string) => state.registers[field(name)] as bigint;
  switch (read.name) {
    case 'START_STRUCT':
      state.structures.set(field('structure'), readStructure(state, refuse));
      return true;
    case 'COPY_STRUCT': {
      const target = field('useDestination')
        ? Number(register('destination'))
        : field('destination');
      const source = field('useSource1') ? Number(register('source1')) : field('source1');
      if (target > 31) refuse(`copies to structure ${target}; there are 32`);
      const { types, values } = structureOf(state, source, refuse);
      state.structures.set(target, { types, values: [...values] });
      return true;
    }
    case 'COPY_PARAM': {
      const elements = words[0] ?? refuse('lacks the elements');
      const value = elementOf(state, field('source1'), elements & 0xff, refuse);
      if (field('useDestination')) state.registers[field('destination')] = value;
      else setElement(state, field('destination'), (elements >>> 8) & 0xff, value, refuse);
      return true;
    }
    case 'WRITE_PARAM': {
      const value = field('useSource1') ? register('source1') : immediate(words, refuse);
      setElement(state, field('structure'), field('element'), value, refuse);
      return true;
    }
    case 'WRITE_PARAM_COMPONENT':
      insertBits(state, read, refuse);
      return true;
    case 'READ_PARAM': {
      const element = field('useSource1') ? Number(register('source1')) : field('element');
      const value = elementOf(state, field('structure'), element, refuse);
      state.registers[field('destination')] = value;
      return true;
    }
    case 'PRINT_STRUCT': {
      const id = field('useSource1') ? Number(register('source1')) : field('structure');
      const { values } = structureOf(state, id, refuse);
      state.printed.push(`structure ${id}: ${values.map(inHex).join(' ')}`);
      return true;
    }
    default:
      return false;
  }
}

/** A field of the second word of WRITE_PARAM_COMPONENT. */
const bitsOf = (word: number, at: number, bits: number): number => (word >>> at) & (2 ** bits - 1);

/**
 * The low bits of a register or element over some bits of an element; those beyond its end are dropped.
 * The second word has how many they are, their lowest bit in the element, its structure and its number.
 */
function insertBits(state: State, { fields, words }: LocatedInstruction, refuse: Refuse): void {
  const target = words[0] ?? refuse('lacks the target');
  const register = (name: string) => state.registers[fields[name] as number] as bigint;
  const valueOfElement = () => {
    const id = fields.useSource1 ? Number(register('source1')) : (fields.source1 as number);
    const element = fields.useSource2 ? Number(register('source2')) : (fields.element as number);
    return elementOf(state, id, element, refuse);
  };
  const value = fields.useDestination ? register('destination') : valueOfElement();
  const length = BigInt(bitsOf(target, 26, 6));
  const lowest = BigInt(bitsOf(target, 20, 5));
  const structure = bitsOf(target, 8, 4);
  const element = bitsOf(target, 0, 8);
  const old = elementOf(state, structure, element, refuse);
  const size = structureOf(state, structure, refuse).types[element] as number;
  const mask = BigInt.asUintN(8 * size, ((1n << length) - 1n) << lowest);
  setElement(state, structure, element, (old & ~mask) | ((value << lowest) & mask), refuse);
}

/** A value of a register or structure in hex. */
export const inHex = (value: bigint): string => `0x${value.toString(16)}`;

/** Elements up to END_STRUCT. */
function readStructure(state: State, refuse: Refuse): Structure {
  const types: number[] = [];
  const values: bigint[] = [];
  for (let read = state.fetch(); read.name !== 'END_STRUCT'; read = state.fetch()) {
    if (read.name !== 'STRUCT_ELEM') refuse(`holds ${read.name}; only STRUCT_ELEM may be in it`);
    const type = read.fields.type as number;
    types.push(bytesOfType(type) ?? refuse(`has an element of type ${type}; there are 0 to 23`));
    values.push(read.words.length === 0 ? 0n : immediate(read.words, refuse));
  }
  return { types, values };
}

function elementOf(state: State, id: number, element: number, refuse: Refuse): bigint {
  const { values } = structureOf(state, id, refuse);
  return (
    values[element] ?? refuse(`uses element ${element} of ${values.length} of structure ${id}`)
  );
}

function setElement(
  state: State,
  id: number,
  element: number,
  value: bigint,
  refuse: Refuse,
): void {
  elementOf(state, id, element, refuse);
  structureOf(state, id, refuse).values[element] = value;
}

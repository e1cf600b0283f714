/** What each instruction does to the state of an executor. */
import { alter } from './arithmetic.js';
import { control } from './control.js';
import type { LocatedInstruction } from './instructions.js';
import {
  claim,
  type ExecutedRegion,
  immediate,
  type Refuse,
  readValue,
  refuseAt,
  writeValue,
} from './memory.js';
import { drawNumbers } from './random-numbers.js';
import { focused, type State, structureOf } from './state.js';
import { useStructures } from './structures.js';

/** Regions of the longest region table. */
const REGIONS = 32;

/** Carries one instruction out. Throws DataSpecificationError. */
export function carryOut(state: State, read: LocatedInstruction): void {
  const refuse = refuseAt(read.name, read.at);
  const handled =
    fill(state, read, refuse) ||
    control(state, read, refuse) ||
    useStructures(state, read, refuse) ||
    drawNumbers(state, read, refuse) ||
    alter(state, read, refuse);
  if (!handled) refuse('is named in the command reference, but what it does was never said');
}

/** Instructions about regions and what is in them. */
function fill(state: State, read: LocatedInstruction, refuse: Refuse): boolean {
  const { fields, words } = read;
  const field = (name: string) => fields[name] as number;
  switch (read.name) {
    case 'RESERVE':
      reserve(state, read, refuse);
      return true;
    case 'FREE':
      if (!state.regions.has(field('region')))
        refuse(`frees region ${field('region')}, not reserved`);
      state.bytesLeft += (state.regions.get(field('region')) as ExecutedRegion).size;
      state.regions.delete(field('region'));
      return true;
    case 'REFERENCE':
      checkUnused(state, field('region'), refuse);
      state.references.set(field('region'), words[0] ?? refuse('lacks the reference'));
      return true;
    case 'SWITCH_FOCUS': {
      const region = field('useSource1')
        ? Number(state.registers[field('region') & 15])
        : field('region');
      const found = state.regions.get(region) ?? refuse(`turns to region ${region}, not reserved`);
      if (found.isUnfilled) refuse(`turns to region ${region}, which is to stay unfilled`);
      state.focus = region;
      return true;
    }
    case 'WRITE':
      write(state, read, refuse);
      return true;
    case 'WRITE_ARRAY': {
      const region = focused(state, refuse);
      const start = claim(region, 4 * words.length, refuse);
      const view = new DataView(region.bytes.buffer);
      for (let index = 0; index < words.length; index++) {
        view.setUint32(start + 4 * index, words[index] as number, true);
      }
      return true;
    }
    case 'WRITE_STRUCT':
      writeStructure(state, read, refuse);
      return true;
    case 'READ': {
      const bytes = field('bytes');
      if (![1, 2, 4, 8].includes(bytes)) refuse(`reads ${bytes} bytes; give 1, 2, 4 or 8`);
      state.registers[field('destination')] = readValue(focused(state, refuse), bytes, refuse);
      return true;
    }
    case 'BLOCK_COPY':
      copyBlock(state, read, refuse);
      return true;
    default:
      return movePointer(state, read, refuse);
  }
}

function movePointer(
  state: State,
  { name, fields, words }: LocatedInstruction,
  refuse: Refuse,
): boolean {
  const field = (key: string) => fields[key] as number;
  if (name === 'GET_WR_PTR') {
    state.registers[field('destination')] = BigInt(focused(state, refuse).pointer);
    return true;
  }
  if (name === 'SET_WR_PTR') {
    const region = focused(state, refuse);
    const value = field('useSource1')
      ? BigInt.asIntN(64, state.registers[field('source1')] as bigint)
      : BigInt((words[0] ?? refuse('lacks the value')) | 0);
    const pointer = (field('relative') ? region.pointer : 0) + Number(value);
    if (pointer < 0 || pointer > region.size) refuse(`leads to byte ${pointer} of ${region.size}`);
    region.pointer = pointer;
    return true;
  }
  if (name !== 'ALIGN_WR_PTR') return false;
  const region = focused(state, refuse);
  const bits = field('useSource1') ? Number(state.registers[field('source1')]) : field('block');
  if (bits > 31) refuse(`aligns to 2^${bits} bytes; give up to 2^31`);
  const block = 2 ** bits;
  claim(region, Math.ceil(region.pointer / block) * block - region.pointer, refuse);
  if (field('useDestination')) state.registers[field('destination')] = BigInt(region.pointer);
  return true;
}

function reserve(state: State, { fields, words }: LocatedInstruction, refuse: Refuse): void {
  const region = fields.region as number;
  checkUnused(state, region, refuse);
  const bytes = words[0] ?? refuse('lacks the size');
  const size = 4 * Math.ceil(bytes / 4);
  if (size > state.bytesLeft) refuse(`wants ${size} bytes; ${state.bytesLeft} are left`);
  state.bytesLeft -= size;
  state.regions.set(region, {
    size,
    bytes: new Uint8Array(0),
    isUnfilled: fields.unfilled === 1,
    reference: fields.referenceable === 1 ? words[1] : undefined,
    pointer: 0,
  });
}

function checkUnused({ regions, references }: State, region: number, refuse: Refuse): void {
  if (region >= REGIONS) refuse(`uses region ${region}; there are ${REGIONS}`);
  if (regions.has(region) || references.has(region)) refuse(`uses region ${region} again`);
}

function write(state: State, { fields, words }: LocatedInstruction, refuse: Refuse): void {
  const region = focused(state, refuse);
  const bytes = 2 ** (fields.size as number);
  const repeats = fields.useSource2
    ? Number(state.registers[fields.source2 as number])
    : (fields.repeats as number);
  const value = fields.useSource1
    ? (state.registers[fields.source1 as number] as bigint)
    : immediate(words, refuse);
  if (bytes * repeats > region.size - region.pointer) {
    refuse(`needs ${bytes * repeats} bytes at ${region.pointer} of a region of ${region.size}`);
  }
  state.stepsLeft -= repeats;
  for (let repeat = 0; repeat < repeats; repeat++) writeValue(region, value, bytes, refuse);
}

function writeStructure(state: State, { fields }: LocatedInstruction, refuse: Refuse): void {
  const region = focused(state, refuse);
  const { types, values } = structureOf(state, fields.structure as number, refuse);
  const repeats = fields.useSource1
    ? Number(state.registers[fields.repeats as number])
    : (fields.repeats as number);
  const bytes = types.reduce((sum, size) => sum + size, 0);
  if (bytes * repeats > region.size - region.pointer) {
    refuse(`needs ${bytes * repeats} bytes at ${region.pointer} of a region of ${region.size}`);
  }
  state.stepsLeft -= bytes === 0 ? 0 : repeats * types.length;
  for (let repeat = 0; repeat < (bytes === 0 ? 0 : repeats); repeat++) {
    types.forEach((size, element) => {
      writeValue(region, values[element] as bigint, size, refuse);
    });
  }
}

/** Within the region in focus; destination and source in registers, size in one or as it stands. */
function copyBlock(state: State, { fields }: LocatedInstruction, refuse: Refuse): void {
  const region = focused(state, refuse);
  const register = (name: string) => Number(state.registers[fields[name] as number]);
  const size = fields.useSource1 ? register('source1') : (fields.source1 as number);
  const [to, from] = [register('destination'), register('source2')];
  if (Math.max(to, from) + size > region.size) {
    refuse(`copies ${size} bytes from ${from} to ${to} of a region of ${region.size}`);
  }
  const pointer = region.pointer;
  region.pointer = 0;
  claim(region, Math.max(to, from) + size, refuse);
  region.pointer = pointer;
  region.bytes.copyWithin(to, from, from + size);
}

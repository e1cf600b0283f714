/**
 * Random numbers of a specification: generators, distributions over them, and draws. After the command
 * reference 2.0, sections 5 to 7; no executor of hosts or chips ever had them. The parameters of a
 * distribution are in the order of the hosts' generator of programs, which the reference has differently.
 */

import type { LocatedInstruction } from './instructions.js';
import { immediate, type Refuse } from './memory.js';
import { mersenneTwister } from './mersenne-twister.js';
import { type State, structureOf } from './state.js';

/** The only kind of generator that the language has. */
const MERSENNE_TWISTER = 0;

/** The only kind of distribution that the language has. */
const UNIFORM = 0;

/** Parameters of a distribution: kind, generator, least and greatest value. */
const PARAMETERS = 4;

/** A uniform distribution, of values with 15 bits behind the point. */
export interface Distribution {
  readonly generator: number;
  readonly least: bigint;
  readonly greatest: bigint;
}

/** Carries an instruction about random numbers out; false for others. */
export function drawNumbers(state: State, read: LocatedInstruction, refuse: Refuse): boolean {
  const { fields, words } = read;
  const field = (name: string) => fields[name] as number;
  switch (read.name) {
    case 'DECLARE_RNG': {
      const [generator, kind] = [field('generator'), field('kind')];
      if (kind !== MERSENNE_TWISTER) refuse(`wants generator kind ${kind}; there is 0`);
      if (state.generators.has(generator)) refuse(`declares generator ${generator} again`);
      const seed = Number(immediate(words, refuse));
      state.generators.set(generator, mersenneTwister(seed));
      return true;
    }
    case 'DECLARE_RANDOM_DIST': {
      const id = field('distribution');
      if (state.distributions.has(id)) refuse(`declares distribution ${id} again`);
      state.distributions.set(id, distributionOf(state, field('structure'), refuse));
      return true;
    }
    case 'GET_RANDOM_NUMBER':
      state.registers[field('destination')] = draw(state, field('distribution'), refuse);
      return true;
    default:
      return false;
  }
}

function distributionOf(state: State, structure: number, refuse: Refuse): Distribution {
  const { types, values } = structureOf(state, structure, refuse);
  if (values.length !== PARAMETERS || types.some((bytes) => bytes !== 4)) {
    refuse(`needs ${PARAMETERS} parameters of 4 bytes in structure ${structure}`);
  }
  const [kind, generator, first, last] = values as [bigint, bigint, bigint, bigint];
  if (Number(kind) !== UNIFORM) refuse(`wants distribution kind ${kind}; there is 0, uniform`);
  if (!state.generators.has(Number(generator))) refuse(`uses generator ${generator}, not declared`);
  const least = BigInt.asIntN(32, first);
  const greatest = BigInt.asIntN(32, last);
  if (least > greatest) refuse(`has a least value of ${least} above the greatest, ${greatest}`);
  return { generator: Number(generator), least, greatest };
}

/** One of the values from the least to the greatest, as 64 bits with sign. */
function draw({ distributions, generators }: State, id: number, refuse: Refuse): bigint {
  const distribution = distributions.get(id) ?? refuse(`uses distribution ${id}, not declared`);
  const { generator, least, greatest } = distribution;
  const next = generators.get(generator) ?? refuse(`uses generator ${generator}, not declared`);
  const values = greatest - least + 1n;
  return BigInt.asUintN(64, least + ((BigInt(next()) * values) >> 32n));
}

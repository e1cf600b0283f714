/**
 * Keys made of fields: a partition whose keys say, from the highest bit down, a population, a slice, a
 * neuron. Nets name the leading fields, and own all values of the others.
 */
import { InvalidGraphError } from '../graph/errors.js';

/** The fields of the keys of a partition. */
export interface BitFields<Name extends string> {
  /** Bits of all fields together: `bits` of the key partition. */
  readonly bits: number;
  /**
   * `offset` and `bits` of a net's keys.
   * @param values of the leading fields; those that follow stay free
   * @throws InvalidGraphError when a field before a given one is free, or a value does not fit
   */
  keys(values: Readonly<Partial<Record<Name, number>>>): { offset: number; bits: number };
  /** The values of all fields in a key. */
  values(key: number): Record<Name, number>;
}

/**
 * Fields from the highest to the lowest.
 * @param fields bits of each, 1 to 32, in all 32 at most
 * @throws InvalidGraphError when they are more, or none
 */
export function bitFields<Name extends string>(
  fields: Readonly<Record<Name, number>>,
): BitFields<Name> {
  const names = Object.keys(fields) as Name[];
  const bits = names.reduce((sum, name) => sum + fields[name], 0);
  if (!names.every((name) => Number.isInteger(fields[name]) && fields[name] >= 1) || bits > 32) {
    throw new InvalidGraphError('key fields', `have ${bits} bits; give 1 or more each, 32 in all`);
  }
  const shifts = shiftsOf(names, fields, bits);
  return {
    bits,
    keys(values) {
      let offset = 0;
      let free = bits;
      for (const name of names) {
        const value = values[name];
        if (value === undefined) continue;
        checkValue(name, value, fields[name]);
        if (free !== shifts[name] + fields[name]) {
          throw new InvalidGraphError(
            `key field "${name}"`,
            'is given, but one before it is not; give the leading fields',
          );
        }
        offset += value * 2 ** shifts[name];
        free = shifts[name];
      }
      return { offset, bits: free };
    },
    values(key) {
      const entries = names.map((name) => [
        name,
        Math.floor(key / 2 ** shifts[name]) % 2 ** fields[name],
      ]);
      return Object.fromEntries(entries) as Record<Name, number>;
    },
  };
}

function shiftsOf<Name extends string>(
  names: readonly Name[],
  fields: Readonly<Record<Name, number>>,
  bits: number,
): Record<Name, number> {
  let above = 0;
  const entries = names.map((name) => {
    above += fields[name];
    return [name, bits - above];
  });
  return Object.fromEntries(entries) as Record<Name, number>;
}

function checkValue(name: string, value: number, bits: number): void {
  if (Number.isInteger(value) && value >= 0 && value < 2 ** bits) return;
  throw new InvalidGraphError(
    `key field "${name}"`,
    `is ${value}; give a whole number from 0 to ${2 ** bits - 1}`,
  );
}

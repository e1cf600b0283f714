/** Names and values of options in one table, so that what is misspelt or cannot be used is refused by name. */
import { OptionError } from '../errors.js';

/** Whether a value can be used, and what to give instead of one that cannot. */
export type Check = readonly [isGood: (value: never) => boolean, expected: string];

/** A check with its value's type. */
export const check = <Value>(isGood: (value: Value) => boolean, expected: string): Check => [
  isGood,
  expected,
];

/** Whether a value is an object, a list among them. */
export const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null;

export const count = check<number>(
  (value) => Number.isInteger(value) && value > 0,
  'give a whole number above 0',
);
export const countFromZero = check<number>(
  (value) => Number.isInteger(value) && value >= 0,
  'give a whole number of at least 0',
);
export const finite = check<number>(Number.isFinite, 'give a finite number');
export const yesOrNo = check<unknown>((value) => typeof value === 'boolean', 'give true or false');
export const text = check<unknown>((value) => typeof value === 'string', 'give a text');
export const callable = check<unknown>((value) => typeof value === 'function', 'give a function');
export const oneOf = (...names: unknown[]): Check =>
  check<unknown>((value) => names.includes(value), `give ${names.join(' or ')}`);

/** Refuses a value. @throws OptionError */
export function checkValue(name: string, value: unknown, [isGood, expected]: Check): void {
  if (!isGood(value as never)) throw new OptionError(name, value, expected);
}

/**
 * Checks options against all that there are; those that are undefined were not given.
 *
 * @param owner what has them, for messages
 * @param required names that must be there
 * @throws OptionError naming the first one that there is not, or whose value cannot be used
 */
export function checkOptions(
  owner: string,
  known: Readonly<Record<string, Check>>,
  options: unknown,
  required: readonly string[] = [],
): void {
  const names = Object.keys(known).join(', ');
  if (!isObject(options)) throw new OptionError(owner, options, `give an object with ${names}`);
  const given = options as Readonly<Record<string, unknown>>;
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    const own = Object.hasOwn(known, name) ? known[name] : undefined;
    if (own === undefined) {
      throw new OptionError(`${owner}: ${name}`, 'not an option', `${owner} has ${names}`);
    }
    checkValue(`${owner}.${name}`, value, own);
  }
  const missing = required.find((name) => given[name] === undefined);
  if (missing !== undefined) {
    throw new OptionError(`${owner}.${missing}`, 'missing', known[missing]?.[1] ?? '');
  }
}

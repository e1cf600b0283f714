/** Options of layers as data: what each may be, what it is unless told, and what Keras calls it. */
import { ModelDefinitionError, UnsupportedError } from '../errors.js';
import { checkInitialiser, type Initialiser } from '../initialisers/initialisers.js';
import { type Constraint, checkConstraint } from '../regularisers/constraints.js';
import { checkRegulariser, type Regulariser } from '../regularisers/regularisers.js';
import { ACTIVATIONS, type ActivationName, activationNamed } from './activations.js';

/** Shape of one sample, without the batch. */
export type Shape = readonly number[];

/** One option: `Value` is what a layer holds, `Given` what a caller may write. */
export interface Field<Value, Given = Value> {
  readonly required: boolean;
  readonly fallback: Value | undefined;
  /** @throws ModelDefinitionError UnsupportedError when `given` cannot be used */
  read(given: unknown, owner: string, name: string): Value;
  /** Only for the type of what may be given. */
  readonly given?: Given | undefined;
}

/** A field that has to be given. */
export interface RequiredField<Value, Given = Value> extends Field<Value, Given> {
  readonly required: true;
}

/** A field with a default. */
export interface OptionalField<Value, Given = Value> extends Field<Value, Given> {
  readonly required: false;
}

/** The options of a kind of layers, by name. */
export type Fields = Readonly<Record<string, Field<unknown, unknown>>>;

/** What a layer holds. */
export type Config<F> = {
  readonly [K in keyof F]: F[K] extends Field<infer Value, unknown> ? Value : never;
};

type RequiredNames<F> = {
  [K in keyof F]: F[K] extends { readonly required: true } ? K : never;
}[keyof F];

type Given<F> = F extends { readonly given?: infer G } ? Exclude<G, undefined> : never;

/** What a caller writes. */
export type Options<F> = {
  readonly [K in Extract<keyof F, RequiredNames<F>>]: Given<F[K]>;
} & { readonly [K in Exclude<keyof F, RequiredNames<F>>]?: Given<F[K]> | undefined };

type Reader<Value> = (given: unknown, owner: string, name: string) => Value;

/** A field that must be given. */
export function required<Value, G = Value>(read: Reader<Value>): RequiredField<Value, G> {
  return { required: true, fallback: undefined, read };
}

/** A field with a default. */
export function optional<Value, G = Value>(
  read: Reader<Value>,
  fallback: Value,
): OptionalField<Value, G> {
  return { required: false, fallback, read };
}

function refuse(owner: string, name: string, given: unknown, expected: string): never {
  throw new ModelDefinitionError(owner, `has ${name} ${JSON.stringify(given)}: ${expected}`);
}

/** A whole number above 0. */
export const count: Reader<number> = (given, owner, name) => {
  if (Number.isSafeInteger(given) && (given as number) > 0) return given as number;
  return refuse(owner, name, given, 'give a whole number above 0');
};

/** Any whole number. */
export const integer: Reader<number> = (given, owner, name) => {
  if (Number.isSafeInteger(given)) return given as number;
  return refuse(owner, name, given, 'give a whole number');
};

/** A finite number of a range, both ends included. */
export const numberWithin =
  (least: number, most: number): Reader<number> =>
  (given, owner, name) => {
    if (typeof given === 'number' && given >= least && given <= most) return given;
    return refuse(owner, name, given, `give a number from ${least} to ${most}`);
  };

/** Any finite number. */
export const number: Reader<number> = numberWithin(-Number.MAX_VALUE, Number.MAX_VALUE);

/** What `read` takes, or nothing. */
export const orNothing =
  <Value>(read: Reader<Value>): Reader<Value | undefined> =>
  (given, owner, name) =>
    given === undefined || given === null ? undefined : read(given, owner, name);

/** Yes or no. */
export const flag: Reader<boolean> = (given, owner, name) => {
  if (typeof given === 'boolean') return given;
  return refuse(owner, name, given, 'give true or false');
};

/** One of some words; those of TensorFlow.js (`channelsFirst`) are understood too. */
export const word =
  <Word extends string>(...words: readonly Word[]): Reader<Word> =>
  (given, _owner, name) => {
    const snake = String(given).replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    const known = words.find((each) => each === snake);
    if (known === undefined) throw new UnsupportedError(name, String(given), words);
    return known;
  };

/** A shape: whole numbers above 0, at least one of them. */
export const shape: Reader<Shape> = (given, owner, name) => {
  const whole =
    Array.isArray(given) && given.every((size) => Number.isSafeInteger(size) && size > 0);
  if (whole && given.length > 0) return [...(given as number[])];
  const what = name === 'inputShape' ? 'shape' : name;
  return refuse(owner, what, given, 'give whole numbers above 0, such as [784]');
};

/** Whole numbers, any of them. */
export const integers: Reader<Shape> = (given, owner, name) => {
  if (Array.isArray(given) && given.every((each) => Number.isSafeInteger(each))) return [...given];
  return refuse(owner, name, given, 'give a list of whole numbers');
};

/** Two numbers above 0, or one for both. */
export type Pair = readonly [number, number];

/** Reads a {@link Pair}. */
export const pair: Reader<Pair> = (given, owner, name) => {
  const [rows, columns] = Array.isArray(given) ? given : [given, given];
  if (Array.isArray(given) && given.length !== 2) {
    return refuse(owner, name, given, 'give one number or two');
  }
  return [count(rows, owner, name), count(columns, owner, name)];
};

/** One number above 0, which may stand in a list of its own as Keras writes it. */
export const single: Reader<number> = (given, owner, name) =>
  count(Array.isArray(given) && given.length === 1 ? given[0] : given, owner, name);

/** An activation by its name. */
export const activation: Reader<ActivationName> = (given) => {
  const known = activationNamed(given ?? 'linear');
  if (known === undefined) throw new UnsupportedError('activation', nameOf(given), ACTIVATIONS);
  return known;
};

function nameOf(given: unknown): string {
  return typeof given === 'string' ? given : (JSON.stringify(given) ?? String(given));
}

/** An initialiser. */
export const initialiser: Reader<Initialiser> = (given) => checkInitialiser(given as Initialiser);

/** A regulariser, or none. */
export const regulariser: Reader<Regulariser | undefined> = orNothing((given) =>
  checkRegulariser(given as Regulariser),
);

/** A constraint, or none. */
export const constraint: Reader<Constraint | undefined> = orNothing((given) =>
  checkConstraint(given as Constraint),
);

/** Where the channels of an image stand. */
export type DataFormat = 'channels_last' | 'channels_first';

/** Reads a {@link DataFormat}. */
export const dataFormat: Reader<DataFormat> = word('channels_last', 'channels_first');

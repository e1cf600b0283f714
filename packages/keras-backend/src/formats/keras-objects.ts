/** Initialisers, regularisers, constraints and activations as Keras and TensorFlow.js write them. */
import { ModelFileError, UnsupportedError } from '../errors.js';
import {
  checkInitialiser,
  type Initialiser,
  type InitialiserConfig,
} from '../initialisers/initialisers.js';
import { ACTIVATIONS, type ActivationName, activationNamed } from '../layers/activations.js';
import { type Constraint, checkConstraint } from '../regularisers/constraints.js';
import { checkRegulariser, type Regulariser } from '../regularisers/regularisers.js';
import { asObject, asText, isObject, type JsonObject } from './checked.js';

/** How a configuration is written: as Keras 3 does, or as Keras 2 and TensorFlow.js do. */
export type Dialect = 'keras3' | 'keras2';

/** `kernel_size` for `kernelSize`; digits and words stay together (`beta_1`, `l2`). */
export function toSnake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** `kernelSize` for `kernel_size`. */
export function toCamel(name: string): string {
  return name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}

/** A class with its configuration, however it is wrapped; a string is a class without any. */
export function classOf(value: unknown, field: string): { name: string; config: JsonObject } {
  if (typeof value === 'string') return { name: value, config: {} };
  const object = asObject(value, field);
  const config = object.config;
  return {
    name: asText(object.class_name, `${field}.class_name`),
    config: isObject(config) ? config : {},
  };
}

function wrapped(dialect: Dialect, module: string, name: string, config: JsonObject): JsonObject {
  if (dialect === 'keras2') return { class_name: name, config };
  return { module, class_name: name, config, registered_name: null };
}

/** Only the parameters of a configuration that are there, by our names. */
function parametersOf(config: JsonObject, names: readonly string[]): Record<string, unknown> {
  const found = names.map((name) => [toCamel(name), config[name]] as const);
  return Object.fromEntries(found.filter(([, value]) => value !== undefined && value !== null));
}

/** Parameters of initialisers that have any. */
const INITIALISER_PARAMETERS: Readonly<Record<string, readonly string[]>> = {
  constant: ['value'],
  randomUniform: ['minval', 'maxval'],
  randomNormal: ['mean', 'stddev'],
  truncatedNormal: ['mean', 'stddev'],
  orthogonal: ['gain'],
  varianceScaling: ['scale', 'mode', 'distribution'],
};

/** @throws UnsupportedError ModelFileError */
export function readInitialiser(value: unknown, field: string): Initialiser {
  const { name, config } = classOf(value, field);
  const camel = toCamel(name);
  const kind = camel.charAt(0).toLowerCase() + camel.slice(1);
  const names = INITIALISER_PARAMETERS[kind];
  if (names === undefined) return checkInitialiser(kind as Initialiser);
  const parameters = parametersOf(config, names);
  if (typeof parameters.mode === 'string') parameters.mode = toCamel(parameters.mode);
  if (typeof parameters.distribution === 'string') {
    // Keras 2.0 says "normal" for what later versions call "truncated_normal".
    const distribution = toCamel(parameters.distribution);
    parameters.distribution = distribution === 'normal' ? 'truncatedNormal' : distribution;
  }
  return checkInitialiser({ kind, ...parameters } as InitialiserConfig);
}

/** An initialiser as Keras writes it. */
export function writeInitialiser(initialiser: Initialiser, dialect: Dialect): unknown {
  if (typeof initialiser === 'object' && initialiser.kind === 'forgetGate') {
    return writeInitialiser(initialiser.inner, dialect);
  }
  const { kind, ...parameters } =
    typeof initialiser === 'string' ? { kind: initialiser } : initialiser;
  const name = kind.charAt(0).toUpperCase() + kind.slice(1);
  const config = Object.fromEntries(
    Object.entries(parameters).map(([key, value]) => [
      toSnake(key),
      typeof value === 'string' ? toSnake(value) : value,
    ]),
  );
  const random = name !== 'Zeros' && name !== 'Ones' && name !== 'Constant';
  return wrapped(dialect, 'keras.initializers', name, { ...config, ...(random && { seed: null }) });
}

/** @throws UnsupportedError OptionError ModelFileError */
export function readRegulariser(value: unknown, field: string): Regulariser | undefined {
  if (value === null || value === undefined) return undefined;
  const { name, config } = classOf(value, field);
  if (typeof value === 'string') return checkRegulariser(toSnake(name).replace(/^_/, ''));
  if (!['L1', 'L2', 'L1L2'].includes(name)) {
    throw new UnsupportedError('regularizer', name, ['L1', 'L2', 'L1L2']);
  }
  return checkRegulariser(parametersOf(config, ['l1', 'l2']) as Regulariser);
}

function writeRegulariser(regulariser: Regulariser | undefined, dialect: Dialect): unknown {
  if (regulariser === undefined) return null;
  const { l1 = 0, l2 = 0 } = regulariser;
  return wrapped(dialect, 'keras.regularizers', 'L1L2', { l1, l2 });
}

/** @throws UnsupportedError OptionError ModelFileError */
export function readConstraint(value: unknown, field: string): Constraint | undefined {
  if (value === null || value === undefined) return undefined;
  const { name, config } = classOf(value, field);
  const camel = toCamel(name);
  const kind = camel.charAt(0).toLowerCase() + camel.slice(1);
  const parameters = parametersOf(config, ['max_value', 'min_value', 'rate', 'axis']);
  return checkConstraint({ kind, ...parameters } as Constraint);
}

function writeConstraint(constraint: Constraint | undefined, dialect: Dialect): unknown {
  if (constraint === undefined) return null;
  const { kind, ...parameters } = constraint;
  const config = Object.fromEntries(
    Object.entries(parameters).map(([key, value]) => [toSnake(key), value]),
  );
  const name = kind.charAt(0).toUpperCase() + kind.slice(1);
  return wrapped(dialect, 'keras.constraints', name, config);
}

/** An activation, whose `hard_sigmoid` depends on the dialect. @throws UnsupportedError */
export function readActivation(value: unknown, field: string, dialect: Dialect): ActivationName {
  if (value === null || value === undefined) return 'linear';
  const { name } = classOf(value, field);
  if (name === 'hard_sigmoid' && dialect === 'keras2') return 'hard_sigmoid_keras2';
  const known = activationNamed(name) ?? activationNamed(toSnake(name));
  if (known === undefined) throw new UnsupportedError('activation', name, ACTIVATIONS);
  return known;
}

/** The name of an activation in a dialect. @throws ModelFileError when the dialect has none */
export function writeActivation(name: ActivationName, dialect: Dialect): string {
  const wrong = dialect === 'keras3' ? 'hard_sigmoid_keras2' : 'hard_sigmoid';
  if (name === wrong) {
    const versions = dialect === 'keras3' ? 'Keras 3' : 'Keras 2 and TensorFlow.js';
    throw new ModelFileError('activation', `${name} has no name in ${versions}`);
  }
  return name === 'hard_sigmoid_keras2' ? 'hard_sigmoid' : name;
}

/** An option of a layer as Keras writes it. */
export function writeOption(name: string, value: unknown, dialect: Dialect): unknown {
  if (name.endsWith('Initializer')) return writeInitialiser(value as Initialiser, dialect);
  if (name.endsWith('Regularizer')) {
    return writeRegulariser(value as Regulariser | undefined, dialect);
  }
  if (name.endsWith('Constraint')) return writeConstraint(value as Constraint | undefined, dialect);
  if (/activation$/i.test(name)) return writeActivation(value as ActivationName, dialect);
  return value ?? null;
}

/** An option of a layer from what Keras wrote. */
export function readOption(name: string, value: unknown, field: string, dialect: Dialect): unknown {
  if (name.endsWith('Initializer')) return readInitialiser(value, field);
  if (name.endsWith('Regularizer')) return readRegulariser(value, field);
  if (name.endsWith('Constraint')) return readConstraint(value, field);
  if (/activation$/i.test(name)) return readActivation(value, field, dialect);
  return value;
}

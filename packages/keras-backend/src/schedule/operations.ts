/**
 * Operations of a schedule and their bytes. A schedule is an array of descriptors of {@link OPERATION_BYTES};
 * what an operation computes is in docs/on-core-layers.md.
 */
import { UnsupportedError } from '../errors.js';
import { backwardOperations } from './operations/backward.js';
import { BlockTooLargeError, type Limits } from './operations/block-sizes.js';
import { blocking } from './operations/blocking.js';
import {
  ELEMENT_BYTES,
  type ElementTypeValue,
  type FieldKind,
  type FieldValues,
  type OperationFields,
  PARTS,
} from './operations/fields.js';
import { ActivationFunction, forwardOperations } from './operations/forward.js';
import { trainingOperations } from './operations/training.js';

export * from './operations/backward.js';
export * from './operations/batch.js';
export type { Limits } from './operations/block-sizes.js';
export * from './operations/fields.js';
export * from './operations/forward.js';
export * from './operations/training.js';

/** Every kind of operations: when it runs, what it does, its fields, and those that blocking() fills in. */
export const OPERATIONS = {
  ...forwardOperations,
  ...backwardOperations,
  ...trainingOperations,
} as const;

/** Names of kinds. */
export type OperationKind = keyof typeof OPERATIONS;

type FieldsOf<Kind extends OperationKind> = FieldValues<(typeof OPERATIONS)[Kind]['fields']>;

/** One kind of operations as a caller gives it. */
export type OperationOf<Kind extends OperationKind> = {
  readonly kind: Kind;
  /** Least {@link BatchMode} that it runs in, in place of that of its kind. */
  readonly phase?: number;
  /** Whether the next operation may begin before all workers have ended this one; `false` unless told. */
  readonly overlaps?: boolean;
} & FieldsOf<Kind>;

/** An operation. */
export type Operation = { [Kind in OperationKind]: OperationOf<Kind> }[OperationKind];

/** Size of every descriptor. */
export const OPERATION_BYTES = 256;

/** Fields that all descriptors begin with. */
export const COMMON_FIELDS = {
  kind: ['u32', 'Index in OPERATION_KINDS.'],
  phase: ['u32', 'Least BatchMode that it runs in.'],
  overlaps: ['u32', '1: the next operation may begin before all workers have ended this one.'],
  counter: ['u32', 'Index of its saturations and underflows: place in the schedule.'],
} as const satisfies OperationFields;

/** Kinds by the numbers they have in descriptors. */
export const OPERATION_KINDS = Object.keys(OPERATIONS) as readonly OperationKind[];

/** Elements of a row of weights with `depth` products: a multiple of 16 bytes, so that rows can be taken 16 bytes at a time. */
export function weightStrideOf(depth: number, type: ElementTypeValue): number {
  const elements = 16 / (ELEMENT_BYTES[type] as number);
  return Math.ceil(depth / elements) * elements;
}

/** What activateBack reads of an activation beside the error: its value, its source, or nothing. */
export function activationReads(
  activation: Pick<OperationOf<'activate'>, 'function' | 'slope' | 'threshold'>,
): 'value' | 'source' | 'nothing' {
  switch (activation.function) {
    case ActivationFunction.Linear:
      return 'nothing';
    case ActivationFunction.Sigmoid:
    case ActivationFunction.Tanh:
    case ActivationFunction.Softmax:
    case ActivationFunction.Exponential:
      return 'value';
    case ActivationFunction.Relu:
      return activation.slope === 0 && activation.threshold === 0 ? 'value' : 'source';
    default:
      return 'source';
  }
}

/**
 * Descriptors of operations, in their order.
 *
 * @param limits what blocks have to fit
 * @param owners the layer of each operation, for messages
 * @throws UnsupportedError naming the layer of the first operation whose smallest block does not fit the arena
 */
export function encodeSchedule(
  operations: readonly Operation[],
  limits: Limits,
  owners: readonly string[] = [],
): Uint8Array {
  const bytes = new Uint8Array(operations.length * OPERATION_BYTES);
  for (const [index, operation] of operations.entries()) {
    const view = new DataView(bytes.buffer, index * OPERATION_BYTES);
    try {
      encodeOperation(operation, index, limits, view);
    } catch (error) {
      if (!(error instanceof BlockTooLargeError)) throw error;
      const { bytes: needed, arenaBytes } = error;
      throw new UnsupportedError(
        'in fixed point, the size of layer',
        owners[index] ?? error.operation,
        [
          `fewer channels or smaller windows (the least that a core can take of it at a time has ${needed} bytes, of ${arenaBytes})`,
          "or engine 'float'",
        ],
      );
    }
  }
  return bytes;
}

function encodeOperation(
  operation: Operation,
  index: number,
  limits: Limits,
  view: DataView,
): void {
  const { phase, fields, blocking: chosen } = OPERATIONS[operation.kind];
  const writer = new Writer(view);
  writer.word('u32', OPERATION_KINDS.indexOf(operation.kind));
  writer.word('u32', operation.phase ?? phase);
  writer.word('u32', operation.overlaps ? 1 : 0);
  writer.word('u32', index);
  const values = operation as unknown as Readonly<Record<string, unknown>>;
  writer.fields(fields, values, operation.kind);
  writer.fields(chosen, blocking(operation, limits), operation.kind);
}

class Writer {
  readonly #view: DataView;
  #at = 0;

  constructor(view: DataView) {
    this.#view = view;
  }

  fields(
    fields: OperationFields,
    values: Readonly<Record<string, unknown>>,
    operation: string,
  ): void {
    for (const [name, [kind]] of Object.entries(fields)) {
      const value = values[name];
      if (kind === 'tensor' || kind === 'window') {
        this.fields(PARTS[kind], value as Readonly<Record<string, unknown>>, operation);
      } else if (typeof value === 'number') this.word(kind, value);
      else throw new RangeError(`${operation}.${name} is ${String(value)}: give a number`);
    }
  }

  word(kind: Exclude<FieldKind, 'tensor' | 'window'>, value: number): void {
    if (kind === 'f32') this.#view.setFloat32(this.#at, value, true);
    else if (kind === 'u32') this.#view.setUint32(this.#at, value, true);
    else this.#view.setInt32(this.#at, value, true);
    this.#at += 4;
  }
}

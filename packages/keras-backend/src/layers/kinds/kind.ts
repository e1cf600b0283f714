/** What every kind of layer states of itself: options, shape of its outputs, weights. */
import type { Initialiser } from '../../initialisers/initialisers.js';
import type { Constraint } from '../../regularisers/constraints.js';
import type { Regulariser } from '../../regularisers/regularisers.js';
import {
  type Config,
  type Fields,
  flag,
  optional,
  orNothing,
  type Shape,
  shape,
} from '../fields.js';

/** One tensor of weights of a layer. */
export interface WeightDefinition {
  /** Keras's name of the variable, such as `kernel`. */
  readonly name: string;
  readonly shape: Shape;
  readonly initialiser: Initialiser;
  /** Values that go into one value behind it, and out of one before it: for initialisers. */
  readonly fanIn: number;
  readonly fanOut: number;
  /** Whether an optimiser moves it. */
  readonly trainable: boolean;
  readonly regulariser?: Regulariser | undefined;
  readonly constraint?: Constraint | undefined;
}

/** Reports why a layer cannot take its inputs. */
export type Refuse = (reason: string) => never;

/** A kind of layers. */
export interface LayerKind<Name extends string, F extends Fields> {
  /** Keras's name of the class. */
  readonly className: Name;
  readonly fields: F;
  /** How many inputs a layer takes: one, or a list of at least so many. */
  readonly inputs: 'one' | 'many';
  /** Shape of the output. */
  shape(config: Config<F>, inputs: readonly Shape[], refuse: Refuse): Shape;
  /** Trainable weights first, as Keras lists them. */
  weights(config: Config<F>, inputs: readonly Shape[]): readonly WeightDefinition[];
}

/** The fields that every layer has besides its own. */
export const commonFields = {
  /** Shape of one sample, of the first layer of a sequential model, where no input layer states it. */
  inputShape: optional(orNothing(shape), undefined),
  /** Whether training changes its weights; `true` unless told. */
  trainable: optional(flag, true),
} as const;

/** A layer as it is written down; a model gives it a name and weights. */
export type LayerOf<Kind> =
  Kind extends LayerKind<infer Name, infer F>
    ? {
        readonly className: Name;
        readonly name: string | undefined;
        readonly inputShape: Shape | undefined;
        readonly trainable: boolean;
      } & Config<F>
    : never;

/** A kind whose layers take one input and hold no weights. */
export function plainKind<const Name extends string, F extends Fields>(
  className: Name,
  fields: F,
  shape: (config: Config<F>, input: Shape, refuse: Refuse) => Shape,
): LayerKind<Name, F> {
  return {
    className,
    fields,
    inputs: 'one',
    shape: (config, [input = []], refuse) => shape(config, input, refuse),
    weights: () => [],
  };
}

/** Number of values of a shape. */
export function sizeOf(shape: Shape): number {
  return shape.reduce((size, each) => size * each, 1);
}

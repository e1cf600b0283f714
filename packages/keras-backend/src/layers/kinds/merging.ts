/** Layers that make one tensor of several. */
import { integer, optional, type Shape } from '../fields.js';
import type { LayerKind, Refuse } from './kind.js';

type NoFields = Record<never, never>;

/** Shape of an elementwise merge: axes of size 1 are repeated, as in Keras. */
function commonShape(inputs: readonly Shape[], refuse: Refuse): Shape {
  const rank = Math.max(...inputs.map((input) => input.length));
  const wide = inputs.map((input) => [...new Array(rank - input.length).fill(1), ...input]);
  return Array.from({ length: rank }, (_, axis) => {
    const sizes = wide.map((input) => input[axis] as number);
    const size = Math.max(...sizes);
    if (sizes.some((each) => each !== size && each !== 1)) {
      return refuse(`cannot combine shapes ${inputs.map((input) => `[${input}]`).join(' and ')}`);
    }
    return size;
  });
}

function elementwise<const Name extends string>(
  className: Name,
  exactly?: number,
): LayerKind<Name, NoFields> {
  return {
    className,
    fields: {},
    inputs: 'many',
    shape: (_, inputs, refuse) => {
      if (exactly !== undefined && inputs.length !== exactly) {
        return refuse(`takes ${exactly} inputs, not ${inputs.length}`);
      }
      return commonShape(inputs, refuse);
    },
    weights: () => [],
  };
}

/** The sum of its inputs. */
export const add = elementwise('Add');
/** The first input less the second. */
export const subtract = elementwise('Subtract', 2);
/** The product of its inputs. */
export const multiply = elementwise('Multiply');
/** The mean of its inputs. */
export const average = elementwise('Average');
/** The largest of its inputs. */
export const maximum = elementwise('Maximum');
/** The smallest of its inputs. */
export const minimum = elementwise('Minimum');

const concatenateFields = {
  /** Axis to join along, the batch being axis 0; -1, the last, unless told. */
  axis: optional(integer, -1),
} as const;

/** Index of an axis in the shape of a sample, or undefined; axis 0 is the batch. */
export function sampleAxis(axis: number, rank: number): number | undefined {
  const index = axis < 0 ? rank + axis : axis - 1;
  return index >= 0 && index < rank ? index : undefined;
}

/** Its inputs one behind the other. */
export const concatenate: LayerKind<'Concatenate', typeof concatenateFields> = {
  className: 'Concatenate',
  fields: concatenateFields,
  inputs: 'many',
  shape: ({ axis }, inputs, refuse) => {
    const [first = []] = inputs;
    const at = sampleAxis(axis, first.length);
    if (at === undefined) return refuse(`has axis ${axis}, but samples have shape [${first}]`);
    const differs = inputs.some(
      (input) =>
        input.length !== first.length ||
        input.some((size, index) => index !== at && size !== first[index]),
    );
    if (differs) {
      refuse(`cannot join shapes ${inputs.map((input) => `[${input}]`).join(' and ')}`);
    }
    const total = inputs.reduce((sum, input) => sum + (input[at] as number), 0);
    return first.map((size, index) => (index === at ? total : size));
  },
  weights: () => [],
};

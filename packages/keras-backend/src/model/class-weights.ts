/** How much the samples of each class count in the loss. */
import { OptionError } from '../errors.js';
import type { OutputGoal } from '../float/tally.js';
import { isSparse } from '../losses/batch-loss.js';
import type { ModelData } from './backend.js';
import type { FlatSamples } from './data.js';
import { check, checkValue, isObject } from './option-checks.js';
import type { FitOptions } from './options.js';

/** Classes that one message lists. */
const MOST_CLASSES = 16;

const RECORD = check<unknown>(
  (value) => isObject(value) && !(value instanceof Map),
  'give an object with numbers by class, such as { 0: 1, 1: 5 }',
);
const WEIGHT = check<unknown>(
  (value) => typeof value === 'number' && value >= 0 && value < Infinity,
  'give a finite number of at least 0',
);

/**
 * Sample weights times the weights of the samples' classes.
 *
 * @throws OptionError when there are several outputs, a class is none of the targets', or a weight is none
 */
export function withClassWeights(
  data: ModelData,
  goals: readonly OutputGoal[],
  classWeight: FitOptions['classWeight'],
): ModelData {
  if (classWeight === undefined) return data;
  checkValue('classWeight', classWeight, RECORD);
  const [goal] = goals as [OutputGoal];
  if (goals.length > 1 || goal.rowsPerSample > 1) {
    const given = JSON.stringify(classWeight);
    throw new OptionError('classWeight', given, 'only for one output of classes');
  }
  const [targets] = data.y as [FlatSamples];
  const labels = labelsOf(targets);
  const classes = classesOf(goal, targets, labels);
  for (const [name, weight] of Object.entries(classWeight)) {
    if (!classes.has(Number(name))) {
      const known = [...classes].slice(0, MOST_CLASSES).join(', ');
      const more = classes.size > MOST_CLASSES ? ` and ${classes.size - MOST_CLASSES} more` : '';
      const expected = `the classes of the targets are ${known}${more}`;
      throw new OptionError(`classWeight: ${name}`, 'not a class', expected);
    }
    checkValue(`classWeight[${name}]`, weight, WEIGHT);
  }
  const weights = labels.map(
    (label, sample) => (classWeight[label] ?? 1) * (data.weights[0]?.[sample] ?? 1),
  );
  return { ...data, weights: [weights] };
}

/** The class of each sample: its target, or where the largest of its targets is. */
function labelsOf({ samples, size, values }: FlatSamples): Float32Array {
  return Float32Array.from({ length: samples }, (_, sample) => {
    if (size === 1) return values[sample] as number;
    let label = 0;
    for (let i = 1; i < size; i++) {
      const [best, own] = [values[sample * size + label], values[sample * size + i]];
      if ((own as number) > (best as number)) label = i;
    }
    return label;
  });
}

/** All that there are: one for each output, or 0 and 1 and what else the targets of one output hold. */
function classesOf(
  { loss, size }: OutputGoal,
  targets: FlatSamples,
  labels: Float32Array,
): ReadonlySet<number> {
  if (isSparse(loss)) return new Set(Array.from({ length: size }, (_, label) => label));
  if (targets.size > 1) return new Set(Array.from({ length: targets.size }, (_, label) => label));
  return new Set([0, 1, ...labels]);
}

/** Data of `fit`, `evaluate` and `predict`, checked against a model. */
import { DataError, OptionError } from '../errors.js';
import type { OutputGoal } from '../float/tally.js';
import { type LayerGraph, namesOf, shapesOf } from '../graph/graph.js';
import type { Shape } from '../layers/layers.js';
import { isSparse } from '../losses/batch-loss.js';
import type { ModelData } from './backend.js';
import {
  checkClasses,
  checkProbabilities,
  type FlatSamples,
  flatSamples,
  type ModelSamples,
  perName,
  type Samples,
} from './data.js';
import { isObject } from './option-checks.js';
import type { Dataset, DatasetBatch, FitOptions, SampleWeights } from './options.js';

/** A model as data must fit it. */
export interface DataRules {
  readonly graph: LayerGraph;
  readonly goals: readonly OutputGoal[];
}

/** Losses whose targets are probabilities. */
const CROSSENTROPIES = [
  'categorical_crossentropy',
  'binary_crossentropy',
  'categorical_focal_crossentropy',
  'binary_focal_crossentropy',
];

/**
 * Inputs in the order of the model's.
 *
 * @throws DataError
 */
export function checkedInputs(graph: LayerGraph, x: ModelSamples, field = 'x'): FlatSamples[] {
  const names = namesOf(graph, graph.inputs);
  const shapes = shapesOf(graph, graph.inputs);
  const inputs = perName<Samples>(x as Samples, names, field).map((samples, index) =>
    flatSamples(samples, labelled(field, names, index), shapes[index] as Shape),
  );
  const odd = inputs.findIndex(({ samples }) => samples !== inputs[0]?.samples);
  if (odd > 0) {
    const reason = `has ${inputs[odd]?.samples} samples, but ${names[0]} has ${inputs[0]?.samples}`;
    throw new DataError(labelled(field, names, odd), reason);
  }
  return inputs;
}

function labelled(field: string, names: readonly string[], index: number): string {
  return names.length === 1 ? field : `${field}.${names[index]}`;
}

/**
 * Inputs with their targets.
 *
 * @param prefix of field names in messages, for example `validationData.`
 * @throws DataError
 */
export function checkedData(
  { graph, goals }: DataRules,
  x: ModelSamples,
  y: ModelSamples,
  sampleWeight?: SampleWeights,
  prefix = '',
): ModelData {
  const inputs = checkedInputs(graph, x, `${prefix}x`);
  const names = goals.map(({ name }) => name);
  const shapes = shapesOf(graph, graph.outputs);
  const targets = perName<Samples>(y as Samples, names, `${prefix}y`).map((samples, index) => {
    const field = labelled(`${prefix}y`, names, index);
    return checkedTargets(samples, field, goals[index] as OutputGoal, shapes[index] as Shape);
  });
  const samples = inputs[0]?.samples ?? 0;
  for (const [index, target] of targets.entries()) {
    if (target.samples !== samples) {
      const reason = `has ${target.samples} samples, but ${prefix}x has ${samples}`;
      throw new DataError(labelled(`${prefix}y`, names, index), reason);
    }
  }
  const weights = checkedWeights(sampleWeight, names, samples, `${prefix}sampleWeight`);
  return { samples, x: inputs, y: targets, weights };
}

/**
 * The batches of an epoch.
 *
 * @throws DataError also when there is none, as of a generator that another epoch went through
 */
export async function* checkedBatches(
  rules: DataRules,
  dataset: Dataset,
): AsyncGenerator<ModelData> {
  let count = 0;
  for await (const batch of batchesOf(dataset)) {
    if (!isObject(batch)) throw new DataError('batch', `is ${String(batch)}: give { x, y }`);
    yield checkedData(rules, batch.x, batch.y, batch.sampleWeight, 'batch.');
    count += 1;
  }
  if (count > 0) return;
  const advice = Array.isArray(dataset) ? '' : ': give a function that begins anew in every epoch';
  throw new DataError('dataset', `gave no batch for an epoch${advice}`);
}

function batchesOf(dataset: Dataset): Iterable<DatasetBatch> | AsyncIterable<DatasetBatch> {
  const batches: unknown = typeof dataset === 'function' ? dataset() : dataset;
  if (isObject(batches) && (Symbol.iterator in batches || Symbol.asyncIterator in batches)) {
    return batches as Iterable<DatasetBatch>;
  }
  throw new DataError('dataset', `returned ${String(batches)}: give a generator, or a list`);
}

function checkedTargets(
  samples: Samples,
  field: string,
  { loss, size }: OutputGoal,
  shape: Shape,
): FlatSamples {
  const rows = shape.slice(0, -1);
  if (isSparse(loss)) {
    const targets = flatSamples(samples, field, rows, [...rows, 1]);
    checkClasses(targets, field, size);
    return targets;
  }
  const targets = flatSamples(samples, field, shape, ...(size === 1 ? [rows] : []));
  if (CROSSENTROPIES.includes(loss.kind)) checkProbabilities(targets, field);
  return targets;
}

function checkedWeights(
  given: SampleWeights | undefined,
  names: readonly string[],
  samples: number,
  field: string,
): (Float32Array | undefined)[] {
  if (given === undefined) return names.map(() => undefined);
  const single = isNumbers(given);
  if (!single && !Array.isArray(given)) checkNames(field, given, names);
  return names.map((name, index) => {
    const own = single
      ? given
      : Array.isArray(given)
        ? (given[index] as ArrayLike<number> | undefined)
        : (given as Readonly<Record<string, ArrayLike<number>>>)[name];
    if (own === undefined) return undefined;
    const weights = Float32Array.from(own);
    if (
      weights.length !== samples ||
      weights.some((weight) => !(weight >= 0 && weight < Infinity))
    ) {
      const reason = `of ${name} must be ${samples} finite numbers of at least 0, one a sample`;
      throw new DataError(field, reason);
    }
    return weights;
  });
}

function checkNames(field: string, given: object, names: readonly string[]): void {
  const odd = Object.keys(given).find((name) => !names.includes(name));
  if (odd !== undefined) {
    throw new DataError(field, `has weights of ${odd}, but the outputs are ${names.join(', ')}`);
  }
}

function isNumbers(given: SampleWeights): given is ArrayLike<number> {
  return ArrayBuffer.isView(given) || (Array.isArray(given) && typeof given[0] === 'number');
}

/**
 * Training and validation data as `fit` was told.
 *
 * @throws OptionError DataError
 */
export function splitData(
  rules: DataRules,
  all: ModelData,
  { validationSplit = 0, validationData }: FitOptions,
): { training: ModelData; validation: ModelData | undefined } {
  if (!(validationSplit >= 0 && validationSplit < 1)) {
    throw new OptionError('validationSplit', validationSplit, 'give 0 to below 1');
  }
  if (validationData !== undefined) {
    const [x, y, weights] = validationData;
    const validation = checkedData(rules, x, y, weights, 'validationData.');
    return { training: all, validation };
  }
  const training = Math.floor(all.samples * (1 - validationSplit));
  if (training === all.samples) return { training: all, validation: undefined };
  if (training === 0) {
    throw new OptionError('validationSplit', validationSplit, 'no sample is left to train with');
  }
  return {
    training: dataPart(all, 0, training),
    validation: dataPart(all, training, all.samples),
  };
}

/** Samples `from` to, not including, `until`. */
function dataPart({ x, y, weights }: ModelData, from: number, until: number): ModelData {
  return {
    samples: until - from,
    x: x.map((samples) => part(samples, from, until)),
    y: y.map((samples) => part(samples, from, until)),
    weights: weights.map((each) => each?.subarray(from, until)),
  };
}

function part(data: FlatSamples, from: number, until: number): FlatSamples {
  const { size, peak, values } = data;
  const range = [from * size, until * size] as const;
  return {
    samples: until - from,
    values: isTypedArray(values)
      ? values.subarray(...range)
      : Array.prototype.slice.call(values, ...range),
    size,
    peak,
  };
}

/** Any typed array: only what all of them share is used. */
function isTypedArray(values: ArrayLike<number>): values is Float32Array {
  return ArrayBuffer.isView(values) && !(values instanceof DataView);
}

/** Samples to train on, test with or predict from, however they were stored. */

import { FileError } from './file-error.js';

/** A table of samples. */
export interface Samples {
  readonly count: number;
  /** Values in each sample. */
  readonly features: number;
  /** `[count][features]`. */
  readonly inputs: Float32Array;
  /** The class of each sample, or undefined where the file has target values or nothing. */
  readonly labels?: Uint32Array;
  /** `[count][targets / count]`, where the file has target values. */
  readonly targets?: Float32Array;
}

/** Samples `from` to, not including, `to`, sharing memory with all of them. */
export function sampleRange(samples: Samples, from: number, to: number): Samples {
  const width = (samples.targets?.length ?? 0) / samples.count;
  return {
    count: to - from,
    features: samples.features,
    inputs: samples.inputs.subarray(from * samples.features, to * samples.features),
    ...(samples.labels && { labels: samples.labels.subarray(from, to) }),
    ...(samples.targets && { targets: samples.targets.subarray(from * width, to * width) }),
  };
}

/** The last `count` samples, or all where there are fewer or none are asked for. */
export function lastSamples(samples: Samples, count = samples.count): Samples {
  return sampleRange(samples, Math.max(samples.count - count, 0), samples.count);
}

/**
 * Inputs as a model takes them.
 *
 * @param shape of one sample
 * @throws FileError when samples have another number of values
 */
export function asTensor(
  { count, features, inputs }: Samples,
  shape: readonly number[],
  source: string,
): { data: Float32Array; shape: number[] } {
  const needed = shape.reduce((product, size) => product * size, 1);
  if (features === needed) return { data: inputs, shape: [count, ...shape] };
  throw new FileError(
    source,
    `has ${features} values a sample, but the model takes ${needed} (shape ${shape.join(' x ')})`,
  );
}

/**
 * Targets as a network with `units` outputs is trained on: target values as they are, labels as one
 * in their unit's place, or as 0 and 1 where there is one unit.
 *
 * @throws FileError naming the sample whose label no unit stands for, or the width that is wrong.
 */
export function targetsFor(samples: Samples, units: number, source: string): Float32Array {
  if (samples.targets !== undefined) {
    const width = samples.targets.length / samples.count;
    if (width === units) return samples.targets;
    throw new FileError(
      source,
      `has ${width} targets a sample, but the network has ${units} outputs`,
    );
  }
  if (samples.labels === undefined) {
    throw new FileError(source, 'has no "labels" and no "targets" to compare the network with');
  }
  return units === 1
    ? Float32Array.from(samples.labels, (label, sample) => oneUnit(label, sample, source))
    : oneHot(samples.labels, units, source);
}

/** The class of each sample. @throws FileError when the file has none */
export function classesFor({ labels }: Samples, source: string): Uint32Array {
  if (labels !== undefined) return labels;
  throw new FileError(source, 'has no "labels": the loss of the model compares with class numbers');
}

function oneUnit(label: number, sample: number, source: string): number {
  if (label <= 1) return label;
  throw new FileError(
    source,
    `label ${label} of sample ${sample} is not 0 or 1, the classes of one output`,
  );
}

function oneHot(labels: Uint32Array, units: number, source: string): Float32Array {
  const targets = new Float32Array(labels.length * units);
  labels.forEach((label, sample) => {
    if (label >= units) {
      throw new FileError(
        source,
        `label ${label} of sample ${sample} has no output: the network has ${units}, for 0 to ${units - 1}`,
      );
    }
    targets[sample * units + label] = 1;
  });
  return targets;
}

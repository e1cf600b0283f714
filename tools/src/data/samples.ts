/** Samples to train on, test with or predict from, however they were stored. */

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

/** A data file that cannot be used. */
export class DataError extends Error {
  override readonly name = 'DataError';

  constructor(
    readonly source: string,
    problem: string,
  ) {
    super(`${source}: ${problem}`);
  }
}

/** The first `count` samples, or all when there are fewer. */
export function firstSamples(samples: Samples, count: number): Samples {
  const kept = Math.min(count, samples.count);
  const width = (samples.targets?.length ?? 0) / samples.count;
  return {
    count: kept,
    features: samples.features,
    inputs: samples.inputs.subarray(0, kept * samples.features),
    ...(samples.labels && { labels: samples.labels.subarray(0, kept) }),
    ...(samples.targets && { targets: samples.targets.subarray(0, kept * width) }),
  };
}

/**
 * Targets as a network with `units` outputs is trained on: target values as they are, labels as one
 * in their unit's place, or as 0 and 1 where there is one unit.
 *
 * @throws DataError naming the sample whose label no unit stands for, or the width that is wrong.
 */
export function targetsFor(samples: Samples, units: number, source: string): Float32Array {
  if (samples.targets !== undefined) {
    const width = samples.targets.length / samples.count;
    if (width === units) return samples.targets;
    throw new DataError(
      source,
      `has ${width} targets a sample, but the network has ${units} outputs`,
    );
  }
  if (samples.labels === undefined) {
    throw new DataError(source, 'has no "labels" and no "targets" to compare the network with');
  }
  return units === 1
    ? Float32Array.from(samples.labels, (label, sample) => oneUnit(label, sample, source))
    : oneHot(samples.labels, units, source);
}

function oneUnit(label: number, sample: number, source: string): number {
  if (label <= 1) return label;
  throw new DataError(
    source,
    `label ${label} of sample ${sample} is not 0 or 1, the classes of one output`,
  );
}

function oneHot(labels: Uint32Array, units: number, source: string): Float32Array {
  const targets = new Float32Array(labels.length * units);
  labels.forEach((label, sample) => {
    if (label >= units) {
      throw new DataError(
        source,
        `label ${label} of sample ${sample} has no output: the network has ${units}, for 0 to ${units - 1}`,
      );
    }
    targets[sample * units + label] = 1;
  });
  return targets;
}

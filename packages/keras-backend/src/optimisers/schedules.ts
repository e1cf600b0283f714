/** Learning rates that change from step to step, as in keras.optimizers.schedules. */
import { OptionError, UnsupportedError } from '../errors.js';

/** A schedule; a step is one batch. */
export type Schedule =
  | {
      readonly kind: 'exponentialDecay';
      readonly initialLearningRate: number;
      readonly decaySteps: number;
      readonly decayRate: number;
      readonly staircase?: boolean;
    }
  | {
      readonly kind: 'inverseTimeDecay';
      readonly initialLearningRate: number;
      readonly decaySteps: number;
      readonly decayRate: number;
      readonly staircase?: boolean;
    }
  | {
      readonly kind: 'polynomialDecay';
      readonly initialLearningRate: number;
      readonly decaySteps: number;
      /** 0.0001 unless told. */
      readonly endLearningRate?: number;
      /** 1 unless told. */
      readonly power?: number;
      readonly cycle?: boolean;
    }
  | {
      readonly kind: 'cosineDecay';
      readonly initialLearningRate: number;
      readonly decaySteps: number;
      /** Least share of the rate; 0 unless told. */
      readonly alpha?: number;
      readonly warmupTarget?: number;
      readonly warmupSteps?: number;
    }
  | {
      readonly kind: 'piecewiseConstantDecay';
      /** Steps after which the next value begins. */
      readonly boundaries: readonly number[];
      /** One more than boundaries. */
      readonly values: readonly number[];
    };

/** A constant rate, or a schedule. */
export type LearningRate = number | Schedule;

const KINDS: Readonly<Record<Schedule['kind'], readonly string[]>> = {
  exponentialDecay: ['initialLearningRate', 'decaySteps', 'decayRate'],
  inverseTimeDecay: ['initialLearningRate', 'decaySteps', 'decayRate'],
  polynomialDecay: ['initialLearningRate', 'decaySteps'],
  cosineDecay: ['initialLearningRate', 'decaySteps'],
  piecewiseConstantDecay: ['boundaries', 'values'],
};

/** @throws OptionError UnsupportedError for a rate that is not positive, or a schedule that is none */
export function checkRate(rate: LearningRate): LearningRate {
  if (typeof rate === 'number') {
    if (rate > 0 && Number.isFinite(rate)) return rate;
    throw new OptionError('learningRate', rate, 'give a positive number');
  }
  const needed = KINDS[rate?.kind];
  if (needed === undefined) {
    throw new UnsupportedError('learning-rate schedule', String(rate?.kind), Object.keys(KINDS));
  }
  const values = rate as unknown as Readonly<Record<string, unknown>>;
  for (const name of needed) {
    const all = [values[name]].flat();
    const least = name === 'boundaries' || name === 'initialLearningRate' ? 0 : Number.MIN_VALUE;
    if (all.length === 0 || all.some((each) => !(typeof each === 'number' && each >= least))) {
      throw new OptionError(`${rate.kind} ${name}`, values[name], 'give positive numbers');
    }
  }
  if (rate.kind === 'piecewiseConstantDecay' && rate.values.length !== rate.boundaries.length + 1) {
    const expected = `give ${rate.boundaries.length + 1}, one more than boundaries`;
    throw new OptionError('piecewiseConstantDecay values', rate.values, expected);
  }
  return rate;
}

/** The rate of a step, counted from 0. */
export function rateAt(rate: LearningRate, step: number): number {
  if (typeof rate === 'number') return rate;
  switch (rate.kind) {
    case 'exponentialDecay':
    case 'inverseTimeDecay': {
      const passed = step / rate.decaySteps;
      const time = rate.staircase ? Math.floor(passed) : passed;
      return rate.kind === 'exponentialDecay'
        ? rate.initialLearningRate * rate.decayRate ** time
        : rate.initialLearningRate / (1 + rate.decayRate * time);
    }
    case 'polynomialDecay': {
      const { initialLearningRate: first, endLearningRate: last = 1e-4, power = 1 } = rate;
      const cycles = rate.cycle ? Math.max(1, Math.ceil(step / rate.decaySteps)) : 1;
      const done = Math.min(1, step / (rate.decaySteps * cycles));
      return (first - last) * (1 - done) ** power + last;
    }
    case 'cosineDecay':
      return cosineRate(rate, step);
    case 'piecewiseConstantDecay': {
      const next = rate.boundaries.findIndex((boundary) => step <= boundary);
      return rate.values[next < 0 ? rate.boundaries.length : next] as number;
    }
  }
}

function cosineRate(rate: Extract<Schedule, { kind: 'cosineDecay' }>, step: number): number {
  const { initialLearningRate, decaySteps, alpha = 0, warmupTarget, warmupSteps = 0 } = rate;
  if (warmupTarget !== undefined && step < warmupSteps) {
    return initialLearningRate + (warmupTarget - initialLearningRate) * (step / warmupSteps);
  }
  const passed = warmupTarget === undefined ? step : step - warmupSteps;
  const done = Math.min(1, passed / decaySteps);
  const cosine = (1 + Math.cos(Math.PI * done)) / 2;
  return (warmupTarget ?? initialLearningRate) * ((1 - alpha) * cosine + alpha);
}

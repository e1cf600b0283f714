/** What `compile` was told, as a goal for each output. */
import { ModelDefinitionError, OptionError } from '../errors.js';
import type { OutputGoal } from '../float/tally.js';
import { type LayerGraph, namesOf, shapesOf } from '../graph/graph.js';
import { sizeOf } from '../layers/kinds/kind.js';
import type { Shape } from '../layers/layers.js';
import { isSparse } from '../losses/batch-loss.js';
import { isLossConfig, type LossConfig, lossConfig } from '../losses/configs.js';
import {
  type MetricConfig,
  metricConfig,
  resolveAccuracy,
  takesClasses,
} from '../metrics/metrics.js';
import type { CompileOptions, LossChoice, MetricChoice, MetricChoices } from './options.js';

/**
 * Goals in the order of the outputs.
 *
 * @throws UnsupportedError OptionError ModelDefinitionError when a loss or metric cannot be used
 */
export function goalsOf(graph: LayerGraph, options: CompileOptions): OutputGoal[] {
  const names = namesOf(graph, graph.outputs);
  const shapes = shapesOf(graph, graph.outputs);
  const losses = lossesFor(options.loss, names);
  const metrics = metricsFor('metrics', options.metrics ?? [], names);
  const weightedMetrics = metricsFor('weightedMetrics', options.weightedMetrics ?? [], names);
  const { lossWeights } = options;
  checkLossWeights(lossWeights, names);
  return names.map((name, index) => {
    const shape = shapes[index] as Shape;
    const size = shape.at(-1) as number;
    const loss = losses[index] as LossConfig;
    if (isSparse(loss) && size < 2) {
      throw new ModelDefinitionError(
        name,
        `has ${size} output, but ${loss.kind} needs one a class`,
      );
    }
    const resolve = (list: readonly MetricConfig[]) =>
      list.map((metric) => resolved(metric, loss, size, name));
    return {
      name,
      size,
      rowsPerSample: sizeOf(shape) / size,
      loss,
      lossWeight: weightFor(lossWeights, index, name),
      metrics: resolve(metrics[index] ?? []),
      weightedMetrics: resolve(weightedMetrics[index] ?? []),
    };
  });
}

function resolved(
  config: MetricConfig,
  loss: LossConfig,
  size: number,
  output: string,
): MetricConfig {
  const metric = resolveAccuracy(config, loss, size);
  if (config.kind !== 'accuracy' && takesClasses(metric) && !isSparse(loss)) {
    const message = `has metric ${metric.kind} but loss ${loss.kind}: targets are not class numbers`;
    throw new ModelDefinitionError(output, message);
  }
  return metric;
}

function isLoss(loss: CompileOptions['loss']): loss is LossChoice {
  return (
    typeof loss === 'string' || (typeof loss === 'object' && loss !== null && isLossConfig(loss))
  );
}

function lossesFor(loss: CompileOptions['loss'], names: readonly string[]): LossConfig[] {
  if (isLoss(loss)) return names.map(() => lossConfig(loss));
  const listed = Array.isArray(loss);
  if (typeof loss !== 'object' || loss === null) {
    throw new OptionError('loss', String(loss), 'give a name, a list or a record');
  }
  if (listed && loss.length !== names.length) {
    throw new OptionError(
      'loss',
      JSON.stringify(loss),
      `give ${names.length}, one for each output`,
    );
  }
  if (!listed) checkNames('loss', loss, names);
  return names.map((name, index) => {
    const own = listed ? loss[index] : (loss as Readonly<Record<string, LossChoice>>)?.[name];
    if (own === undefined)
      throw new OptionError('loss', JSON.stringify(loss), `give one for ${name}`);
    return lossConfig(own);
  });
}

function metricsFor(
  option: string,
  given: MetricChoices,
  names: readonly string[],
): MetricConfig[][] {
  if (!Array.isArray(given)) {
    const byName = given as Readonly<Record<string, MetricChoice | readonly MetricChoice[]>>;
    checkNames(option, byName, names);
    return names.map((name) => [byName[name] ?? []].flat().map(metricConfig));
  }
  const nested = given.some((each) => Array.isArray(each));
  if (!nested) return names.map(() => (given as readonly MetricChoice[]).map(metricConfig));
  if (given.length !== names.length) {
    throw new OptionError(option, JSON.stringify(given), `give ${names.length} lists`);
  }
  return given.map((each) =>
    [each as MetricChoice | readonly MetricChoice[]].flat().map(metricConfig),
  );
}

/** @throws OptionError when a record names something that is no output */
function checkNames(option: string, record: object, names: readonly string[]): void {
  const odd = Object.keys(record).find((name) => !names.includes(name));
  if (odd !== undefined) throw new OptionError(option, odd, `name outputs: ${names.join(', ')}`);
}

function checkLossWeights(weights: CompileOptions['lossWeights'], names: readonly string[]): void {
  if (weights === undefined) return;
  if (!Array.isArray(weights)) checkNames('lossWeights', weights, names);
  else if (weights.length !== names.length) {
    throw new OptionError(
      'lossWeights',
      `[${weights}]`,
      `give ${names.length}, one for each output`,
    );
  }
}

function weightFor(weights: CompileOptions['lossWeights'], index: number, name: string): number {
  if (weights === undefined) return 1;
  const weight = Array.isArray(weights)
    ? weights[index]
    : ((weights as Readonly<Record<string, number>>)[name] ?? 1);
  if (typeof weight === 'number' && Number.isFinite(weight)) return weight;
  throw new OptionError('lossWeights', weight, `give a number for ${name}`);
}

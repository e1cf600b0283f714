/** Trains a model on samples, tests it on others and measures both. */
import type {
  CompileOptions,
  History,
  LayerCounts,
  Logs,
  MachineSpread,
  Model,
  Optimiser,
  Progress,
} from '@spin-tools/keras-backend';
import { asTensor, classesFor, type Samples, targetsFor } from '../data/samples.js';
import { inputShape, outputSize } from '../model/model-file.js';
import type { Progress as Bar, Terminal } from '../terminal/terminal.js';
import type { TrainingHooks } from '../view/training-view.js';
import type { EngineChoice } from './engine.js';

/** All that a training run depends on. */
export interface TrainingRun {
  readonly model: Model;
  readonly training: Samples;
  /** What the result is judged by; the training samples themselves where there are no others. */
  readonly heldOut: Samples;
  /** Where the samples came from, for messages. */
  readonly source: string;
  readonly loss: CompileOptions['loss'];
  readonly mode: NonNullable<CompileOptions['mode']>;
  readonly rounding?: NonNullable<CompileOptions['rounding']>;
  readonly choice: EngineChoice;
  readonly epochs: number;
  readonly batchSize: number;
  readonly optimizer: Optimiser;
  /** Told how training goes, besides the terminal. */
  readonly hooks?: Pick<TrainingHooks, 'callbacks' | 'onProgress'>;
  /** Asked to end training behind the batch that runs; what was trained is kept. */
  readonly signal?: AbortSignal;
  /** Keeps what was trained, as soon as training is over or failed, and tells where: testing it may take long. */
  readonly save?: () => Promise<string>;
}

/** What came out of a training run. Costs of a board are null where no machine was used. */
export interface TrainingFigures {
  /** On the held-out samples, 0 to 1. */
  readonly accuracy: number;
  /** On the held-out samples. */
  readonly loss: number;
  /** Training, on this computer. */
  readonly samplesPerSecond: number;
  /** Training time on a real machine, seconds. */
  readonly predictedSeconds: number | null;
  /** Training energy on a real machine, joules. */
  readonly predictedJoules: number | null;
  readonly packetsSent: number | null;
  readonly packetsDropped: number | null;
  /** Chips and cores that computed a model that is no stack of Dense layers; null of others. */
  readonly spread: MachineSpread | null;
  /** Values that were clamped to their number format in training, and gradients that vanished, by layer; null of float32. */
  readonly layers: LayerCounts | null;
}

/** The figures, and how they came about. */
export interface TrainingOutcome {
  readonly figures: TrainingFigures;
  readonly history: History;
}

/** Compiles, fits and evaluates, telling the terminal how it goes. The model keeps its engine open. */
export async function train(run: TrainingRun, terminal: Terminal): Promise<TrainingOutcome> {
  const { model, choice, mode, loss, optimizer, rounding } = run;
  model.compile({
    optimizer,
    loss,
    metrics: ['accuracy'],
    mode,
    ...choice,
    ...(rounding && { rounding }),
  });
  const before = model.getState();
  const { history, seconds, samples } = await fit(run, terminal).catch(async (error: unknown) => {
    // Of a machine that failed, the model has the batches that were finished; else nothing is new.
    if (run.save && model.getState() !== before) {
      const file = await run.save();
      terminal.report(`training failed: what was trained before that is saved in ${file}`);
    }
    throw error;
  });
  await run.save?.();
  const test = await evaluate(model, run.heldOut, run.source, run.batchSize);
  const { machine } = history;
  return {
    history,
    figures: {
      accuracy: test.accuracy,
      loss: test.loss,
      samplesPerSecond: samples / seconds,
      predictedSeconds: machine?.seconds ?? null,
      predictedJoules: machine?.joules ?? null,
      packetsSent: machine?.packetsSent ?? null,
      packetsDropped: machine?.packetsDropped ?? null,
      spread: machine?.spread ?? null,
      layers: history.layers ?? null,
    },
  };
}

/** Loss and accuracy of a compiled model. */
export async function evaluate(
  model: Model,
  samples: Samples,
  source: string,
  batchSize: number,
): Promise<{ loss: number; accuracy: number }> {
  const shape = inputShape(model);
  const x = asTensor(samples, shape, source);
  const { loss, accuracy = 0 } = await model.evaluate(x, targetTensor(model, samples, source), {
    batchSize,
  });
  return { loss, accuracy };
}

async function fit(
  { model, training, source, epochs, batchSize, signal, hooks }: TrainingRun,
  terminal: Terminal,
): Promise<{ history: History; seconds: number; samples: number }> {
  const x = asTensor(training, inputShape(model), source);
  const y = targetTensor(model, training, source);
  const size = Math.min(batchSize, training.count);
  const shown = new ShownEpochs(terminal, epochs, Math.ceil(training.count / size));
  let start = 0;
  let end = 0;
  let last: Progress = { epoch: 0, epochs, batch: 0, batches: 0 };
  const clock = {
    onTrainBegin: () => {
      start = performance.now();
    },
    onTrainEnd: () => {
      end = performance.now();
    },
  };
  try {
    const history = await model.fit(x, y, {
      epochs,
      ...(signal && { signal }),
      batchSize: size,
      onProgress: (progress) => {
        last = progress;
        shown.update(progress.batch);
        hooks?.onProgress(progress);
      },
      callbacks: [clock, shown, ...(hooks ? [hooks.callbacks] : [])],
    });
    const whole = history.stopped === undefined;
    if (!whole) terminal.report(`stopped ${placeOf(last)}: what was trained so far is kept`);
    const samples = whole ? epochs * training.count : samplesBefore(last, size, training.count);
    return { history, seconds: (end - start) / 1000, samples };
  } finally {
    shown.stop();
  }
}

const placeOf = ({ epoch, epochs, batch, batches }: Progress): string =>
  batch === 0
    ? 'before the first batch'
    : `behind batch ${batch} of ${batches} of epoch ${epoch + 1}/${epochs}`;

const samplesBefore = ({ epoch, batch }: Progress, batchSize: number, count: number): number =>
  epoch * count + Math.min(batch * batchSize, count);

/** A bar for the epoch that runs, and a line for some of those that are over. */
class ShownEpochs {
  #bar: Bar | undefined;
  readonly #terminal: Terminal;
  readonly #epochs: number;
  readonly #batches: number;

  constructor(terminal: Terminal, epochs: number, batches: number) {
    this.#terminal = terminal;
    this.#epochs = epochs;
    this.#batches = batches;
  }

  readonly onEpochBegin = (epoch: number): void => {
    this.#bar = this.#terminal.progress(`epoch ${epoch + 1}/${this.#epochs}`, this.#batches);
  };

  readonly onEpochEnd = (epoch: number, { loss = 0, accuracy = 0 }: Logs): void => {
    this.stop();
    if (!isShown(epoch, this.#epochs)) return;
    this.#terminal.report(
      `epoch ${epoch + 1}/${this.#epochs}  loss ${loss.toFixed(4)}  accuracy ${percent(accuracy)}`,
    );
  };

  update(batch: number): void {
    this.#bar?.update(batch);
  }

  /** A bar that is not stopped would keep the program running. */
  stop(): void {
    this.#bar?.stop();
    this.#bar = undefined;
  }
}

/** Epochs that get a line, at most. */
const EPOCH_LINES = 10;

/** Some epochs at equal distances, the last one always. */
function isShown(epoch: number, epochs: number): boolean {
  return (epochs - 1 - epoch) % Math.ceil(epochs / EPOCH_LINES) === 0;
}

/** A share as a percentage, `93.1 %`. */
export function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function targetTensor(model: Model, samples: Samples, source: string) {
  const units = outputSize(model);
  const { loss } = model.compileOptions ?? {};
  const named = typeof loss === 'object' && 'kind' in loss ? loss.kind : loss;
  if (named === 'sparse_categorical_crossentropy') {
    return { data: classesFor(samples, source), shape: [samples.count] };
  }
  return { data: targetsFor(samples, units, source), shape: [samples.count, units] };
}

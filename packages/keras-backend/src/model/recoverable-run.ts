/**
 * Training on a machine that may fail. What the machine reported finished until then is computed again in this process,
 * which gives the same bits: the machine may not answer any more, or have half a batch in its weights.
 */
import { DataError, OptionError, UnsupportedError } from '../errors.js';
import type {
  Backend,
  BatchStream,
  EpochRequest,
  EpochResult,
  ModelData,
  TrainingRequest,
  TrainingRun,
} from './backend.js';
import type { ModelState } from './state.js';
import type { Training } from './training.js';

/** What is left of training. */
export interface Recovered {
  readonly state: ModelState;
  /** Epochs of which at least one batch is finished. */
  readonly epochs: number;
  /** Finished batches of the last of them. */
  readonly batches: number;
}

/** Batches from a known state on. */
interface Pass {
  readonly data: ModelData;
  readonly batchSize: number;
  readonly request: EpochRequest;
  /** Batches of the epoch before these. */
  readonly first: number;
  /** Those that are finished. */
  done: number;
}

/** Training with a record of what is finished. */
export class RecoverableRun implements TrainingRun {
  readonly #request: TrainingRequest;
  readonly #makeFunctional: () => Backend;
  #run: TrainingRun | undefined;
  #known: Recovered;
  /** What was done from the known state on. */
  #pass: Pass | undefined;
  #epoch = 0;
  /** While an epoch runs. */
  #running: EpochRequest | undefined;
  #failure: { readonly error: unknown } | undefined;
  /** What callbacks and sources of data threw, which is no failure of the machine. */
  readonly #others = new Set<unknown>();

  private constructor(request: TrainingRequest, makeFunctional: () => Backend) {
    this.#request = request;
    this.#makeFunctional = makeFunctional;
    this.#known = { state: request.state, epochs: 0, batches: 0 };
  }

  /**
   * Begins training.
   *
   * @param makeFunctional makes a backend of the same compilation that computes in this process
   */
  static async begin(
    backend: Backend,
    makeFunctional: () => Backend,
    request: TrainingRequest,
  ): Promise<RecoverableRun> {
    const run = new RecoverableRun(request, makeFunctional);
    const { training } = request;
    const recorded = typeof training === 'function' ? () => run.#recorded(training) : training;
    run.#run = await backend.begin({ ...request, training: recorded });
    return run;
  }

  learningRate(): number {
    return this.#begun.learningRate();
  }

  async epoch(request: EpochRequest): Promise<EpochResult> {
    await this.state();
    this.#epoch += 1;
    this.#running = request;
    const { training, batchSize } = this.#request;
    if (typeof training !== 'function') {
      this.#pass = { data: training, batchSize, request, first: 0, done: 0 };
    }
    try {
      return await this.#watched(
        this.#begun.epoch({
          ...request,
          onBatch: (done, total, logs) => {
            if (this.#pass) this.#pass.done = Math.max(this.#pass.done, done - this.#pass.first);
            return this.#byOthers(async () => request.onBatch(done, total, logs));
          },
        }),
      );
    } finally {
      this.#running = undefined;
    }
  }

  validate(): Promise<EpochResult> {
    return this.#watched(this.#begun.validate());
  }

  async state(): Promise<ModelState> {
    const state = await this.#watched(this.#begun.state());
    if (this.#running === undefined) this.#settle(state);
    return state;
  }

  async restore(state: ModelState): Promise<void> {
    await this.#watched(this.#begun.restore(state));
    this.#settle(state);
  }

  /** Whether what ended training is a failure of the machine. */
  isFailure(error: unknown): boolean {
    return this.#failure?.error === error;
  }

  /** The newest state that was fetched, which nothing need be computed for. */
  get known(): Recovered {
    return this.#known;
  }

  /** What was trained up to the last batch that was reported finished. */
  async recover(): Promise<Recovered> {
    const pass = this.#pass;
    if (pass === undefined || pass.done === 0) return this.#known;
    const { data: training, batchSize, request, done } = pass;
    const backend = this.#makeFunctional();
    try {
      const { state } = this.#known;
      const run = await backend.begin({ training, validation: undefined, batchSize, state });
      let asked = 0;
      // An engine in this process asks before each batch.
      await run.epoch({ ...request, onBatch: () => {}, stops: () => asked++ === done });
      return this.#after(await run.state(), pass);
    } finally {
      await backend.close();
    }
  }

  get #begun(): TrainingRun {
    return this.#run as TrainingRun;
  }

  /** Batches as they come, each a pass of its own: they cannot be asked for again. */
  async *#recorded(stream: BatchStream): AsyncIterable<ModelData> {
    const batches = stream()[Symbol.asyncIterator]();
    for (let first = 0; ; first++) {
      const { value: data, done } = await this.#byOthers(() => batches.next());
      if (done) return;
      this.#settle(await this.#begun.state());
      const request = this.#running as EpochRequest;
      this.#pass = { data, batchSize: data.samples, request, first, done: 0 };
      yield data;
    }
  }

  #settle(state: ModelState): void {
    this.#known = this.#pass ? this.#after(state, this.#pass) : { ...this.#known, state };
    this.#pass = undefined;
  }

  #after(state: ModelState, { first, done }: Pass): Recovered {
    if (done === 0) return { ...this.#known, state };
    return { state, epochs: this.#epoch, batches: first + done };
  }

  async #watched<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      const isMistake = [DataError, OptionError, UnsupportedError].some(
        (kind) => error instanceof kind,
      );
      if (!isMistake && !this.#others.has(error)) this.#failure = { error };
      throw error;
    }
  }

  async #byOthers<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      this.#others.add(error);
      throw error;
    }
  }
}

/**
 * What training that failed leaves, which the message of the error is made to say.
 *
 * @param trained epochs of the model before
 * @returns undefined where that is the state of before
 */
export async function stateLeft(
  run: RecoverableRun,
  error: unknown,
  { initialEpoch, epochs, options }: Training,
  trained: number,
): Promise<ModelState | undefined> {
  if (!run.isFailure(error)) return undefined;
  let kept = run.known;
  let reason = '';
  try {
    kept = await run.recover();
  } catch (cause) {
    reason = ` What was finished after that could not be computed again: ${String(cause)}.`;
  }
  if (kept.epochs === 0) {
    say(error, `The model has the weights of before: no batch was finished.${reason}`);
    return undefined;
  }
  const epoch = `${initialEpoch + kept.epochs}/${epochs}`;
  say(
    error,
    `The model keeps what was trained up to batch ${kept.batches} of epoch ${epoch}.${reason}`,
  );
  const shuffled = options.shuffle ?? true;
  return { ...kept.state, epochs: trained + (shuffled ? kept.epochs : 0) };
}

function say(error: unknown, sentence: string): void {
  if (error instanceof Error)
    error.message = `${error.message.replace(/(?<![.?!])$/, '.')} ${sentence}`;
}

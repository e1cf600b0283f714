/** The machine of the demo: a virtual SpiNN-5 in a web worker, the network that trains on it, and a watch on both. */
import { layers, type Model, sequential, sgd } from '@spin-tools/keras-backend';
import { MachineController } from '@spin-tools/scp';
import { VirtualMachine } from '@spin-tools/sim';
import { placementOf } from '../../src/training/placement.js';
import { showTraining } from '../../src/view/training-view.js';
import { virtualCounters } from '../../src/view/virtual-counters.js';
import { MachineWatch } from '../../src/view/watch.js';
import { type Digits, type Job, KINDS, type News, PIXELS } from './jobs.js';

const NAME = 'a virtual SpiNN-5 in this page';
const BATCH = 16;
/** Copies of a digit that the user drew: few among hundreds would not be learnt. */
const COPIES = 8;
/** The first layer is cut finer than it needs to be, so that there are packets on links to see. */
const TILING = [{ rows: 8, columns: 14 }, undefined] as const;
/** Between two looks at all chips, ms: often enough that packets are seen to come and go. */
const INTERVAL_MS = 150;
const PATIENCE = { timeoutMs: 60_000, window: 32 };

const post = (news: News): void => postMessage(news);
const tell = (message: Extract<News, { type: 'message' }>['message']): void =>
  post({ type: 'message', message });

const virtualMachine = new VirtualMachine({ board: 'spin5' });
const watch = new MachineWatch({
  name: NAME,
  tell,
  intervalMs: INTERVAL_MS,
  counters: virtualCounters(virtualMachine),
  connect: async () => new MachineController({ scp: virtualMachine.scpTransport(), ...PATIENCE }),
});
let shipped: Digits = { pixels: new Float32Array(0), labels: new Uint8Array(0) };
let stopping = new AbortController();

const model: Model = sequential({
  name: 'Your digits',
  seed: 1,
  layers: [
    layers.input({ shape: [PIXELS] }),
    layers.dense({ name: 'hidden', units: 32, activation: 'relu' }),
    layers.dense({ name: 'digit', units: KINDS, activation: 'softmax' }),
  ],
});

/** What is shown of training; epochs and batches change from one to the next. */
const shown = {
  title: `196-32-10 on ${NAME}`,
  epochs: 0,
  batches: 0,
  placement: () => placementOf(model),
};
const hooks = showTraining(shown, tell);
model.compile({
  optimizer: sgd({ learningRate: 0.2 }),
  loss: 'categorical_crossentropy',
  metrics: ['accuracy'],
  engine: 'machine',
  machine: { virtualMachine, tiling: TILING },
});

/** Jobs wait for each other: there is one network. */
let last: Promise<void> = Promise.resolve();

addEventListener('message', ({ data }: MessageEvent<Job>) => {
  switch (data.type) {
    case 'start':
      shipped = data.digits;
      void watch.run(new AbortController().signal);
      inTurn('is booted, and trains', () =>
        train({ pixels: new Float32Array(0), labels: new Uint8Array(0) }, 4),
      );
      return;
    case 'train':
      inTurn('trains', () => train(data.own, data.epochs));
      return;
    case 'predict':
      inTurn('reads your digit', () => predict(data.pixels));
      return;
    case 'stop':
      stopping.abort();
      return;
    case 'ask':
      void watch.ask(data.question);
  }
});

function inTurn(text: string, job: () => Promise<void>): void {
  last = last
    .then(() => {
      post({ type: 'busy', busy: true, text });
      return job();
    })
    .catch((error: unknown) => post({ type: 'failed', text: String(error) }))
    .then(() => post({ type: 'busy', busy: false, text: 'waits for you' }));
}

async function train(own: Digits, epochs: number): Promise<void> {
  const samples = together(own);
  const count = samples.labels.length;
  stopping = new AbortController();
  Object.assign(shown, { epochs, batches: Math.ceil(count / BATCH) });
  const targets = new Float32Array(count * KINDS);
  samples.labels.forEach((label, sample) => {
    targets[sample * KINDS + label] = 1;
  });
  await model.fit(
    { data: samples.pixels, shape: [count, PIXELS] },
    { data: targets, shape: [count, KINDS] },
    {
      epochs,
      batchSize: BATCH,
      signal: stopping.signal,
      onProgress: hooks.onProgress,
      callbacks: hooks.callbacks,
    },
  );
}

async function predict(pixels: Float32Array): Promise<void> {
  const { data } = await model.predict({ data: pixels, shape: [1, PIXELS] });
  post({ type: 'prediction', outputs: Float32Array.from(data) });
}

/** The shipped digits, and several copies of those that the user drew. */
function together(own: Digits): Digits {
  const copies = Array.from({ length: COPIES }, () => own);
  const all = [shipped, ...copies];
  const pixels = new Float32Array(all.reduce((sum, each) => sum + each.pixels.length, 0));
  const labels = new Uint8Array(all.reduce((sum, each) => sum + each.labels.length, 0));
  let at = 0;
  for (const each of all) {
    pixels.set(each.pixels, at * PIXELS);
    labels.set(each.labels, at);
    at += each.labels.length;
  }
  return { pixels, labels };
}

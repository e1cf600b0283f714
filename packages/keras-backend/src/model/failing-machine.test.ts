/** A machine that fails in the middle of training: what it finished before is kept, bit for bit. */
import { type FaultPlan, VirtualMachine } from '@spin-tools/sim';
import t from 'tap';
import {
  adam,
  type Callbacks,
  type CompileOptions,
  type Layer,
  layers,
  type MachineEngineOptions,
  MachineRunError,
  type Model,
  type Optimiser,
  PacketsDroppedError,
  sequential,
  sgd,
} from '../index.js';
import { ending } from '../testing/ending-engine.js';

const BATCH = 4;
const BATCHES = 10;
const X = Array.from({ length: BATCHES * BATCH }, (_, i) =>
  Array.from({ length: 6 }, (_, j) => Math.sin(i * 7 + j)),
);
const Y = X.map(([a, b]) => (a! > 0 ? [1, 0, 0] : b! > 0 ? [0, 1, 0] : [0, 0, 1]));

interface Case {
  readonly own: readonly Layer[];
  readonly optimizer: Optimiser;
  /** A core of the chip (0, 0), and when it dies. */
  readonly death: { readonly core: number; readonly afterMs: number };
}

const dense: Case = {
  own: [
    layers.dense({ units: 6, activation: 'tanh', inputShape: [6] }),
    layers.dense({ units: 3, activation: 'softmax' }),
  ],
  optimizer: sgd(),
  death: { core: 2, afterMs: 3490.2 },
};
const convolution: Case = {
  own: [
    layers.reshape({ targetShape: [6, 1], inputShape: [6] }),
    layers.conv1d({ filters: 2, kernelSize: 3, activation: 'relu' }),
    layers.flatten(),
    layers.dropout({ rate: 0.25 }),
    layers.dense({ units: 3, activation: 'softmax' }),
  ],
  optimizer: adam(),
  death: { core: 2, afterMs: 3494 },
};

function built({ own, optimizer }: Case, compilation: Partial<CompileOptions>): Model {
  const model = sequential({ seed: 4, layers: own });
  model.compile({ optimizer, loss: 'categorical_crossentropy', ...compilation });
  return model;
}

/** A model on a machine of which something fails. */
function failing(each: Case, faults: FaultPlan, machine: MachineEngineOptions = {}) {
  const virtualMachine = new VirtualMachine({ board: 'spin3', faults });
  t.teardown(() => virtualMachine.close());
  return built(each, {
    engine: 'machine',
    machine: { virtualMachine, workers: 2, board: 'spin3', ...machine },
  });
}

const failureOf = (work: Promise<unknown>): Promise<Error> =>
  work.then(
    () => new Error('nothing failed'),
    (error: Error) => error,
  );

/** Epoch and batch that the message of an error says is kept. */
function kept({ message }: Error): { epoch: number; batch: number } {
  const [, batch, epoch] = /keeps what was trained up to batch (\d+) of epoch (\d+)\/\d+\.$/.exec(
    message,
  ) ?? [undefined, 0, 0];
  return { epoch: Number(epoch), batch: Number(batch) };
}

t.test('a stack of Dense layers keeps the batches before a core died', async (t) => {
  await using model = failing(dense, { deaths: [{ x: 0, y: 0, ...dense.death }] });
  const error = await failureOf(model.fit(X, Y, { batchSize: BATCH, epochs: 2 }));
  t.ok(error instanceof MachineRunError || error instanceof PacketsDroppedError, error.message);
  const { epoch, batch } = kept(error);
  t.ok(epoch === 2 && batch > 0 && batch < BATCHES, error.message);
  const here = built(dense, { engine: ending(BATCHES + batch) });
  await here.fit(X, Y, { batchSize: BATCH, epochs: 2 });
  t.same(model.getState(), here.getState());
});

t.test('a convolution keeps the batches before a core died, and what Adam remembers', async (t) => {
  await using model = failing(convolution, { deaths: [{ x: 0, y: 0, ...convolution.death }] });
  const error = await failureOf(model.fit(X, Y, { batchSize: BATCH, epochs: 2 }));
  t.ok(error instanceof MachineRunError, error.message);
  const { epoch, batch } = kept(error);
  t.ok(epoch === 1 && batch > 0 && batch < BATCHES, error.message);
  const here = built(convolution, { engine: 'functional' });
  const onBatchEnd: Callbacks['onBatchEnd'] = (done, _, control) => {
    if (done + 1 === batch) control.stop();
  };
  await here.fit(X, Y, { batchSize: BATCH, callbacks: { onBatchEnd } });
  t.same(model.getState(), here.getState());
});

t.test('batches of an iterator are kept though they cannot be asked for again', async (t) => {
  const batches = Array.from({ length: 5 }, (_, batch) => {
    const [from, to] = [batch * BATCH, (batch + 1) * BATCH];
    return { x: X.slice(from, to), y: Y.slice(from, to) };
  });
  await using model = failing(convolution, { deaths: [{ x: 0, y: 0, core: 2, afterMs: 3491 }] });
  const error = await failureOf(model.fitDataset(batches));
  const { epoch, batch } = kept(error);
  t.ok(epoch === 1 && batch > 0 && batch < batches.length, error.message);
  const other = built(convolution, { engine: 'functional' });
  await other.fitDataset(batches.slice(0, batch));
  t.same(model.getState(), other.getState());
});

/** Where the sequencer of `convolution` is: the last application core of the first chip. */
const SEQUENCER = { x: 0, y: 0, core: 17 };
const SECOND = 1e9;

t.test('a sequencer that died is named, on a machine that stands still', async (t) => {
  await using model = failing(convolution, { deaths: [{ ...SEQUENCER, afterMs: 3494 }] });
  const error = await failureOf(model.fit(X, Y, { batchSize: BATCH, epochs: 2 }));
  t.ok(error instanceof MachineRunError, error.message);
  t.match(error.message, /^the sequencer stopped answering.*: sequencer on chip \(0, 0\) core 17/);
  t.ok(kept(error).batch > 0, error.message);
});

t.test('and by its own clock on a machine that is reached by messages alone', async (t) => {
  const virtual = new VirtualMachine({
    board: 'spin3',
    faults: { deaths: [{ ...SEQUENCER, afterMs: 3530 }] },
  });
  t.teardown(() => virtual.close());
  const transport = { scp: virtual.scpTransport(), boot: virtual.bootTransport() };
  await using model = built(convolution, {
    engine: 'machine',
    machine: { transport, workers: 2, replicas: 1, board: 'spin3' },
  });
  let isOver = false;
  const passTime = async () => {
    while (!isOver) await virtual.advance(SECOND);
  };
  let passing: Promise<void> | undefined;
  const onBatchEnd = () => {
    if (virtual.time > 3.5 * SECOND) passing ??= passTime();
  };
  const run = { batchSize: BATCH, epochs: 1000, callbacks: { onBatchEnd } };
  const error = await failureOf(model.fit(X, Y, run));
  isOver = true;
  await passing;
  t.ok(error instanceof MachineRunError, error.message);
  t.match(error.message, /^the sequencer stopped answering.*: sequencer on chip \(0, 0\) core 17/);
});

t.test('a chip that died is named with its workers', async (t) => {
  const chip = { x: 1, y: 0 };
  await using model = failing(
    convolution,
    { deaths: [{ ...chip, afterMs: 3494 }] },
    { replicas: 4 },
  );
  const error = await failureOf(model.fit(X, Y, { batchSize: BATCH, epochs: 2 }));
  t.match(error.message, /chip \(1, 0\)/);
});

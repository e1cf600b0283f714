/** Options with values that cannot be used: refused by name before anything is opened. */
import t from 'tap';
import { layers, OptionError, sequential } from '../index.js';

/** What JavaScript, unlike the compiler, lets pass. */
const anything = (value: unknown) => value as never;

function compiled(machine = {}) {
  const model = sequential({ layers: [layers.dense({ units: 1, inputShape: [1] })] });
  model.compile({ optimizer: 'sgd', loss: 'mse', engine: 'machine', machine: anything(machine) });
  return model;
}

t.test('options of a machine', (t) => {
  for (const [options, message] of [
    [{ bord: 'spin3' }, /machine: bord is not an option: machine has machine, board, triads/],
    [{ board: 'spin9' }, /machine\.board is spin9: give spin3 or spin5/],
    [{ machine: 'spalloc' }, /machine\.machine is spalloc: give 'virtual' or \{ host \}/],
    [{ triads: { width: 0, height: 1 } }, /machine\.triads is .*: give \{ width, height \}/],
    [{ replicas: 0 }, /machine\.replicas is 0: give a whole number above 0/],
    [{ workers: 1.5 }, /machine\.workers is 1\.5: give a whole number above 0/],
    [{ dataBytes: -1 }, /machine\.dataBytes is -1: give a whole number above 0/],
    [{ chooseFor: 'speed' }, /machine\.chooseFor is speed: give board or simulation/],
  ] as const) {
    t.throws(() => compiled(options), { name: 'OptionError', message });
  }
  compiled({ board: undefined, replicas: 3 });
  t.end();
});

t.test('options of fit', async (t) => {
  const model = compiled();
  for (const [options, message] of [
    [{ callbacks: 3 }, /callbacks is 3: give objects with functions such as onEpochEnd/],
    [{ callbacks: [undefined] }, /callbacks is undefined: give objects/],
    [{ signal: 5 }, /signal is 5: give the signal of an AbortController/],
    [{ shuffle: 'batch' }, /shuffle is batch: give true or false/],
    [{ validationData: { x: [[1]], y: [[1]] } }, /validationData is .*: give \[x, y\]/],
  ] as const) {
    const error = await model.fit([[1]], [[1]], anything(options)).catch((error) => error);
    t.ok(error instanceof OptionError);
    t.match(error.message, message);
  }
  const error = await model.fitDataset(anything(null)).catch((error) => error);
  t.match(error.message, /dataset is null: give a function that returns batches/);
});

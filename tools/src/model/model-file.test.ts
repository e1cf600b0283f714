import { writeFile } from 'node:fs/promises';
import t, { type Test } from 'tap';
import { inputShape, readModel, writeModel } from './model-file.js';

const xor = {
  layers: [
    { className: 'InputLayer', shape: [2] },
    { className: 'Dense', units: 3, activation: 'tanh' },
    { className: 'Dense', units: 1, activation: 'sigmoid', useBias: false },
  ],
};

async function modelFile(t: Test, content: unknown): Promise<string> {
  const path = `${t.testdir({})}/model.json`;
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

t.test('a model is saved and read back bit for bit', async (t) => {
  const path = await modelFile(t, { ...xor, seed: 7, name: 'xor' });
  const { model, loss, trained } = await readModel(path);
  t.strictSame([loss, trained, model.name, model.seed], ['binary_crossentropy', false, 'xor', 7]);
  model.compile({ optimizer: 'sgd', loss, mode: 'exact', metrics: ['accuracy'] });
  await model.fit(
    [
      [0, 1],
      [1, 1],
    ],
    [[1], [0]],
    { epochs: 3 },
  );
  await writeModel(path, model);
  const again = await readModel(path);
  t.strictSame(again.model.getFixedWeights(), model.getFixedWeights());
  t.strictSame([again.loss, again.mode, again.trained], ['binary_crossentropy', 'exact', true]);
  await model.close();
});

t.test('the loss is the one that the file names or that suits the last activation', async (t) => {
  for (const [activation, loss] of [
    ['softmax', 'categorical_crossentropy'],
    ['sigmoid', 'binary_crossentropy'],
    ['linear', 'mean_squared_error'],
  ]) {
    const layers = [{ className: 'Dense', units: 2, activation, inputShape: [2] }];
    t.equal((await readModel(await modelFile(t, { layers }))).loss, loss);
  }
  const named = await readModel(await modelFile(t, { ...xor, loss: 'mse' }));
  t.equal(named.loss, 'mse');
});

t.test('the shape of samples comes from the first layer', async (t) => {
  t.strictSame(inputShape((await readModel(await modelFile(t, xor))).model), [2]);
  const flatten = [
    { className: 'Flatten', inputShape: [4, 3] },
    { className: 'Dense', units: 1 },
  ];
  t.strictSame(
    inputShape((await readModel(await modelFile(t, { layers: flatten }))).model),
    [4, 3],
  );
});

t.test('a file that cannot be used says which field is wrong', async (t) => {
  const bad: [unknown, RegExp][] = [
    ['{', /model\.json: is not JSON/],
    ['3', /must hold an object with "layers"/],
    [{ layers: [] }, /"layers" must be an array of layers/],
    [
      { layers: [{ className: 'Conv3D' }] },
      /layers\[0\]\.className is "Conv3D": use one of InputLayer/,
    ],
    [{ layers: ['Dense'] }, /layers\[0\]\.className is missing/],
    [{ layers: [{ className: 'Dense', units: 0, inputShape: [2] }] }, /units 0/],
    [{ layers: [{ className: 'Dense', units: 1, inputShape: [2], activation: 'mish' }] }, /mish/],
    [{ layers: [{ className: 'Dense', units: 1 }] }, /shape/],
    [{ ...xor, weights: [] }, /model\.json: .*format/],
  ];
  for (const [content, message] of bad) {
    await t.rejects(readModel(await modelFile(t, content)), { message });
  }
});

t.test(
  'models of Keras and TensorFlow.js are read and written by the ending of their files',
  async (t) => {
    const folder = t.testdir({});
    const { model } = await readModel(await modelFile(t, { ...xor, seed: 7, name: 'xor' }));
    for (const name of ['model.keras', 'model.h5', 'model.json', 'tfjs.json']) {
      const path = `${folder}/${name}`;
      await writeModel(path, model, name === 'tfjs.json');
      const again = await readModel(path);
      t.ok(again.trained, name);
      t.strictSame(again.model.getWeights(), model.getWeights(), name);
    }
    const escaping = {
      modelTopology: {},
      weightsManifest: [{ paths: ['../../etc/passwd'], weights: [] }],
    };
    await t.rejects(readModel(await modelFile(t, escaping)), { message: /does not lie beside it/ });
    await writeFile(`${folder}/broken.keras`, 'not a zip');
    await t.rejects(readModel(`${folder}/broken.keras`), {
      name: 'FileError',
      message: /broken\.keras: .*archive is damaged/,
    });
  },
);

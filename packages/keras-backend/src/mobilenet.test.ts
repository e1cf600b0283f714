/**
 * MobileNetV2 as the npm package nsfwjs ships it (4.4.0, MIT; 162 layers, quantised weights): SPIN_TOOLS_NSFWJS names the
 * folder of the package, such as node_modules/nsfwjs. On a simulated machine with SPIN_TOOLS_LARGE=1 too, in
 * about a minute of a 2026 cloud core.
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { spin5 } from '@spin-tools/machine-model';
import * as tf from '@tensorflow/tfjs';
import t from 'tap';
import { type CompileOptions, type Model, modelFromTensorFlowJs } from './index.js';

const folder = process.env.SPIN_TOOLS_NSFWJS;
const MISSING = folder ? false : 'SPIN_TOOLS_NSFWJS names no folder';
const LARGE = process.env.SPIN_TOOLS_LARGE === '1' ? false : 'set SPIN_TOOLS_LARGE=1 to run it';
const SHARD = 'group1-shard1of1';
const [SIDE, CHANNELS, CLASSES] = [224, 3, 5];

/** The document and its weights, which the package keeps in scripts. */
function files() {
  const require = createRequire(import.meta.url);
  const part = (name: string) =>
    require(join(folder!, 'dist/models/mobilenet_v2', `${name}.min.js`));
  const bytes = Uint8Array.from(Buffer.from(part(SHARD) as string, 'base64'));
  return { modelJson: part('model') as object, shards: { [SHARD]: bytes } };
}

/** A photo of nothing: waves in three colours. */
const image = {
  data: Float32Array.from({ length: SIDE * SIDE * CHANNELS }, (_, i) => {
    const [c, x, y] = [i % CHANNELS, Math.floor(i / CHANNELS) % SIDE, Math.floor(i / 672)];
    return 0.5 + 0.5 * Math.sin((x + y * (c + 1)) / 20) * Math.cos(y / 9);
  }),
  shape: [1, SIDE, SIDE, CHANNELS],
};

async function outputs(model: Model, options: Partial<CompileOptions>): Promise<Float32Array> {
  model.compile({ optimizer: 'sgd', loss: 'categorical_crossentropy', ...options });
  const { data } = await model.predict(image);
  return Float32Array.from(data);
}

const distance = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Math.max(...Array.from(a, (value, i) => Math.abs(value - b[i]!)));

t.test('it predicts what TensorFlow.js predicts', { skip: MISSING }, async (t) => {
  const { modelJson, shards } = files();
  await using model = await modelFromTensorFlowJs({ modelJson, shards });
  t.equal(model.graph.layers.length, 162);
  await tf.setBackend('cpu');
  const { modelTopology, weightsManifest } = modelJson as tf.io.ModelJSON;
  const weightSpecs = weightsManifest.flatMap(({ weights }) => weights);
  const artifacts = { modelTopology, weightSpecs, weightData: shards[SHARD]!.buffer };
  const peer = await tf.loadLayersModel(tf.io.fromMemory(artifacts));
  const predicted = peer.predict(tf.tensor(image.data, image.shape)) as tf.Tensor;
  const wanted = await predicted.data();
  t.equal(wanted.length, CLASSES);
  for (const [options, bound] of [
    [{ engine: 'float' }, 5e-7],
    [{ engine: 'functional', mode: 'exact' }, 1e-6],
    [{ engine: 'functional', mode: 'fast' }, 0.01],
  ] as const) {
    const off = distance(await outputs(model, options), wanted);
    t.ok(off <= bound, `${JSON.stringify(options)}: ${off.toExponential(1)}`);
    t.comment(`${JSON.stringify(options)}: at most ${off.toExponential(1)} of a probability`);
  }
});

t.test('it is planned as a pipeline whose packets all arrive', { skip: MISSING }, async (t) => {
  await using model = await modelFromTensorFlowJs(files());
  model.compile({ optimizer: 'sgd', loss: 'categorical_crossentropy', engine: 'machine' });
  t.strictSame(model.replicas(spin5(), 32), [], 'a batch has no room on a chip');
  const { stages, mapping, forward, training } = model.stages(spin5());
  t.equal(mapping.statistics.chipsUsed, stages.length);
  t.ok(mapping.statistics.entries.most <= 1023);
  t.ok(forward.secondsPerSample < training.secondsPerSample && training.secondsPerSample < 5);
});

t.test(
  'a chip predicts an image with the bits of the functional engine',
  {
    skip: MISSING || LARGE,
    timeout: 3_600_000,
  },
  async (t) => {
    await using model = await modelFromTensorFlowJs(files());
    // More workers have no less to compute, and more to wait for.
    const machine = { board: 'spin3', replicas: 1, workers: 4 } as const;
    const simulated = await outputs(model, { engine: 'machine', machine });
    t.strictSame(simulated, await outputs(model, { engine: 'functional' }));
  },
);

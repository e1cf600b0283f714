/** Training 784-128-10 with the functional engine, against TensorFlow.js on WebAssembly. */

import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { sgd } from '@spin-tools/keras-backend';
import * as tf from '@tensorflow/tfjs';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { classifier, digits, trainingRate } from './digits.mjs';

const SAMPLES = 4800;

/** Samples per second in both number modes; batches of 32. */
export default async function measure() {
  const data = digits(SAMPLES);
  const baseline = await tensorflowRate(data);
  const figures = [];
  for (const mode of ['fast', 'exact']) {
    figures.push({
      name: `training 784-128-10, functional engine, ${mode}`,
      value: await functionalRate(data, mode),
      unit: 'samples/s',
      baseline,
      against: 'TensorFlow.js on its wasm backend',
    });
  }
  return figures;
}

async function functionalRate(data, mode) {
  const model = classifier();
  model.compile({
    optimizer: sgd({ learningRate: 0.1 }),
    loss: 'categorical_crossentropy',
    mode,
    engine: 'functional',
  });
  await trainingRate(model, data, 1);
  const { rate } = await trainingRate(model, data, 3);
  await model.close();
  return rate;
}

async function tensorflowRate({ x, y }) {
  const wasm = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm');
  setWasmPaths(`${dirname(wasm)}/`);
  await tf.setBackend('wasm');
  const model = tf.sequential({
    layers: [
      tf.layers.dense({ units: 128, activation: 'relu', inputShape: [784] }),
      tf.layers.dense({ units: 10, activation: 'softmax' }),
    ],
  });
  model.compile({ optimizer: tf.train.sgd(0.1), loss: 'categoricalCrossentropy' });
  const [inputs, targets] = [tf.tensor2d(x.data, x.shape), tf.tensor2d(y.data, y.shape)];
  const epochs = (count) =>
    model.fit(inputs, targets, { epochs: count, batchSize: 32, verbose: 0 });
  await epochs(1);
  const start = performance.now();
  await epochs(1);
  return (SAMPLES * 1000) / (performance.now() - start);
}

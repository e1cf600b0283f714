/** Training with the functional and the float engine, against TensorFlow.js on WebAssembly and in plain JavaScript. */

import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { layers, sequential, sgd } from '@spin-tools/keras-backend';
import * as tf from '@tensorflow/tfjs';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { classifier, digits, trainingRate } from './digits.mjs';

/** Samples of the epochs that are timed: a few seconds each. */
const NETWORKS = [
  {
    name: '784-128-10',
    samples: 4800,
    ours: classifier,
    peers: () => [
      tf.layers.dense({ units: 128, activation: 'relu', inputShape: [784] }),
      tf.layers.dense({ units: 10, activation: 'softmax' }),
    ],
    backends: { wasm: 4800, cpu: 960 },
  },
  {
    name: 'LeNet-5',
    samples: 1600,
    ours: () => sequential({ layers: lenet(layers) }),
    peers: () => lenet(tf.layers),
    // The wasm backend has no gradients of convolutions by their kernels; plain JavaScript takes a second for few samples.
    backends: { cpu: 32 },
  },
];

const ENGINES = [
  ['functional engine, fast', { engine: 'functional', mode: 'fast' }],
  ['functional engine, exact', { engine: 'functional', mode: 'exact' }],
  ['float engine', { engine: 'float' }],
];

/** Samples per second in batches of 32. */
export default async function measure() {
  const figures = [];
  for (const { name, samples, ours, peers, backends } of NETWORKS) {
    const baselines = [];
    for (const [backend, few] of Object.entries(backends)) {
      baselines.push([backend, await tensorflowRate(backend, peers(), digits(few))]);
    }
    for (const [engine, options] of ENGINES) {
      const value = await rateOf(ours(), digits(samples), options);
      for (const [backend, baseline] of baselines) {
        figures.push({
          name: `training ${name}, ${engine}`,
          value,
          unit: 'samples/s',
          baseline,
          against: `TensorFlow.js on its ${backend} backend`,
        });
      }
    }
  }
  return figures;
}

/** LeNet-5 with relu and largest values, in our layers or TensorFlow.js's, which have the same names. */
function lenet({ reshape, conv2d, maxPooling2d, flatten, dense }) {
  return [
    reshape({ targetShape: [28, 28, 1], inputShape: [784] }),
    conv2d({ filters: 6, kernelSize: 5, padding: 'same', activation: 'relu' }),
    maxPooling2d({ poolSize: 2 }),
    conv2d({ filters: 16, kernelSize: 5, activation: 'relu' }),
    maxPooling2d({ poolSize: 2 }),
    flatten(),
    dense({ units: 120, activation: 'relu' }),
    dense({ units: 84, activation: 'relu' }),
    dense({ units: 10, activation: 'softmax' }),
  ];
}

async function rateOf(model, data, options) {
  model.compile({
    optimizer: sgd({ learningRate: 0.1 }),
    loss: 'categorical_crossentropy',
    ...options,
  });
  await trainingRate(model, data, 1);
  const { rate } = await trainingRate(model, data, 3);
  await model.close();
  return rate;
}

async function tensorflowRate(backend, peers, { x, y }) {
  const wasm = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm');
  setWasmPaths(`${dirname(wasm)}/`);
  await tf.setBackend(backend);
  const model = tf.sequential({ layers: peers });
  model.compile({ optimizer: tf.train.sgd(0.1), loss: 'categoricalCrossentropy' });
  const [inputs, targets] = [tf.tensor2d(x.data, x.shape), tf.tensor2d(y.data, y.shape)];
  const epoch = () => model.fit(inputs, targets, { epochs: 1, batchSize: 32, verbose: 0 });
  await epoch();
  const start = performance.now();
  await epoch();
  return (x.shape[0] * 1000) / (performance.now() - start);
}

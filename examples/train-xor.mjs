/** Trains XOR in this process, with the arithmetic of the cores. Run: node examples/train-xor.mjs */
import { layers, sequential, sgd } from '@spin-tools/keras-backend';

const x = [
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
];
const y = [[0], [1], [1], [0]];

const model = sequential({
  seed: 1,
  layers: [
    layers.dense({ units: 16, activation: 'tanh', inputShape: [2] }),
    layers.dense({ units: 1, activation: 'sigmoid' }),
  ],
});
model.compile({
  optimizer: sgd({ learningRate: 0.5 }),
  loss: 'binary_crossentropy',
  metrics: ['accuracy'],
  engine: 'functional',
});
console.log(model.summary());
const { history } = await model.fit(x, y, { epochs: 200, batchSize: 4 });
console.log(`loss ${history.loss[0].toFixed(3)} -> ${history.loss.at(-1).toFixed(3)}`);
const { data } = await model.predict(x);
x.forEach(([a, b], index) => {
  console.log(`${a} xor ${b} = ${data[index].toFixed(3)}`);
});
await model.close();

/**
 * Training 784-128-10 with the machine engine: the virtual SpiNN-5 with ARM programs on its cores. The
 * baseline is the speed that it predicts for a real board.
 */
import { sgd } from '@spin-tools/keras-backend';
import { classifier, digits, trainingRate } from './digits.mjs';

const SAMPLES = 640;

/** Samples per second; batches of 32. */
export default async function measure() {
  const model = classifier();
  model.compile({
    optimizer: sgd({ learningRate: 0.1 }),
    loss: 'categorical_crossentropy',
    engine: 'machine',
  });
  const data = digits(SAMPLES);
  await trainingRate(model, data, 1);
  const { rate, history } = await trainingRate(model, data, 1);
  await model.close();
  return [
    {
      name: 'training 784-128-10, machine engine',
      value: rate,
      unit: 'samples/s',
      baseline: SAMPLES / history.machine.seconds,
      against: 'the speed predicted for a board',
    },
  ];
}

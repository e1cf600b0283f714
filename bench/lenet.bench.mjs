/**
 * Training LeNet-5 on a SpiNN-5: the speed that the cost model predicts on as many chips as are best. The baseline is the
 * MLP's aim of 15,000 samples a second, by the products of a sample: 101,632 of 784-128-10, 416,520 of LeNet-5.
 */
import { layers, sequential, sgd } from '@spin-tools/keras-backend';
import { spin5 } from '@spin-tools/machine-model';

const BASELINE = (15_000 * 101_632) / 416_520;

/** Samples per second, by the size of batches. */
export default function measure() {
  const model = sequential({
    layers: [
      layers.conv2d({
        filters: 6,
        kernelSize: 5,
        padding: 'same',
        activation: 'tanh',
        inputShape: [28, 28, 1],
      }),
      layers.averagePooling2d({ poolSize: 2 }),
      layers.conv2d({ filters: 16, kernelSize: 5, activation: 'tanh' }),
      layers.averagePooling2d({ poolSize: 2 }),
      layers.flatten(),
      layers.dense({ units: 120, activation: 'tanh' }),
      layers.dense({ units: 84, activation: 'tanh' }),
      layers.dense({ units: 10, activation: 'softmax' }),
    ],
  });
  const loss = 'categorical_crossentropy';
  model.compile({ optimizer: sgd({ learningRate: 0.1 }), loss, engine: 'machine' });
  return [32, 128, 256, 512, 2048].map((batchSize) => {
    const [{ replicas, seconds }] = model.replicas(spin5(), batchSize);
    return {
      name: `predicted training of LeNet-5 on ${replicas} chips, batches of ${batchSize}`,
      value: batchSize / seconds,
      unit: 'samples/s',
      baseline: BASELINE,
      against: 'the aim of the MLP, by products',
    };
  });
}

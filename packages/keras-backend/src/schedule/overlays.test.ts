/** Networks that need code of all overlays, and the time that is predicted of schedules. */
import { VirtualMachine } from '@spin-tools/sim';
import { shuffledIndex } from '@spin-tools/sim/fixed';
import t from 'tap';
import { apply, input } from '../graph/tensors.js';
import { layersOverlays } from '../images/index.js';
import { OVERLAYS } from '../images/overlays.js';
import { layers } from '../layers/layers.js';
import { overlayEntry, overlaysHeader } from '../layouts/index.js';
import { type Model, model, sequential } from '../model/model.js';
import { adam, sgd } from '../optimisers/optimisers.js';
import { OPERATION_KINDS } from './operations.js';

const SAMPLES = 6;
const CLASSES = 3;

const values = (...shape: readonly number[]) => {
  const size = shape.reduce((product, each) => product * each, SAMPLES);
  const data = Float32Array.from({ length: size }, (_, i) => shuffledIndex(i, 65536, 1) / 65536);
  return { data, shape: [SAMPLES, ...shape] };
};

const labels = () => {
  const data = new Float32Array(SAMPLES * CLASSES);
  for (let s = 0; s < SAMPLES; s++) data[s * CLASSES + (s % CLASSES)] = 1;
  return { data, shape: [SAMPLES, CLASSES] };
};

/** Depthwise convolution, batch normalisation, merges, moved values, a constraint and a penalty. */
function everything(): Model {
  const start = input({ shape: [5, 5, 2] });
  const padded = apply(layers.zeroPadding2d(), start);
  const deep = apply(
    layers.depthwiseConv2d({
      kernelSize: 3,
      depthwiseConstraint: { kind: 'maxNorm', maxValue: 1 },
    }),
    padded,
  );
  const normal = apply(layers.batchNormalization(), deep);
  const sum = apply(layers.add(), [
    apply(layers.activation({ activation: 'relu' }), normal),
    start,
  ]);
  const both = apply(layers.concatenate(), [sum, start]);
  const pooled = apply(layers.maxPooling2d(), both);
  const flat = apply(layers.flatten(), pooled);
  const end = apply(
    layers.dense({ units: CLASSES, activation: 'softmax', kernelRegularizer: { l2: 0.01 } }),
    flat,
  );
  return model({ inputs: start, outputs: end, seed: 2 });
}

t.test(
  'one program has everything: all cores train to the bits of the functional engine',
  async (t) => {
    const results = [];
    for (const engine of ['functional', 'machine'] as const) {
      await using net = everything();
      net.compile({
        optimizer: adam({ learningRate: 0.01, globalClipNorm: 0.5 }),
        loss: 'kl_divergence',
        engine,
        machine: { board: 'spin3' },
      });
      const { history } = await net.fit(values(5, 5, 2), labels(), { batchSize: 4, epochs: 2 });
      results.push({ history, weights: net.getWeights().map(({ data }) => data) });
    }
    t.strictSame(results[1], results[0]);
  },
);

t.test('overlays are found by the kinds of operations that they have', async (t) => {
  const block = layersOverlays();
  const table = overlaysHeader.size + OPERATION_KINDS.length * overlayEntry.size;
  for (const { offset, bytes } of OVERLAYS.values()) {
    t.ok(offset >= table && offset + bytes <= block.length);
    t.same([offset % 8, bytes % 8], [0, 0], 'as DMA wants it');
  }
  t.equal(OVERLAYS.get('depthwise'), OVERLAYS.get('depthwise'));
  t.not(OVERLAYS.get('normalise')?.offset, OVERLAYS.get('update')?.offset);
  t.equal(OVERLAYS.get('matrix'), undefined, 'what networks need all the time is always there');
});

/** Not those that the cycles were measured with. */
const PREDICTED: Readonly<Record<string, () => Model>> = {
  convolutions: () =>
    sequential({
      seed: 1,
      layers: [
        layers.conv2d({ filters: 6, kernelSize: 5, activation: 'relu', inputShape: [12, 12, 1] }),
        layers.averagePooling2d(),
        layers.flatten(),
        layers.dense({ units: 24, activation: 'relu' }),
        layers.dense({ units: CLASSES, activation: 'softmax' }),
      ],
    }),
  'shortcuts and normalisation': () => {
    const start = input({ shape: [12, 12, 1] });
    const first = apply(layers.conv2d({ filters: 8, kernelSize: 3, padding: 'same' }), start);
    const normal = apply(layers.batchNormalization(), first);
    const active = apply(layers.activation({ activation: 'relu' }), normal);
    const second = apply(layers.conv2d({ filters: 8, kernelSize: 3, padding: 'same' }), active);
    const sum = apply(layers.add(), [second, active]);
    const end = apply(layers.globalAveragePooling2d(), sum);
    const outputs = apply(layers.dense({ units: CLASSES, activation: 'softmax' }), end);
    return model({ inputs: start, outputs, seed: 1 });
  },
};

for (const [name, make] of Object.entries(PREDICTED)) {
  t.test(`the predicted time of a step is that of the machine: ${name}`, async (t) => {
    const workers = 8;
    await using net = make();
    net.compile({
      optimizer: sgd({ learningRate: 0.1 }),
      loss: 'categorical_crossentropy',
      engine: 'machine',
      machine: { virtualMachine: new VirtualMachine({ board: 'spin3' }), replicas: 1, workers },
    });
    const predicted = net.schedule(SAMPLES, workers)?.seconds.training ?? 0;
    const { machine } = await net.fit(values(12, 12, 1), labels(), {
      batchSize: SAMPLES,
      epochs: 1,
    });
    const simulated = machine?.seconds ?? 0;
    t.comment(`predicted ${predicted} s, simulated ${simulated} s`);
    t.ok(Math.abs(predicted / simulated - 1) < 0.15);
  });
}

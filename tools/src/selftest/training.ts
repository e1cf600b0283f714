/** Small networks that the machine under test and the functional engine train: both must have the same bits. */
import {
  type Activation,
  type CoreProvenance,
  createFunctionalEngine,
  createMachineEngine,
  type DataSet,
  type Engine,
  type LayerTime,
  type LayerWeights,
  layerTimes,
  type MachineAddress,
  type NetworkPlan,
  type NumberMode,
  planNetwork,
  type RunRequest,
} from '@spin-tools/keras-backend';

/** A network of Dense layers, and for how long it is trained. */
export interface Exercise {
  readonly name: string;
  readonly mode: NumberMode;
  /** Inputs, then units of each layer. */
  readonly sizes: readonly number[];
  readonly activations: readonly Activation[];
  readonly batchSize: number;
  readonly samples: number;
  /** Largest tiles, so that many chips take part; else the engine chooses. */
  readonly tile?: { readonly rows: number; readonly columns: number };
}

/** What came of an exercise. */
export interface ExerciseResult {
  readonly name: string;
  readonly mode: NumberMode;
  readonly cores: number;
  readonly chips: number;
  /** Whether weights, loss and correct samples are those of the functional engine, to the bit. */
  readonly same: boolean;
  /** Weights and biases that differ. */
  readonly differing: number;
  /** Time by the clock of the machine's cores. */
  readonly seconds: number;
  readonly samplesPerSecond: number;
  readonly packetsSent: number;
  readonly packetsDropped: number;
  readonly batchesRepeated: number;
  /** Where the time of each layer's cores went. */
  readonly layers: readonly LayerTime[];
  readonly provenance: readonly CoreProvenance[];
}

/** Cores for which small tiles spread a network of 151 over ten chips. */
const MANY_CORES = 200;

/** The exercises for a machine: both number modes over many chips, then the network that throughput is stated for. */
export const exercisesFor = (cores: number): readonly Exercise[] => [
  {
    name: 'three layers',
    mode: 'fast',
    sizes: [24, 16, 10, 6],
    activations: ['relu', 'tanh', 'softmax'],
    batchSize: 4,
    samples: 100,
    tile: cores >= MANY_CORES ? { rows: 2, columns: 2 } : { rows: 2, columns: 8 },
  },
  {
    name: 'three layers',
    mode: 'exact',
    sizes: [24, 16, 10, 6],
    activations: ['relu', 'tanh', 'softmax'],
    batchSize: 4,
    samples: 100,
    tile: cores >= MANY_CORES ? { rows: 2, columns: 2 } : { rows: 2, columns: 8 },
  },
  {
    name: '784-128-10',
    mode: 'fast',
    sizes: [784, 128, 10],
    activations: ['relu', 'softmax'],
    batchSize: 32,
    samples: 160,
  },
];

/** Trains one epoch on the machine at an address, and here. */
export async function runExercise(
  exercise: Exercise,
  machine: MachineAddress,
  board: 'spin3' | 'spin5',
): Promise<ExerciseResult> {
  const { plan, weights, data } = prepare(exercise);
  const request: RunRequest = {
    mode: 'train',
    slot: 0,
    batchSize: exercise.batchSize,
    learningRate: 0.1,
    shuffleSeed: 5,
  };
  const train = async (engine: Engine) => {
    await engine.load(0, data);
    await engine.setWeights(weights);
    return { run: await engine.run(request), weights: await engine.getWeights() };
  };
  const functional = await createFunctionalEngine(plan);
  const expected = await train(functional);
  await functional.close();
  const { tile } = exercise;
  const engine = await createMachineEngine(plan, { machine, board, ...(tile && { tiling: tile }) });
  try {
    const found = await train(engine);
    const differing = differences(found.weights, expected.weights);
    const provenance = engine.provenance();
    const { coresUsed, chipsUsed } = engine.explain();
    const spent = found.run.machine;
    const seconds = spent?.seconds ?? 0;
    return {
      name: exercise.name,
      mode: exercise.mode,
      cores: coresUsed,
      chips: chipsUsed,
      same:
        differing === 0 &&
        found.run.lossSum === expected.run.lossSum &&
        found.run.correct === expected.run.correct,
      differing,
      seconds,
      samplesPerSecond: exercise.samples / seconds,
      packetsSent: spent?.packetsSent ?? 0,
      packetsDropped: spent?.packetsDropped ?? 0,
      batchesRepeated: spent?.batchesRepeated ?? 0,
      layers: layerTimes(provenance),
      provenance,
    };
  } finally {
    await engine.close();
  }
}

function differences(found: readonly LayerWeights[], expected: readonly LayerWeights[]): number {
  return expected.reduce((sum, { kernel, bias }, layer) => {
    const own = found[layer];
    const count = (values: Int32Array, others: Int32Array | undefined) =>
      values.reduce((wrong, value, index) => wrong + (value === others?.[index] ? 0 : 1), 0);
    return sum + count(kernel, own?.kernel) + count(bias, own?.bias);
  }, 0);
}

/** Numerical Recipes' generator: the same network on every computer. */
const randomFrom = (seed: number) => () => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return seed / 2 ** 32;
};

/** Share of inputs that are 0, as in pictures of digits. */
const BLANK = 0.8;
/** Fraction of the master weights. */
const MASTER_ONE = 2 ** 27;

function prepare({ mode, sizes, activations, batchSize, samples }: Exercise): {
  plan: NetworkPlan;
  weights: LayerWeights[];
  data: DataSet;
} {
  const random = randomFrom(1);
  const layers = activations.map((activation, index) => {
    const inputs = sizes[index] as number;
    const units = sizes[index + 1] as number;
    const limit = Math.sqrt(6 / (inputs + units));
    const kernel = Float64Array.from({ length: inputs * units }, () => (2 * random() - 1) * limit);
    const bias = new Float64Array(units);
    return { name: `layer ${index + 1}`, inputs, units, activation, useBias: true, kernel, bias };
  });
  const plan = planNetwork({ mode, layers, loss: 'categorical_crossentropy', batchSize });
  const fixed = (values: Float64Array) =>
    Int32Array.from(values, (value) => Math.round(value * MASTER_ONE));
  const Operands = mode === 'fast' ? Int16Array : Int32Array;
  const one = 2 ** (plan.layers[0]?.fractions.input ?? 0) - 1;
  const inputs = new Operands(samples * (sizes[0] as number)).map(() =>
    random() < BLANK ? 0 : Math.round(random() * one),
  );
  const units = sizes.at(-1) as number;
  const targets = new Operands(samples * units);
  for (let sample = 0; sample < samples; sample++) {
    targets[sample * units + Math.floor(random() * units)] = 2 ** plan.targetFraction;
  }
  const weights = layers.map(({ kernel, bias }) => ({ kernel: fixed(kernel), bias: fixed(bias) }));
  return { plan, weights, data: { samples, inputs, targets } };
}

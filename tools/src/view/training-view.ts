/** Shows a training run as it goes: where its layers are, loss and metrics, and what the cores of each layer did. */
import type {
  Callbacks,
  DeploymentExplanation,
  Engine,
  EngineChoice,
  MachineEngine,
  Progress,
  RunResult,
} from '@spin-tools/keras-backend';
import type { EpochMessage, LayerUse, Message, TrainingMessage } from './messages.js';

/** What is trained, and on what. */
export interface ShownTraining {
  readonly title: string;
  readonly epochs: number;
  /** Batches of an epoch. */
  readonly batches: number;
  readonly choice: EngineChoice;
  /** Layers and their cores; undefined where no machine is used, and before the engine is made. */
  placement(): DeploymentExplanation | undefined;
  /** What each core of the layers counted in the last run, in their order. */
  statistics(): ReturnType<MachineEngine['statistics']> | undefined;
}

/** What `fit` is given so that training is shown. */
export interface TrainingHooks {
  readonly choice: EngineChoice;
  readonly callbacks: Callbacks;
  onProgress(progress: Progress): void;
}

/** Makes the hooks of a training run. */
export function showTraining(
  shown: ShownTraining,
  tell: (message: Message) => void,
): TrainingHooks {
  let last: RunResult | undefined;
  const { choice } = shown;
  return {
    choice:
      typeof choice === 'function'
        ? async (plan, options) =>
            observed(await choice(plan, options), (result) => {
              last = result;
            })
        : choice,
    onProgress: ({ epoch, batch }) => tell({ type: 'progress', epoch, batch }),
    callbacks: {
      onTrainBegin: () => tell(trainingMessage(shown)),
      onEpochEnd: (epoch, logs) => tell({ ...epochMessage(shown, last), epoch, logs: { ...logs } }),
    },
  };
}

/** An engine whose results of training are told. */
function observed(engine: Engine, told: (result: RunResult) => void): Engine {
  return {
    load: (slot, data) => engine.load(slot, data),
    setWeights: (weights) => engine.setWeights(weights),
    getWeights: () => engine.getWeights(),
    close: () => engine.close(),
    run: async (request) => {
      const result = await engine.run(request);
      if (request.mode === 'train') told(result);
      return result;
    },
  };
}

function trainingMessage({ title, epochs, batches, placement }: ShownTraining): TrainingMessage {
  const placed = placement();
  const layers = placed?.layers.map(({ name, inputs, units, cores }) => ({
    name,
    description: `${inputs} to ${units}`,
    cores: cores.map(({ x, y, core }) => ({ x, y, core })),
  }));
  const sequencer = placed && {
    name: 'sequencer',
    description: 'starts batches, counts what is done',
    cores: [placed.sequencer],
  };
  return {
    type: 'training',
    ...{ title, epochs, batches },
    layers: [...(layers ?? []), ...(sequencer ? [sequencer] : [])],
  };
}

function epochMessage(
  { placement, statistics }: ShownTraining,
  result: RunResult | undefined,
): Omit<EpochMessage, 'epoch' | 'logs'> {
  const seconds = result?.machine?.seconds;
  const placed = placement();
  const counted = statistics();
  if (seconds === undefined || placed === undefined || counted === undefined) {
    return { type: 'epoch' };
  }
  let first = 0;
  const layers = placed.layers.map(({ name, cores }): LayerUse => {
    const own = counted.slice(first, first + cores.length);
    first += cores.length;
    return layerUse(name, own, seconds);
  });
  return { type: 'epoch', seconds, layers };
}

/** Seconds of a core cycle at the 200 MHz that the monitor sets. */
const CYCLE_SECONDS = 5e-9;

function layerUse(
  name: string,
  cores: ReturnType<MachineEngine['statistics']>,
  seconds: number,
): LayerUse {
  const busy = cores.map(({ busyCycles }) => Number(busyCycles) * CYCLE_SECONDS);
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  return {
    name,
    cores: cores.length,
    busySeconds: busy.reduce((most, value) => Math.max(most, value), 0),
    utilisation: Math.min(1, sum(busy) / Math.max(1, cores.length) / seconds),
    packetsSent: sum(cores.map(({ packetsSent }) => packetsSent)),
    saturations: sum(
      cores.map(
        (core) =>
          core.saturatedZ +
          core.saturatedActivation +
          core.saturatedError +
          core.saturatedDelta +
          core.saturatedWeight +
          core.saturatedOperand +
          core.saturatedBias,
      ),
    ),
  };
}

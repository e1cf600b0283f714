/** Shows a training run as it goes: where its layers are, loss and metrics, and what the cores of each layer did. */
import type { Callbacks, Progress } from '@spin-tools/keras-backend';
import type { CoreUse, ModelPlacement } from '../training/placement.js';
import type { EpochMessage, LayerUse, Message, TrainingMessage } from './messages.js';

/** What is trained, and on what. */
export interface ShownTraining {
  readonly title: string;
  readonly epochs: number;
  /** Batches of an epoch. */
  readonly batches: number;
  /** Where the model lies; undefined where no machine is used, and before it is there. */
  placement(): ModelPlacement | undefined;
}

/** What `fit` is given so that training is shown. */
export interface TrainingHooks {
  readonly callbacks: Callbacks;
  onProgress(progress: Progress): void;
}

/** Makes the hooks of a training run. */
export function showTraining(
  shown: ShownTraining,
  tell: (message: Message) => void,
): TrainingHooks {
  let before = 0;
  return {
    onProgress: ({ epoch, batch }) => tell({ type: 'progress', epoch, batch }),
    callbacks: {
      onTrainBegin: () => tell(trainingMessage(shown)),
      onEpochEnd: (epoch, logs, { machine }) => {
        const seconds = machine && machine.seconds - before;
        before = machine?.seconds ?? 0;
        tell({ ...epochMessage(shown, seconds), epoch, logs: { ...logs } });
      },
    },
  };
}

function trainingMessage({ title, epochs, batches, placement }: ShownTraining): TrainingMessage {
  const placed = placement();
  const sequencer = placed && {
    name: 'sequencer',
    description: 'starts batches, counts what is done',
    cores: [placed.sequencer],
  };
  return {
    type: 'training',
    ...{ title, epochs, batches },
    layers: [...(placed?.parts ?? []), ...(sequencer ? [sequencer] : [])],
  };
}

function epochMessage(
  { placement }: ShownTraining,
  seconds: number | undefined,
): Omit<EpochMessage, 'epoch' | 'logs'> {
  const placed = placement();
  if (seconds === undefined || placed === undefined) return { type: 'epoch' };
  const uses = placed.uses();
  const layers = placed.parts.map(({ name }, part) => layerUse(name, uses[part] ?? [], seconds));
  return { type: 'epoch', seconds, layers };
}

/** Seconds of a core cycle at the 200 MHz that the monitor sets. */
const CYCLE_SECONDS = 5e-9;

function layerUse(name: string, cores: readonly CoreUse[], seconds: number): LayerUse {
  const busy = cores.map(({ busyCycles }) => busyCycles * CYCLE_SECONDS);
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  return {
    name,
    cores: cores.length,
    busySeconds: busy.reduce((most, value) => Math.max(most, value), 0),
    utilisation: Math.min(1, sum(busy) / Math.max(1, cores.length) / seconds),
    packetsSent: sum(cores.map(({ packetsSent }) => packetsSent)),
    saturations: sum(cores.map(({ saturations }) => saturations)),
  };
}

/** `spin-tools evaluate`: loss and accuracy of a trained model. */
import { Command } from 'commander';
import { loadSamples } from '../data/load.js';
import { lastSamples } from '../data/samples.js';
import { inputShape } from '../model/model-file.js';
import type { Terminal } from '../terminal/terminal.js';
import { evaluate, percent } from '../training/train.js';
import {
  type TrainedModelOptions,
  useTrainedModel,
  withTrainedModel,
} from '../training/trained-model.js';
import { type Io, runs, withExamples } from './command.js';

/** Samples that an engine computes at a time; does not change the result. */
const BATCH_SIZE = 32;

/** Makes the command. */
export function evaluateCommand(io: Io): Command {
  const command = new Command('evaluate');
  withExamples(
    command,
    [
      [
        'evaluate --model trained.keras --data mnist --samples 1000',
        'tests a model on a virtual SpiNN-5.',
      ],
      [
        'evaluate --model trained.json --data test.csv --engine functional --json',
        'computes the same numbers here, for a program.',
      ],
    ],
    '{ accuracy, loss, samples }',
  );
  return runs<TrainedModelOptions>(withTrainedModel(command), io, (options, terminal) =>
    runEvaluate(command, options, terminal),
  );
}

async function runEvaluate(
  command: Command,
  options: TrainedModelOptions,
  terminal: Terminal,
): Promise<void> {
  const { data } = options;
  const { loss, accuracy, samples } = await useTrainedModel(
    command,
    options,
    terminal,
    async (model) => {
      const all = await loadSamples({ source: data, shape: inputShape(model) });
      const samples = lastSamples(all, options.samples);
      return { ...(await evaluate(model, samples, data, BATCH_SIZE)), samples };
    },
  );
  terminal.say(
    `accuracy ${percent(accuracy)}  loss ${loss.toFixed(4)}  of ${samples.count} samples`,
  );
  terminal.result({ accuracy, loss, samples: samples.count });
}

/** Runs a model of a file as it is, without training. */
import type { Model } from '@spin-tools/keras-backend';
import { type Command, Option } from 'commander';
import { wholeNumber } from '../commands/command.js';
import { FileError } from '../data/file-error.js';
import { DATA_HELP } from '../data/load.js';
import { MODEL_HELP, readModel } from '../model/model-file.js';
import type { Terminal } from '../terminal/terminal.js';
import { type EngineOptions, enginePlace, withEngine, withEngineOptions } from './engine.js';

/** Options of commands that run a trained model. */
export interface TrainedModelOptions extends EngineOptions {
  readonly model: string;
  readonly data: string;
  readonly samples?: number;
  readonly mode?: 'fast' | 'exact';
}

/** Adds them. */
export function withTrainedModel(command: Command): Command {
  return withEngineOptions(
    command
      .requiredOption('--model <file>', MODEL_HELP)
      .requiredOption('--data <source>', DATA_HELP)
      .option('--samples <number>', 'use the last ones only', wholeNumber(1, 2 ** 31 - 1))
      .addOption(new Option('--mode <mode>', 'number formats').choices(['fast', 'exact'])),
  );
}

/** Gives `work` the model on its engine. @throws FileError when the file has no weights. */
export async function useTrainedModel<T>(
  command: Command,
  options: TrainedModelOptions,
  terminal: Terminal,
  work: (model: Model) => Promise<T>,
): Promise<T> {
  const place = enginePlace(command, options);
  const { model, loss, mode, trained } = await readModel(options.model);
  if (!trained) throw new FileError(options.model, 'has no weights: train the model first');
  return withEngine(place, terminal, async ({ choice }) => {
    await using _ = model;
    model.compile({
      optimizer: 'sgd',
      loss,
      metrics: ['accuracy'],
      mode: options.mode ?? mode ?? 'fast',
      ...choice,
    });
    return await work(model);
  });
}

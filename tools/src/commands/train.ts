/** `spin-tools train`: trains a model of a file on samples, and saves it. */
import { Command, Option } from 'commander';
import { DATA_HELP, loadSplitSamples } from '../data/load.js';
import { readModel } from '../model/model-file.js';
import type { Terminal } from '../terminal/terminal.js';
import { type EngineOptions, enginePlace, withEngineOptions } from '../training/engine.js';
import { trainAndSave } from '../training/session.js';
import { type Io, positiveNumber, runs, share, wholeNumber } from './command.js';

interface TrainOptions extends EngineOptions {
  readonly model: string;
  readonly data: string;
  readonly samples?: number;
  readonly validationSplit?: number;
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly loss?: string;
  readonly mode?: 'fast' | 'exact';
  readonly output: string;
  readonly report: string;
}

/** Makes the command. */
export function trainCommand(io: Io): Command {
  const count = wholeNumber(1, 2 ** 31 - 1);
  const command = new Command('train')
    .description('train a model and save it')
    .requiredOption('--model <file>', 'model in JSON: layers, and weights to go on from')
    .requiredOption('--data <source>', DATA_HELP)
    .option('--samples <number>', 'train on the first ones only', count)
    .option('--validation-split <share>', 'share of the samples, from the end, to test with', share)
    .option('--epochs <number>', 'passes over the samples', count, 5)
    .option('--batch-size <number>', 'samples between two updates of the weights', count, 32)
    .option('--learning-rate <number>', 'step of stochastic gradient descent', positiveNumber, 0.1)
    .option('--loss <name>', "Keras's name of a loss (default: what suits the last layer)")
    .addOption(new Option('--mode <mode>', 'number formats').choices(['fast', 'exact']))
    .option('--output <file>', 'where the trained model goes', 'spin-tools-out/model.json')
    .option('--report <file>', 'where the report goes', 'spin-tools-out/report.html');
  return runs<TrainOptions>(withEngineOptions(command), io, (options, terminal) =>
    runTrain(command, options, terminal),
  );
}

async function runTrain(
  command: Command,
  options: TrainOptions,
  terminal: Terminal,
): Promise<void> {
  const { data, epochs, batchSize, learningRate, output, report } = options;
  const place = enginePlace(command, options);
  const file = await readModel(options.model);
  const samples = await loadSplitSamples(data, options.validationSplit, options.samples);
  const result = await trainAndSave(
    {
      ...samples,
      place,
      model: file.model,
      source: data,
      loss: options.loss ?? file.loss,
      mode: options.mode ?? file.mode ?? 'fast',
      epochs,
      batchSize,
      learningRate,
      modelFile: output,
      reportFile: report,
    },
    terminal,
  );
  terminal.result(result);
}

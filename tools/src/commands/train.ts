/** `spin-tools train`: trains a model of a file on samples, and saves it. */
import { adagrad, adam, adamw, type Optimiser, rmsprop, sgd } from '@spin-tools/keras-backend';
import { Command, Option } from 'commander';
import { DATA_HELP, loadSplitSamples } from '../data/load.js';
import { inputShape, MODEL_HELP, readModel } from '../model/model-file.js';
import type { Terminal } from '../terminal/terminal.js';
import { type EngineOptions, enginePlace, withEngineOptions } from '../training/engine.js';
import { trainAndSave } from '../training/session.js';
import { startViewingIf, type ViewOption, withView } from '../view/options.js';
import { type Io, positiveNumber, runs, share, wholeNumber, withExamples } from './command.js';

interface TrainOptions extends EngineOptions, ViewOption {
  readonly model: string;
  readonly data: string;
  readonly samples?: number;
  readonly validationSplit?: number;
  readonly epochs: number;
  readonly batchSize: number;
  readonly optimizer: OptimiserName;
  readonly learningRate?: number;
  readonly loss?: string;
  readonly mode?: 'fast' | 'exact';
  readonly rounding?: 'nearest' | 'stochastic';
  readonly output: string;
  readonly report: string;
}

/** Makes the command. */
export function trainCommand(io: Io): Command {
  const count = wholeNumber(1, 2 ** 31 - 1);
  const command = new Command('train')
    .requiredOption('--model <file>', MODEL_HELP)
    .requiredOption('--data <source>', DATA_HELP)
    .option('--samples <number>', 'train on the first ones only', count)
    .option('--validation-split <share>', 'share of the samples, from the end, to test with', share)
    .option('--epochs <number>', 'passes over the samples', count, 5)
    .option('--batch-size <number>', 'samples between two updates of the weights', count, 32)
    .addOption(
      new Option('--optimizer <name>', 'how weights are stepped')
        .choices(Object.keys(OPTIMISERS))
        .default('sgd'),
    )
    .option('--learning-rate <number>', "default: 0.1 for sgd, Keras's for others", positiveNumber)
    .option('--loss <name>', "Keras's name of a loss (default: what suits the last layer)")
    .addOption(new Option('--mode <mode>', 'number formats').choices(['fast', 'exact']))
    .addOption(
      new Option('--rounding <way>', 'of weights and gradients in fixed point').choices([
        'nearest',
        'stochastic',
      ]),
    )
    .option(
      '--output <file>',
      'where the trained model goes: .keras, .h5 or .json',
      'spin-tools-out/model.json',
    )
    .option('--report <file>', 'where the report goes', 'spin-tools-out/report.html');
  withExamples(
    command,
    [
      ['train --model xor.json --data xor-data.json --epochs 100', 'trains on a virtual SpiNN-5.'],
      [
        'train --model net.keras --data mnist --host 192.168.240.1 --output trained.keras',
        'trains on a board.',
      ],
      [
        'train --model recurrent.keras --data series.npz --engine float --optimizer adam',
        'trains here, with layers that machines do not have.',
      ],
    ],
    '{ accuracy, loss, samplesPerSecond, predictedSeconds, predictedJoules, packetsSent, packetsDropped, spread, layers, mappingSeconds, modelFile, reportFile }',
  );
  return runs<TrainOptions>(withView(withEngineOptions(command)), io, (options, terminal) =>
    runTrain(command, io, options, terminal),
  );
}

/** Makers of optimisers by their names. */
const OPTIMISERS = { sgd, rmsprop, adagrad, adam, adamw };

type OptimiserName = keyof typeof OPTIMISERS;

/** Step of stochastic gradient descent unless told. */
const SGD_LEARNING_RATE = 0.1;

function optimiserOf({ optimizer, learningRate }: TrainOptions): Optimiser {
  const rate = learningRate ?? (optimizer === 'sgd' ? SGD_LEARNING_RATE : undefined);
  return OPTIMISERS[optimizer](rate === undefined ? {} : { learningRate: rate });
}

async function runTrain(
  command: Command,
  io: Io,
  options: TrainOptions,
  terminal: Terminal,
): Promise<void> {
  const { data, epochs, batchSize, output, report } = options;
  const place = enginePlace(command, options);
  const file = await readModel(options.model);
  const samples = await loadSplitSamples(
    { source: data, shape: inputShape(file.model) },
    options.validationSplit,
    options.samples,
  );
  const signal = io.stopSignal?.();
  await using viewing = await startViewingIf(options, terminal);
  const result = await trainAndSave(
    {
      ...samples,
      place,
      model: file.model,
      source: data,
      loss: options.loss ?? file.loss,
      mode: options.mode ?? file.mode ?? 'fast',
      ...(options.rounding && { rounding: options.rounding }),
      epochs,
      batchSize,
      optimizer: optimiserOf(options),
      ...(signal && { signal }),
      ...(viewing && { viewing }),
      modelFile: output,
      reportFile: report,
    },
    terminal,
  );
  terminal.result(result);
  if (viewing) {
    terminal.say(`still shown at ${viewing.url}; stop with Ctrl-C`);
    await io.untilStopped();
  }
}

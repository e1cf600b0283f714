/** `spin-tools demo`: trains a network on handwritten digits on a virtual SpiNN-5. */
import { layers, sequential, sgd } from '@spin-tools/keras-backend';
import { Command } from 'commander';
import { DIGIT_KINDS, DIGIT_PIXELS } from '../data/digits.js';
import { loadSplitSamples } from '../data/load.js';
import type { Terminal } from '../terminal/terminal.js';
import { type EngineOptions, enginePlace, withEngineOptions } from '../training/engine.js';
import { trainAndSave } from '../training/session.js';
import { type Io, runs, wholeNumber, withExamples } from './command.js';

/** Samples and epochs: as many as two slow cores train in about two minutes. */
const SAMPLES = 2400;
const EPOCHS = 5;

/** Share of the digits that the network is tested with: 1,000. */
const HELD_OUT = 0.1;

interface DemoOptions extends EngineOptions {
  readonly samples: number;
  readonly epochs: number;
  readonly output: string;
  readonly report: string;
}

/** Makes the command. */
export function demoCommand(io: Io): Command {
  const command = new Command('demo')
    .option('--samples <number>', 'digits to train on', wholeNumber(1, 9000), SAMPLES)
    .option('--epochs <number>', 'passes over them', wholeNumber(1, 1000), EPOCHS)
    .option('--output <file>', 'where the trained model goes', 'spin-tools-out/digits.json')
    .option('--report <file>', 'where the report goes', 'spin-tools-out/digits.html');
  withExamples(
    command,
    [
      ['demo', 'trains, and names a report to open in a browser.'],
      [
        'demo --epochs 1 --samples 640 --engine functional',
        'does less, without a machine, in seconds.',
      ],
    ],
    '{ accuracy, loss, samplesPerSecond, predictedSeconds, predictedJoules, packetsSent, packetsDropped, spread, layers, mappingSeconds, modelFile, reportFile }',
  );
  return runs<DemoOptions>(withEngineOptions(command), io, (options, terminal) =>
    runDemo(command, options, terminal),
  );
}

async function runDemo(command: Command, options: DemoOptions, terminal: Terminal): Promise<void> {
  const { samples, epochs } = options;
  terminal.report('Training 784-128-10 on handwritten digits');
  const result = await trainAndSave(
    {
      ...(await loadSplitSamples({ source: 'mnist', shape: [DIGIT_PIXELS] }, HELD_OUT, samples)),
      place: enginePlace(command, options),
      model: digitClassifier(),
      source: 'mnist',
      loss: 'categorical_crossentropy',
      mode: 'fast',
      epochs,
      batchSize: 32,
      optimizer: sgd({ learningRate: 0.2 }),
      modelFile: options.output,
      reportFile: options.report,
    },
    terminal,
  );
  terminal.result(result);
}

function digitClassifier() {
  return sequential({
    name: 'Handwritten digits',
    layers: [
      layers.input({ shape: [DIGIT_PIXELS] }),
      layers.dense({ units: 128, activation: 'relu' }),
      layers.dense({ units: DIGIT_KINDS, activation: 'softmax' }),
    ],
  });
}

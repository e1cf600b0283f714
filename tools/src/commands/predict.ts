/** `spin-tools predict`: what a trained model says of samples. */
import { Command } from 'commander';
import { loadSamples } from '../data/load.js';
import { asTensor, lastSamples } from '../data/samples.js';
import { inputShape } from '../model/model-file.js';
import { table } from '../terminal/table.js';
import type { Terminal } from '../terminal/terminal.js';
import {
  type TrainedModelOptions,
  useTrainedModel,
  withTrainedModel,
} from '../training/trained-model.js';
import { type Io, runs, withExamples } from './command.js';

/** Makes the command. */
export function predictCommand(io: Io): Command {
  const command = new Command('predict');
  withExamples(
    command,
    [
      [
        'predict --model trained.json --data unknown.csv --engine functional',
        'shows the class and the outputs of each sample.',
      ],
    ],
    '{ predictions: [{ outputs, label }] }',
  );
  return runs<TrainedModelOptions>(withTrainedModel(command), io, (options, terminal) =>
    runPredict(command, options, terminal),
  );
}

async function runPredict(
  command: Command,
  options: TrainedModelOptions,
  terminal: Terminal,
): Promise<void> {
  const { data: source } = options;
  const { data, shape } = await useTrainedModel(command, options, terminal, async (model) => {
    const all = await loadSamples({ source, shape: inputShape(model) });
    const samples = lastSamples(all, options.samples);
    return model.predict(asTensor(samples, inputShape(model), source));
  });
  const [count = 0] = shape;
  const units = data.length / count;
  const predictions = Array.from({ length: count }, (_, sample) => {
    const outputs = [...data.subarray(sample * units, (sample + 1) * units)];
    return { outputs, label: labelOf(outputs) };
  });
  const rows = predictions.map(({ outputs, label }, sample) => [
    sample,
    label,
    outputs.map((output) => output.toFixed(4)).join(' '),
  ]);
  for (const line of table(['sample', 'label', 'outputs'], rows)) terminal.say(line);
  terminal.result({ predictions });
}

/** The largest output, or with one output whether it is above one half. */
function labelOf(outputs: readonly number[]): number {
  if (outputs.length === 1) return (outputs[0] as number) > 0.5 ? 1 : 0;
  return outputs.indexOf(Math.max(...outputs));
}

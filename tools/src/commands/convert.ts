/** `spin-tools convert`: a model from one kind of file into another. */
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Argument, Command } from 'commander';
import { MODEL_HELP, readModel, writeModel } from '../model/model-file.js';
import type { Terminal } from '../terminal/terminal.js';
import { type Io, runs, withExamples } from './command.js';

interface ConvertOptions {
  readonly tfjs?: boolean;
}

/** Makes the command. */
export function convertCommand(io: Io): Command {
  const command = new Command('convert')
    .addArgument(new Argument('<from>', MODEL_HELP))
    .addArgument(new Argument('<to>', 'file to write: .keras, .h5 or .json'))
    .option('--tfjs', "write .json as TensorFlow.js's model.json, with its shards beside it");
  withExamples(
    command,
    [
      ['convert trained.json trained.keras', 'writes a file that Keras opens.'],
      ['convert net.h5 web/model.json --tfjs', 'writes a folder for TensorFlow.js.'],
    ],
    '{ file, layers, parameters }',
  );
  return runs(command, io, runConvert);
}

async function runConvert(
  { tfjs }: ConvertOptions,
  terminal: Terminal,
  from: string,
  to: string,
): Promise<void> {
  const { model } = await readModel(from);
  await mkdir(dirname(to), { recursive: true });
  await writeModel(to, model, tfjs);
  const parameters = model.graph.layers.reduce((sum, layer) => sum + layer.parameters, 0);
  terminal.report(
    `${to}: ${model.graph.layers.length} layers, ${parameters.toLocaleString('en')} parameters`,
  );
  terminal.result({ file: to, layers: model.graph.layers.length, parameters });
}

/** `spin-tools explain`: the layers of a model, which engines compute it, and its number formats. */
import type {
  Model,
  NetworkPlan,
  NumberMode,
  ScheduleExplanation,
} from '@spin-tools/keras-backend';
import { UnsupportedError } from '@spin-tools/keras-backend';
import { spin5 } from '@spin-tools/machine-model';
import { Argument, Command, Option } from 'commander';
import { MODEL_HELP, readModel } from '../model/model-file.js';
import { table } from '../terminal/table.js';
import type { Terminal } from '../terminal/terminal.js';
import { type Io, runs, wholeNumber, withExamples } from './command.js';

interface ExplainOptions {
  readonly mode: NumberMode;
  readonly batchSize: number;
}

/** Makes the command. */
export function explainCommand(io: Io): Command {
  const command = new Command('explain')
    .addArgument(new Argument('<model>', MODEL_HELP))
    .addOption(
      new Option('--mode <mode>', 'number formats').choices(['fast', 'exact']).default('fast'),
    )
    .option('--batch-size <number>', 'samples in a batch', wholeNumber(1, 65_536), 32);
  withExamples(
    command,
    [['explain net.keras', 'shows layers, parameters, and the engines that can run them.']],
    '{ name, layers: [{ name, className, outputShape, parameters }], engines, plan, formats } or refused in place of plan',
  );
  return runs<ExplainOptions>(command, io, runExplain);
}

async function runExplain(
  { mode, batchSize }: ExplainOptions,
  terminal: Terminal,
  file: string,
): Promise<void> {
  const { model, loss } = await readModel(file);
  terminal.say(model.summary());
  const plan = planOf(model, loss, mode, batchSize);
  if (plan instanceof UnsupportedError) {
    terminal.say(`\ncomputed by the engine float only: ${plan.message}`);
  } else if ('seconds' in plan) {
    saySchedule(plan, model, terminal);
    const [best] = model.replicas(spin5(), batchSize);
    if (best) {
      terminal.say(
        `on a SpiNN-5, ${best.replicas} chips are best: a batch in training takes about ` +
          `${best.seconds.toFixed(3)} s, ${best.exchange.toFixed(3)} s of it to exchange sums and weights`,
      );
    }
  } else sayPlan(plan, terminal);
  terminal.result({
    name: model.name,
    layers: model.graph.layers.map(({ name, layer, outputShape, parameters }) => ({
      name,
      className: layer.className,
      outputShape,
      parameters,
    })),
    engines: plan instanceof UnsupportedError ? ['float'] : ['machine', 'functional', 'float'],
    ...(plan instanceof UnsupportedError ? { refused: plan.message } : { plan }),
    ...(model.formats && { formats: model.formats }),
  });
}

/** The plan or schedule of a fixed-point engine, or why there is none. */
function planOf(
  model: Model,
  loss: Awaited<ReturnType<typeof readModel>>['loss'],
  mode: NumberMode,
  batchSize: number,
): NetworkPlan | ScheduleExplanation | UnsupportedError {
  try {
    const { formats = {} } = model.compileOptions ?? {};
    model.compile({ optimizer: 'sgd', loss, mode, engine: 'machine', formats });
    return model.schedule(batchSize) ?? model.plan(batchSize);
  } catch (error) {
    if (error instanceof UnsupportedError) return error;
    throw error;
  }
}

function saySchedule(schedule: ScheduleExplanation, model: Model, terminal: Terminal): void {
  const { layers, mode, memoryBytes, workers, seconds, batchSize } = schedule;
  const whole = (value: number) => Math.round(value).toLocaleString('en');
  terminal.say('\ncomputed by the engines machine, functional and float');
  terminal.say(
    `a schedule for ${workers} cores of a chip, number mode ${mode}, batches of ${batchSize}: ` +
      `${whole(memoryBytes / 1024)} KiB of SDRAM; a batch takes about ${seconds.forward.toFixed(3)} s ` +
      `forwards, ${seconds.training.toFixed(3)} s in training`,
  );
  const milliseconds = (value: number) => (1000 * value).toFixed(3);
  const rows = layers.map(({ name, operations, multiplications, seconds: own }) => [
    name,
    operations,
    whole(multiplications.forward),
    whole(multiplications.training),
    milliseconds(own.forward),
    milliseconds(own.training),
  ]);
  const heading = ['layer', 'operations', 'products', 'in training', 'ms a batch', 'in training'];
  for (const line of table(heading, rows)) terminal.say(line);
  const formats = Object.entries(model.formats ?? {});
  if (formats.length === 0) return;
  terminal.say('\nfraction bits, as trained or as wanted');
  const bits = formats.map(([name, { fractionBits }]) => [name, fractionBits]);
  for (const line of table(['tensor', 'bits'], bits)) terminal.say(line);
}

function sayPlan({ layers, mode }: NetworkPlan, terminal: Terminal): void {
  const formats = ['input', 'weight', 'z', 'activation', 'delta', 'error'] as const;
  terminal.say(`\ncomputed by the engines machine, functional and float`);
  terminal.say(`fraction bits, number mode ${mode}`);
  const rows = layers.map(({ name, fractions }) => [
    name,
    ...formats.map((format) => fractions[format]),
  ]);
  for (const line of table(['layer', ...formats], rows)) terminal.say(line);
}

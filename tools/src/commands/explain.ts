/** `spin-tools explain`: the layers of a model, which engines compute it, and what it takes on a machine. */
import type {
  Model,
  NetworkPlan,
  NumberMode,
  ReplicaTime,
  ScheduleExplanation,
  StagedNetwork,
  StageRate,
} from '@spin-tools/keras-backend';
import { OptionError, UnsupportedError } from '@spin-tools/keras-backend';
import { describeMachine, type Machine } from '@spin-tools/machine-model';
import { Argument, Command, Option } from 'commander';
import type { MachineShape } from '../machine/options.js';
import { machineOf, plannedMachine } from '../machine/planned.js';
import { MODEL_HELP, readModel } from '../model/model-file.js';
import { table } from '../terminal/table.js';
import type { Terminal } from '../terminal/terminal.js';
import { type Io, runs, wholeNumber, withExamples } from './command.js';

interface ExplainOptions {
  readonly mode: NumberMode;
  readonly batchSize: number;
  readonly machine: MachineShape;
}

/** Makes the command. */
export function explainCommand(io: Io): Command {
  const command = new Command('explain')
    .addArgument(new Argument('<model>', MODEL_HELP))
    .addOption(
      new Option('--mode <mode>', 'number formats').choices(['fast', 'exact']).default('fast'),
    )
    .option('--batch-size <number>', 'samples in a batch', wholeNumber(1, 65_536), 32)
    .addOption(plannedMachine());
  withExamples(
    command,
    [
      ['explain net.keras', 'shows layers, parameters, and the engines that can run them.'],
      ['explain resnet/model.json --machine 1x1', 'plans a model that is too large for a chip.'],
    ],
    '{ name, layers: [{ name, className, outputShape, parameters }], engines, plan, formats, replicas, pipeline: { stages, forward, training, entries } or tooLarge }; or refused in place of plan and all behind it',
  );
  return runs<ExplainOptions>(command, io, runExplain);
}

async function runExplain(
  { mode, batchSize, machine }: ExplainOptions,
  terminal: Terminal,
  file: string,
): Promise<void> {
  const { model, loss } = await readModel(file);
  terminal.say(model.summary());
  const plan = planOf(model, loss, mode, batchSize);
  let placed: PlacedModel = {};
  if (plan instanceof UnsupportedError) {
    terminal.say(`\ncomputed by the engine float only: ${plan.message}`);
  } else if ('seconds' in plan) {
    saySchedule(plan, model, terminal);
    placed = placedModel(model, batchSize, machineOf(machine));
    sayPlaced(placed, describeMachine(machineOf(machine)), terminal);
  } else sayPlan(plan, terminal);
  const { pipeline, ...others } = placed;
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
    ...others,
    ...(pipeline && {
      pipeline: {
        stages: pipeline.stages,
        forward: pipeline.forward,
        training: pipeline.training,
        entries: pipeline.mapping.statistics.entries,
      },
    }),
  });
}

/** How a schedule lies on a machine: each chip with the whole model, or, of one that is too large, with a part of it. */
interface PlacedModel {
  /** The quickest number of chips first. */
  readonly replicas?: readonly ReplicaTime[];
  readonly pipeline?: StagedNetwork;
  /** Why the machine cannot hold it. */
  readonly tooLarge?: string;
}

function placedModel(model: Model, batchSize: number, machine: Machine): PlacedModel {
  const replicas = model.replicas(machine, batchSize);
  if (replicas.length > 0) return { replicas };
  try {
    return { pipeline: model.stages(machine) };
  } catch (error) {
    if (error instanceof OptionError) return { tooLarge: error.message };
    throw error;
  }
}

function sayPlaced(
  { replicas = [], pipeline, tooLarge }: PlacedModel,
  machine: string,
  terminal: Terminal,
): void {
  const [best] = replicas;
  if (best) {
    terminal.say(
      `on ${machine}, ${best.replicas} chips are best: a batch in training takes about ` +
        `${best.seconds.toFixed(3)} s, ${best.exchange.toFixed(3)} s of it to exchange sums and weights`,
    );
    terminal.say(
      'a virtual machine takes as few chips as have room, with 4 cores each: they are simulated sooner, to the same result',
    );
    return;
  }
  if (tooLarge !== undefined) {
    terminal.say(`it is too large for ${machine}: ${tooLarge}`);
    return;
  }
  if (pipeline) sayPipeline(pipeline, machine, terminal);
}

function sayPipeline(
  { stages, mapping, forward, training }: StagedNetwork,
  machine: string,
  terminal: Terminal,
): void {
  const { entries } = mapping.statistics;
  terminal.say(`\na batch has no room on a chip; planned as a pipeline on ${machine}`);
  const rows = stages.map(({ layers, cycles, memoryBytes }, chip) => [
    chip,
    layers.length > 1 ? `${layers[0]} to ${layers.at(-1)}` : (layers[0] ?? ''),
    (memoryBytes / 2 ** 20).toFixed(1),
    ...[cycles.forward, cycles.training].map((each) => (each / 1e6).toFixed(1)),
  ]);
  const heading = ['chip', 'layers', 'MiB', 'megacycles a sample', 'in training'];
  for (const line of table(heading, rows)) terminal.say(line);
  const rate = ({ secondsPerSample, joulesPerSample, limitedBy }: StageRate) =>
    `${(1 / secondsPerSample).toFixed(2)} samples/s, ${joulesPerSample.toPrecision(3)} J a sample, limited by ${limitedBy}`;
  terminal.say(`forwards     ${rate(forward)}`);
  terminal.say(`in training  ${rate(training)}`);
  terminal.say(
    `routing tables were followed for every packet: ${entries.total} entries, at most ${entries.most} on a chip`,
  );
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

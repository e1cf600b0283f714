/** `spin-tools selftest`: tries out a machine, from its links to training, and writes down what it found. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import {
  describeMachine,
  discoverMachine,
  isEthernet,
  type Machine,
} from '@spin-tools/machine-model';
import {
  BOOT_PORT,
  type MachineController,
  SCP_PORT,
  type VersionInformation,
} from '@spin-tools/scp';
import { Argument, Command, Option } from 'commander';
import { deadParts } from '../machine/dead-parts.js';
import { type AddressOptions, withSharedPort } from '../machine/options.js';
import { withMachine } from '../machine/reach.js';
import { checkLinks, type LinkCheck } from '../selftest/links.js';
import { checkMemory, type MemoryCheck } from '../selftest/memory.js';
import { type ExerciseResult, exercisesFor, runExercise } from '../selftest/training.js';
import { ExitCode } from '../terminal/exit-code.js';
import { explain } from '../terminal/explain.js';
import type { Terminal } from '../terminal/terminal.js';
import { type Io, runs, wholeNumber, withExamples } from './command.js';
import { CommandExit } from './end.js';

interface SelftestOptions extends Omit<AddressOptions, 'host'> {
  readonly board: 'spin3' | 'spin5';
  readonly image?: string;
  readonly sdram: number;
  readonly output: string;
}

/** An exercise that ended in an error instead of a result. */
interface FailedExercise {
  readonly name: string;
  readonly mode: string;
  readonly error: string;
}

const KIBIBYTE = 1024;

/** Makes the command. */
export function selftestCommand(io: Io): Command {
  const command = new Command('selftest')
    .addArgument(new Argument('<host>', 'board or running "spin-tools sim"'))
    .option('--image <file>', 'boot image, scamp.boot; virtual machines do without')
    .addOption(
      new Option('--board <board>', 'which board').choices(['spin3', 'spin5']).default('spin5'),
    )
    .option('--sdram <KiB>', 'SDRAM to try on each chip', wholeNumber(1, 65_536), 64)
    .option('--output <file>', 'where the report goes', 'spin-tools-out/selftest.json');
  withSharedPort(command, '--scp-port <port>', 'UDP port of SCP', SCP_PORT);
  withSharedPort(command, '--boot-port <port>', 'UDP port of the boot protocol', BOOT_PORT);
  withExamples(
    command,
    [
      ['selftest 192.168.240.1 --image scamp.boot', 'boots a board, and tries it out.'],
      ['selftest 127.0.0.1', 'is for a running "spin-tools sim".'],
    ],
    '{ passed, format, host, node, monitor, machine, links, memory, exercises }',
  );
  return runs<SelftestOptions>(command, io, runSelftest);
}

/** What was found out before anything was trained. */
interface Surroundings {
  readonly version: VersionInformation;
  readonly machine: Machine;
  readonly links: LinkCheck;
  readonly memory: MemoryCheck;
}

async function runSelftest(
  options: SelftestOptions,
  terminal: Terminal,
  host: string,
): Promise<void> {
  const { scpPort, bootPort, board, output } = options;
  const found = await withMachine({ ...options, host }, terminal, (controller) =>
    lookAround(controller, options, terminal),
  );
  const exercises: (ExerciseResult | FailedExercise)[] = [];
  const cores = found.machine.chips.reduce((sum, chip) => sum + chip.cores, 0);
  for (const exercise of exercisesFor(cores)) {
    const { name, mode } = exercise;
    try {
      const result = await runExercise(exercise, { host, scpPort, bootPort }, board);
      exercises.push(result);
      for (const line of describeExercise(result)) terminal.say(line);
    } catch (error) {
      exercises.push({ name, mode, error: (error as Error).message });
      terminal.say(`${name}, ${mode}: ${explain(error)}`);
    }
  }
  const passed =
    found.links.faults.length + found.memory.faults.length === 0 &&
    exercises.every((exercise) => 'same' in exercise && exercise.same);
  const report = { passed, ...reportOf(host, found), exercises };
  await mkdir(dirname(output), { recursive: true });
  await writeFile(output, `${JSON.stringify(report, undefined, 2)}\n`);
  terminal.say(passed ? 'all is as it should be' : 'something is not as it should be');
  terminal.say(`report  ${output}`);
  terminal.result(report);
  if (!passed) throw new CommandExit(ExitCode.BadNews);
}

async function lookAround(
  controller: MachineController,
  { image, board, sdram }: SelftestOptions,
  terminal: Terminal,
): Promise<Surroundings> {
  const version = await controller.boot({
    hardwareVersion: board === 'spin3' ? 3 : 5,
    ...(image !== undefined && { image: await readFile(image) }),
  });
  const machine = await discoverMachine(controller);
  terminal.say(`${version.name} ${version.version}`);
  terminal.say(describeMachine(machine));
  const links = await checkLinks(controller, machine);
  terminal.say(`links   ${links.tried} ends tried, ${links.faults.length} wrong`);
  for (const { x, y, link, found } of links.faults) {
    terminal.say(`  link ${link} of chip (${x}, ${y}): ${found}`);
  }
  const bar = terminal.progress('SDRAM', machine.chips.length);
  const memory = await checkMemory(controller, machine, sdram * KIBIBYTE, (done) =>
    bar.update(done),
  );
  bar.stop();
  const size = `${sdram} KiB of each of ${machine.chips.length} chips`;
  terminal.say(`SDRAM   ${size} written and read twice, ${memory.faults.length} wrong`);
  for (const { x, y, what } of memory.faults) terminal.say(`  chip (${x}, ${y}): ${what}`);
  return { version, machine, links, memory };
}

function describeExercise(result: ExerciseResult): string[] {
  const { name, mode, cores, chips, same, differing, samplesPerSecond } = result;
  const bits = same ? 'the same bits as the functional engine' : `${differing} weights differ`;
  const percent = (share: number) => `${Math.round(100 * share)} %`;
  return [
    `${name}, ${mode}, ${cores} cores of ${chips} chips: ${bits}`,
    `  ${Math.round(samplesPerSecond)} samples/s, ${result.packetsSent} packets, ` +
      `${result.packetsDropped} dropped, ${result.batchesRepeated} batches repeated`,
    ...result.layers.map(
      ({ layer, compute, packets, dma, wait, barrier }) =>
        `  ${layer}: compute ${percent(compute)}, packets ${percent(packets)}, ` +
        `DMA ${percent(dma)}, waiting ${percent(wait)}, between batches ${percent(barrier)}`,
    ),
  ];
}

/** The part of the report that describes machine and computer. */
function reportOf(host: string, { version, machine, links, memory }: Surroundings): object {
  const { width, height, chips } = machine;
  return {
    format: 'spin-tools selftest 1',
    host,
    node: process.version,
    monitor: { name: version.name, version: version.version },
    machine: {
      ...{ width, height, chips: chips.length },
      cores: chips.reduce((sum, { cores }) => sum + cores, 0),
      ethernets: chips.filter(isEthernet).map(({ x, y, ip }) => ({ x, y, ip: ip ?? null })),
      dead: deadParts(machine),
    },
    links,
    memory,
  };
}

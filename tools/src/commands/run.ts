/** `spin-tools run`: a program from its loading to its end. */
import { CoreState, describeCoreState, type MachineController, Signal } from '@spin-tools/scp';
import { Command } from 'commander';
import {
  type ApplicationOptions,
  readApplication,
  targetsOf,
  withApplication,
} from '../machine/application.js';
import { type CoreEntry, coreEntry, describeCore } from '../machine/core-entries.js';
import type { ChipCores } from '../machine/core-selection.js';
import { addWord } from '../machine/memory-values.js';
import { onEach } from '../machine/on-chips.js';
import { type AddressOptions, withAddress } from '../machine/options.js';
import { coreName, OutputFollower } from '../machine/output.js';
import { withMachine } from '../machine/reach.js';
import { placesOf, refuseIfInUse, runApplication } from '../machine/run-application.js';
import { count } from '../terminal/count.js';
import { ExitCode } from '../terminal/exit-code.js';
import type { Terminal } from '../terminal/terminal.js';
import { type Io, positiveNumber, runs, withExamples } from './command.js';
import { CommandExit } from './end.js';

interface RunOptions extends AddressOptions, ApplicationOptions {
  readonly for?: number;
  readonly follow?: boolean;
  readonly keep?: boolean;
  readonly user?: readonly number[];
}

/** States in which a program ends that went wrong. */
const BAD_ENDS = [CoreState.RunTimeError, CoreState.Watchdog, CoreState.Dead].map(
  describeCoreState,
);
const MS_PER_SECOND = 1000;

/** Makes the command. */
export function runCommand(io: Io): Command {
  const command = withApplication(new Command('run'))
    .description(
      'All cores start at the same time. Those that wait for a synchronisation are let go on when all have come to it. After the end of all, after --for, or after Ctrl-C, the text that they have put out and what went wrong is shown, and the application is stopped. Exits with 4 when a core ended in an error.',
    )
    .option(
      '--user <numbers...>',
      'up to four words that the program finds as user0 to user3',
      addWord,
    )
    .option('--for <seconds>', 'stop what still runs after so long (default: wait)', positiveNumber)
    .option('-f, --follow', 'show text as it comes, rather than at the end')
    .option('--keep', 'leave the application on the machine at the end');
  withExamples(
    command,
    [
      ['run hello.aplx --cores 0,0:1-4', 'runs a program on four cores of chip (0, 0).'],
      ['run game.aplx --cores all --for 10 --follow', 'runs it on all cores, for ten seconds.'],
      ['run crash.aplx --cores 0,0:1 --keep', 'leaves memory as it is, to look at with "dump".'],
    ],
    '{ file, appId, failed, cores: [{ x, y, core, appId, name, state, error, output }] }',
  );
  return runs<RunOptions, [string]>(withAddress(command, true), io, (options, terminal, file) =>
    runRun(io, options, terminal, file),
  );
}

async function runRun(
  io: Io,
  options: RunOptions,
  terminal: Terminal,
  file: string,
): Promise<void> {
  const image = await readApplication(file);
  const cores = await withMachine(options, terminal, async (controller) => {
    const targets = await targetsOf(controller, options.cores);
    return await runOn(controller, { io, options, terminal, image, targets });
  });
  const failed = cores.filter(({ state }) => BAD_ENDS.includes(state));
  for (const core of failed) {
    terminal.say(`${coreName(core)} ${terminal.colours.red(describeCore(core))}`);
  }
  const chips = new Set(cores.map(({ x, y }) => `${x},${y}`)).size;
  const verdict = failed.length === 0 ? 'none failed' : `${failed.length} failed`;
  terminal.report(
    `${count(cores.length, 'core')} of ${count(chips, 'chip')} ran ${file}, ${verdict}`,
  );
  terminal.result({ file, appId: options.appId, failed: failed.length, cores });
  if (failed.length > 0) throw new CommandExit(ExitCode.BadNews);
}

interface Run {
  readonly io: Io;
  readonly options: RunOptions;
  readonly terminal: Terminal;
  readonly image: Uint8Array;
  readonly targets: readonly ChipCores[];
}

/** What became of the cores, with their text. */
async function runOn(
  controller: MachineController,
  { io, options, terminal, image, targets }: Run,
): Promise<(CoreEntry & { readonly output: string })[]> {
  const { appId, follow = false, keep = false, user = [] } = options;
  const places = placesOf(targets);
  const output = new OutputFollower(controller);
  const show = async (isOver: boolean): Promise<void> => {
    await output.read(places);
    terminal.sayAll(output.newLines(places, isOver));
  };
  const onLook = async (): Promise<void> => (follow ? show(false) : undefined);
  await refuseIfInUse(controller, appId);
  try {
    const signal = signalOf(io, options.for);
    await runApplication(controller, { image, targets, appId, user, signal, onLook });
    await show(true);
    const ended = await onEach(places, (place) => coreEntry(controller, place));
    return ended.map((core) => ({ ...core, output: output.textOf(core) }));
  } finally {
    if (!keep) await controller.signal(Signal.Stop, appId);
  }
}

/** Aborts when the user wants to stop, or time is up. */
function signalOf(io: Io, seconds: number | undefined): AbortSignal {
  const signals = [
    ...(io.stopSignal ? [io.stopSignal()] : []),
    ...(seconds === undefined ? [] : [AbortSignal.timeout(seconds * MS_PER_SECOND)]),
  ];
  return AbortSignal.any(signals);
}

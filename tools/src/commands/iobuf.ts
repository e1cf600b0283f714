/** `spin-tools iobuf`: text that cores have put out. */
import { setTimeout } from 'node:timers/promises';
import type { MachineController } from '@spin-tools/scp';
import { Argument, Command } from 'commander';
import { type CorePlace, coreEntries } from '../machine/core-entries.js';
import { addCores, type CoreSelection } from '../machine/core-selection.js';
import { type AddressOptions, withAddress } from '../machine/options.js';
import { OutputFollower } from '../machine/output.js';
import { withMachine } from '../machine/reach.js';
import type { Terminal } from '../terminal/terminal.js';
import { type Io, runs, wholeNumber, withExamples } from './command.js';

interface IobufOptions extends AddressOptions {
  readonly appId?: number;
  readonly follow?: boolean;
}

/** Pause between two looks for new text, ms. */
const LOOK_MS = 200;

/** Makes the command. */
export function iobufCommand(io: Io): Command {
  const command = new Command('iobuf')
    .description(
      'Programs write text into memory of their chip (IOBUF), where it stays until they are stopped. Each line has the name of its core in front.',
    )
    .addArgument(
      new Argument(
        '[cores...]',
        'X,Y:CORES such as 0,0:1-4,7 (default: all that run or have ended)',
      ).argParser(addCores),
    )
    .option('--app-id <number>', 'cores of this application only', wholeNumber(1, 255))
    .option('-f, --follow', 'go on showing new lines until stopped with Ctrl-C');
  withExamples(
    command,
    [
      ['iobuf', 'shows the text of all cores.'],
      ['iobuf 0,0:1 1,0:1-3 --follow', 'goes on with what four cores write.'],
      ['iobuf --app-id 30 --json', 'is for programs: one object with the text of each core.'],
    ],
    '{ cores: [{ x, y, core, text }] } at the end',
  );
  return runs<IobufOptions, [CoreSelection]>(
    withAddress(command, true),
    io,
    (options, terminal, selection) => runIobuf(io, options, terminal, selection),
  );
}

async function runIobuf(
  io: Io,
  options: IobufOptions,
  terminal: Terminal,
  selection: CoreSelection,
): Promise<void> {
  await withMachine(options, terminal, async (controller) => {
    const cores = await coresOf(controller, selection, options.appId);
    const output = new OutputFollower(controller);
    const look = async (isOver: boolean): Promise<void> => {
      await output.read(cores);
      terminal.sayAll(output.newLines(cores, isOver));
    };
    if (options.follow) await untilStopped(io, () => look(false));
    await look(true);
    terminal.result({ cores: cores.map((core) => ({ ...core, text: output.textOf(core) })) });
  });
}

async function coresOf(
  controller: MachineController,
  selection: CoreSelection,
  appId: number | undefined,
): Promise<CorePlace[]> {
  const chosen =
    selection === 'all' || selection.length === 0
      ? await coreEntries(controller)
      : selection.flatMap(({ chip, cores }) => cores.map((core) => ({ ...chip, core })));
  const places = chosen.map(({ x, y, core }) => ({ x, y, core }));
  if (appId === undefined) return places;
  const owners = await Promise.all(places.map((place) => controller.vcpu(place)));
  return places.filter((_, index) => owners[index]?.appId === appId);
}

async function untilStopped(io: Io, look: () => Promise<void>): Promise<void> {
  let isStopped = false;
  const stopped = io.untilStopped().then(() => {
    isStopped = true;
  });
  while (!isStopped) {
    await look();
    await Promise.race([stopped, setTimeout(LOOK_MS)]);
  }
}

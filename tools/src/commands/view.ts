/** `spin-tools view`: a web page that shows a machine, or one file that shows it later. */
import { writeFile } from 'node:fs/promises';
import { Command } from 'commander';
import { type AddressOptions, withAddress } from '../machine/options.js';
import type { Terminal } from '../terminal/terminal.js';
import { VIEW_PORT } from '../view/options.js';
import { withWatchedMachine } from '../view/reach.js';
import { recordMachine } from '../view/record.js';
import { startViewing, type Watched } from '../view/viewing.js';
import { type Io, ipv4, listeningPort, positiveNumber, runs, withExamples } from './command.js';

interface ViewOptions extends AddressOptions {
  readonly viewHost: string;
  readonly viewPort: number;
  readonly export?: string;
  readonly for: number;
  readonly requests: number;
}

/** Makes the command. */
export function viewCommand(io: Io): Command {
  const command = new Command('view')
    .option('--view-host <address>', 'address to serve the page on', ipv4, '127.0.0.1')
    .option(
      '--view-port <port>',
      'TCP port of the page; 0 takes a free one',
      listeningPort,
      VIEW_PORT,
    )
    .option('--export <file>', 'watch for a while, write one HTML file and end')
    .option('--for <seconds>', 'how long to watch for --export', positiveNumber, 5)
    .option(
      '--requests <number>',
      'most requests to the machine in a second',
      positiveNumber,
      2000,
    );
  withExamples(
    command,
    [
      ['view --host 192.168.240.1', 'serves a page that shows the board as it is now.'],
      ['view --host 127.0.0.1 --export machine.html', 'watches for 5 seconds, for later.'],
    ],
    '{ url } as soon as it serves, or { file, chips } with --export',
  );
  return runs<ViewOptions>(withAddress(command, true), io, (options, terminal) =>
    runView(options, terminal, io),
  );
}

async function runView(options: ViewOptions, terminal: Terminal, io: Io): Promise<void> {
  await withWatchedMachine(options, terminal, async (machine) => {
    const watched = { ...machine, requestsPerSecond: options.requests };
    if (options.export === undefined) return show(watched, options, terminal, io);
    const { page, chips } = await recordMachine(watched, options.for);
    await writeFile(options.export, page);
    terminal.say(`${chips.toLocaleString('en')} chips in ${options.export}`);
    terminal.result({ file: options.export, chips });
  });
}

async function show(
  machine: Watched,
  { viewHost: host, viewPort: port }: ViewOptions,
  terminal: Terminal,
  io: Io,
): Promise<void> {
  await using viewing = await startViewing({ host, port });
  viewing.watch(machine);
  terminal.say(`${machine.name} is shown at ${viewing.url}; stop with Ctrl-C`);
  terminal.result({ url: viewing.url });
  await io.untilStopped();
}

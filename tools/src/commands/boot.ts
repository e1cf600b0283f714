/** `spin-tools boot`: starts the monitors of a machine that is switched on. */
import { readFile } from 'node:fs/promises';
import { Command, Option } from 'commander';
import { type AddressOptions, withAddress } from '../machine/options.js';
import { withMachine } from '../machine/reach.js';
import { plain } from '../terminal/plain.js';
import type { Terminal } from '../terminal/terminal.js';
import { type Io, runs, withExamples } from './command.js';

interface BootOptions extends AddressOptions {
  readonly board: 'spin3' | 'spin5';
  readonly image?: string;
  readonly force?: boolean;
}

const MS_PER_SECOND = 1000;

/** Makes the command. */
export function bootCommand(io: Io): Command {
  const command = new Command('boot')
    .option('--image <file>', 'boot image, scamp.boot; virtual machines do without')
    .addOption(
      new Option('--board <board>', 'which board').choices(['spin3', 'spin5']).default('spin5'),
    )
    .option('--force', 'boot even if the monitor answers');
  withExamples(
    command,
    [
      ['boot --host 127.0.0.1', 'boots a virtual machine.'],
      ['boot --host 192.168.240.1 --image scamp.boot', 'boots a board.'],
      [
        'boot --host 192.168.240.253 --board spin3 --image scamp.boot',
        'boots a board of four chips.',
      ],
    ],
    '{ host, name, version, width, height }',
  );
  return runs(withAddress(command, true), io, runBoot);
}

async function runBoot(options: BootOptions, terminal: Terminal): Promise<void> {
  const image = options.image === undefined ? undefined : await readFile(options.image);
  await withMachine(options, terminal, async (controller, host) => {
    const { name, version } = await controller.boot({
      force: options.force === true,
      ...(options.timeout !== undefined && { timeoutMs: options.timeout * MS_PER_SECOND }),
      hardwareVersion: options.board === 'spin3' ? 3 : 5,
      ...(image && { image }),
    });
    const { width, height } = await controller.dimensions();
    terminal.report(plain(`${host} is up: ${name} ${version}, ${width} x ${height} chips`));
    terminal.result({ host, name, version, width, height });
  });
}

/** `spin-tools discover`: boards on the local network. */
import { setTimeout } from 'node:timers/promises';
import { BOOT_PORT, SCP_PORT } from '@spin-tools/scp';
import { Argument, Command } from 'commander';
import { ADDRESS_GROUP, OTHER_OPTIONS, withSharedPort } from '../machine/options.js';
import { addNetwork, localAddresses } from '../network/addresses.js';
import { HELLO_MS, listenForHello } from '../network/hello.js';
import { type Answer, askAll, isBmp } from '../network/search.js';
import { plain } from '../terminal/plain.js';
import { table } from '../terminal/table.js';
import type { Terminal } from '../terminal/terminal.js';
import { type Io, positiveNumber, runs, withExamples } from './command.js';

interface DiscoverOptions {
  readonly wait: number;
  readonly scpPort: number;
  readonly bootPort: number;
}

/** A board or management processor that was found. */
interface Found {
  readonly address: string;
  readonly kind: 'booted' | 'not booted' | 'management processor';
  /** What runs there; null for a board that waits for a boot. */
  readonly software: string | null;
}

const MS_PER_SECOND = 1000;

/** Makes the command. */
export function discoverCommand(io: Io): Command {
  const command = new Command('discover')
    .description(
      'Boards that are booted, and management processors, are asked one by one. Boards that wait for a boot say so to all every four seconds, which firewalls may keep from programs.',
    )
    .addArgument(
      new Argument(
        '[networks...]',
        'addresses or networks such as 10.0.0.0/24 (default: those that this computer is in)',
      ).argParser(addNetwork),
    )
    .option('--wait <seconds>', 'how long to listen', positiveNumber, HELLO_MS / MS_PER_SECOND)
    .optionsGroup(ADDRESS_GROUP);
  withSharedPort(command, '--scp-port <port>', 'UDP port of SCP', SCP_PORT);
  withSharedPort(command, '--boot-port <port>', 'UDP port of the boot protocol', BOOT_PORT);
  withExamples(
    command.optionsGroup(OTHER_OPTIONS),
    [
      ['discover', 'looks in the networks of this computer.'],
      ['discover 192.168.240.0/24 --wait 1 --json', 'looks in one network, for a program.'],
    ],
    '{ found: [{ address, kind, software }] }',
  );
  return runs<DiscoverOptions, [readonly string[]]>(command, io, runDiscover);
}

async function runDiscover(
  options: DiscoverOptions,
  terminal: Terminal,
  networks: readonly string[],
): Promise<void> {
  const { wait, scpPort, bootPort } = options;
  const addresses = networks.length === 0 ? localAddresses() : networks;
  terminal.note(`asking ${addresses.length} addresses, listening for ${wait} s`);
  const waitMs = wait * MS_PER_SECOND;
  const [waiting, answers] = await Promise.all([
    waitingBoards(bootPort, waitMs, terminal),
    askAll(addresses, scpPort, waitMs),
  ]);
  const found = [
    ...answers.map(describe),
    ...waiting.filter((address) => isNew(address, answers)).map(notBooted),
  ];
  const rows = found.map(({ address, kind, software }) => [address, kind, plain(software ?? '')]);
  if (rows.length === 0) terminal.say('no board was found');
  else terminal.sayAll(table(['address', 'what', 'software'], rows));
  terminal.result({ found });
}

/** Addresses that said hello. */
async function waitingBoards(port: number, waitMs: number, terminal: Terminal): Promise<string[]> {
  const addresses = new Set<string>();
  try {
    const listener = await listenForHello(port, (address) => addresses.add(address));
    await setTimeout(waitMs);
    listener.close();
  } catch (error) {
    terminal.note(`cannot listen for boards that wait for a boot: ${(error as Error).message}`);
  }
  return [...addresses];
}

const isNew = (address: string, answers: readonly Answer[]): boolean =>
  !answers.some((answer) => answer.address === address);

function describe(answer: Answer): Found {
  const { address, version } = answer;
  const software = `${version.name} ${version.version}`;
  return { address, kind: isBmp(answer) ? 'management processor' : 'booted', software };
}

function notBooted(address: string): Found {
  return { address, kind: 'not booted', software: null };
}

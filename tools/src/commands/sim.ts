/** `spin-tools sim`: a virtual machine that answers on UDP until it is stopped. */
import { describeMachine } from '@spin-tools/machine-model';
import { SCP_PORT } from '@spin-tools/scp';
import type { FaultPlan, MonitorKind, Pace, VirtualMachine } from '@spin-tools/sim';
import { Command, Option } from 'commander';
import { serveAllocation } from '../allocation/serve.js';
import { readFaultPlan } from '../data/fault-file.js';
import { type DebuggingOptions, startDebugging, withDebugging } from '../firmware/debugging.js';
import {
  type DeadOptions,
  type ShapeOptions,
  shapeName,
  shapeOf,
  withDeadParts,
  withListeningPorts,
  withShape,
} from '../machine/options.js';
import { type ServedMachine, serve } from '../machine/serve.js';
import type { Terminal } from '../terminal/terminal.js';
import { type ViewOption, viewVirtual, withView } from '../view/options.js';
import {
  type Io,
  ipv4,
  listeningPort,
  positiveNumber,
  runs,
  wholeNumber,
  withExamples,
} from './command.js';
import { usageError } from './end.js';

interface SimOptions extends ShapeOptions, DeadOptions, DebuggingOptions, ViewOption {
  readonly host: string;
  readonly scpPort: number;
  readonly bootPort: number;
  readonly bmpHost?: string;
  readonly bmpPort: number;
  readonly pace: Pace;
  readonly monitor: MonitorKind;
  /** Threads that run the boards. */
  readonly workers: number;
  readonly faults?: string;
  /** TCP port of an allocation server. */
  readonly spalloc?: number;
}

/** How often the status line is written anew, ms. */
const STATUS_MS = 500;
const NS_PER_SECOND = 1e9;
const MOST_WORKERS = 1024;

/** Makes the command. */
export function simCommand(io: Io): Command {
  const command = new Command('sim')
    .option(
      '--host <address>',
      'address to listen on; more boards get the next ones',
      ipv4,
      '127.0.0.1',
    )
    .option(
      '--bmp-host <address>',
      "address of the boards' management processor; more frames of 24 boards get the next ones",
      ipv4,
    )
    .option('--bmp-port <port>', 'UDP port of management processors', listeningPort, SCP_PORT)
    .addOption(
      new Option(
        '--pace <pace>',
        'simulated time: "paced" like the wall clock, "fast" as fast as possible, or a number of seconds a second',
      )
        .argParser(paceOf)
        .default('paced'),
    )
    .addOption(
      new Option(
        '--monitor <monitor>',
        'who runs booted chips: a monitor of our own, or the very image they were sent',
      )
        .choices(['built-in', 'image'])
        .default('built-in'),
    )
    .option(
      '--workers <number>',
      'threads of this computer that run the boards of several; results stay the same',
      wholeNumber(1, MOST_WORKERS),
      1,
    )
    .option('--faults <file>', 'fault plan: what is to go wrong, as JSON')
    .addOption(
      new Option('--spalloc [port]', 'hand boards out to those who ask, by protocol version 1')
        .argParser(listeningPort)
        .preset('22244'),
    );
  withExamples(
    command,
    [
      ['sim', 'is a SpiNN-5 on 127.0.0.1.'],
      [
        'sim --triads 1x1 --bmp-host 127.0.0.9',
        'is three boards on three addresses, with their management.',
      ],
      [
        'sim --board spin3 --dead-core 1,1,5 --faults plan.json',
        'lacks a core, and goes wrong as a plan says.',
      ],
    ],
    '{ hosts, scpPort, bootPort, bmpHosts, bmpPort, chips, cores, spallocPort, gdbPort } as soon as it listens',
  );
  return runs<SimOptions>(
    withView(withDebugging(withListeningPorts(withDeadParts(withShape(command))))),
    io,
    (options, terminal) => runSim(command, options, terminal, io),
  );
}

function paceOf(value: string): Pace {
  return value === 'paced' || value === 'fast' ? value : positiveNumber(value);
}

async function runSim(
  command: Command,
  options: SimOptions,
  terminal: Terminal,
  io: Io,
): Promise<void> {
  await using served = await start(command, options);
  await using allocation = await allocationOf(command, options, served);
  const { hosts, address, virtual } = served;
  const { scpPort, bootPort } = address;
  const cores = virtual.machine.chips.reduce((count, chip) => count + chip.cores, 0);
  terminal.report(`${shapeName(shapeOf(command, options))}: ${describeMachine(virtual.machine)}`);
  terminal.report(`SCP on port ${scpPort}, boot on port ${bootPort} of ${hosts.join(', ')}`);
  const { bmpHosts, bmpPort } = served;
  if (bmpHosts.length > 0)
    terminal.report(`management on port ${bmpPort} of ${bmpHosts.join(', ')}`);
  if (allocation) terminal.report(`boards for those who ask on TCP port ${allocation.port}`);
  await using debugging = await startDebugging(virtual, options, terminal);
  const title = `a virtual ${shapeName(shapeOf(command, options))}`;
  await using viewing = await viewVirtual(title, virtual, options, terminal);
  const power = allocation ? 'switched off' : 'switched on, not booted';
  terminal.report(`${power}; stop it with Ctrl-C`);
  const chips = virtual.machine.chipCount;
  terminal.result({
    hosts,
    scpPort,
    bootPort,
    bmpHosts,
    bmpPort,
    chips,
    cores,
    spallocPort: allocation?.port,
    gdbPort: debugging.gdbPort,
    view: viewing?.url,
  });
  const status = terminal.status();
  const timer = setInterval(() => status.update(0, statusOf(virtual)), STATUS_MS);
  await io.untilStopped();
  clearInterval(timer);
  status.stop();
}

async function start(command: Command, options: SimOptions): Promise<ServedMachine> {
  const faults = options.faults === undefined ? undefined : await readFaultPlan(options.faults);
  const { deadChip: deadChips = [], deadLink: deadLinks = [], deadCore: deadCores = [] } = options;
  const { monitor, workers } = options;
  refuseToDebug(command, options);
  const shape = { ...shapeOf(command, options), deadChips, deadLinks, deadCores, monitor, workers };
  try {
    return await serve({ ...shape, ...faultsOf(faults) }, options);
  } catch (error) {
    // What is left to be wrong with the options are parts that the machine does not have.
    if (error instanceof RangeError) usageError(command, error.message);
    throw error;
  }
}

/** What follows cores needs all of them in one thread. */
function refuseToDebug(command: Command, { workers, gdb, trace, profile }: SimOptions): void {
  if (workers === 1 || (gdb ?? trace ?? profile) === undefined) return;
  const name = gdb !== undefined ? 'gdb' : trace !== undefined ? 'trace' : 'profile';
  usageError(command, `options '--workers' and '--${name}' exclude each other. Give one of them.`);
}

async function allocationOf(
  command: Command,
  { spalloc, host, board }: SimOptions,
  { virtual, hosts }: ServedMachine,
): Promise<(AsyncDisposable & { readonly port: number }) | undefined> {
  if (spalloc === undefined) return undefined;
  if (board === 'spin3') {
    usageError(
      command,
      "option '--spalloc' needs boards of 48 chips: give --board spin5 or --triads.",
    );
  }
  return serveAllocation(virtual, hosts, { host, port: spalloc });
}

const faultsOf = (faults: FaultPlan | undefined) => (faults === undefined ? {} : { faults });

function statusOf(virtual: VirtualMachine): string {
  const { received, lost, ...counts } = virtual.hostStatistics();
  const refused =
    counts.malformed + counts.unexpected + counts.withoutTag + counts.overrun + counts.unclaimed;
  return [
    `${(virtual.time / NS_PER_SECOND).toFixed(1)} s simulated`,
    virtual.isBooted ? 'booted' : 'not booted',
    `${received.toLocaleString('en')} messages`,
    `${refused.toLocaleString('en')} refused`,
    ...(lost > 0 ? [`${lost.toLocaleString('en')} lost`] : []),
  ].join(', ');
}

/** `spin-tools alloc`: gets boards from an allocation server, for a command or until it is stopped. */
import { allocate, type Job, type JobMachine, resumeJob } from '@spin-tools/spalloc-client';
import { Command } from 'commander';
import { environmentOf } from '../allocation/environment.js';
import {
  type BoardOptions,
  requestOf,
  type ServerCommandOptions,
  serverOf,
  withBoards,
  withServer,
} from '../allocation/options.js';
import { sayReplaced } from '../machine/reach.js';
import type { Terminal } from '../terminal/terminal.js';
import { jobCommand } from './alloc/job.js';
import { machinesCommand } from './alloc/machines.js';
import { allocPsCommand } from './alloc/ps.js';
import { runChild } from './alloc/run-child.js';
import { whereIsCommand } from './alloc/where-is.js';
import { type Io, runs, wholeNumber, withExamples } from './command.js';
import { CommandExit } from './end.js';

interface AllocOptions extends ServerCommandOptions, BoardOptions {
  readonly boot?: boolean;
  readonly resume?: number;
  readonly destroy: boolean;
}

/** Makes the command and those below it. */
export function allocCommand(io: Io): Command {
  const command = new Command('alloc')
    .argument('[command...]', 'what to run with the boards, behind --; its exit code is ours')
    .option('--boot', 'boot the boards, and replace those that do not come up')
    .option('-r, --resume <id>', 'take over a job that exists', wholeNumber(1, 2 ** 53 - 1))
    .option('-D, --no-destroy', 'leave the job to others at the end');
  withBoards(withServer(command));
  for (const make of [allocPsCommand, machinesCommand, jobCommand, whereIsCommand]) {
    command.addCommand(make(io));
  }
  withExamples(
    command,
    [
      ['alloc --boards 3', 'gets three boards, and keeps them until Ctrl-C.'],
      [
        'alloc --boards 1 --boot -- python3 experiment.py',
        'runs a program with a board, which SPALLOC_HOSTNAME names.',
      ],
    ],
    '{ job, machine, width, height, connections: [{ chip, host }] }; nothing with a command',
  );
  return runs<AllocOptions>(command, io, (options, terminal) =>
    runAlloc(command, options, terminal, io),
  );
}

async function runAlloc(
  command: Command,
  options: AllocOptions,
  terminal: Terminal,
  io: Io,
): Promise<void> {
  const job = await getJob(command, options, terminal);
  try {
    const machine = await job.machine();
    const words = command.args;
    if (words.length === 0) await showUntilStopped(job, machine, terminal, io);
    else await runWith(job, machine, words, options);
  } finally {
    await (options.destroy ? job.destroy() : job.release());
  }
}

async function getJob(command: Command, options: AllocOptions, terminal: Terminal): Promise<Job> {
  const { resume, boot = false } = options;
  const server = serverOf(options);
  if (resume === undefined) {
    return allocate({
      ...server,
      ...requestOf(command, options),
      boot,
      onReplaced: sayReplaced(terminal),
    });
  }
  const job = await resumeJob(resume, server);
  try {
    await job.untilReady();
    return job;
  } catch (error) {
    await job.release();
    throw error;
  }
}

async function showUntilStopped(
  job: Job,
  { machineName, width, height, connections }: JobMachine,
  terminal: Terminal,
  io: Io,
): Promise<void> {
  terminal.say(`job ${job.id} has ${connections.length} boards of ${machineName}`);
  terminal.report(`${width} x ${height} chips, switched on; stop with Ctrl-C to give them back`);
  for (const { chip, host } of connections) terminal.say(`chip (${chip.x}, ${chip.y}) ${host}`);
  terminal.result({ job: job.id, machine: machineName, width, height, connections });
  const stop = new AbortController();
  const over = untilOver(job, stop.signal);
  await Promise.race([io.untilStopped(), over]);
  stop.abort();
  const state = await over;
  if (state !== undefined) terminal.report(`job ${job.id} is over: ${state}`);
}

/** Why the job ended; undefined when it did not. */
async function untilOver(job: Job, signal: AbortSignal): Promise<string | undefined> {
  try {
    for await (const { phase, reason } of job.states(signal)) {
      if (phase === 'destroyed') return reason ?? 'the server gave no reason';
    }
    return 'the server does not know it any more';
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}

async function runWith(
  job: Job,
  machine: JobMachine,
  [file, ...args]: readonly string[],
  options: AllocOptions,
): Promise<void> {
  const environment = environmentOf(job, machine, options);
  const code = await runChild(file as string, args, environment);
  if (code !== 0) throw new CommandExit(code);
}

/** `spin-tools alloc job`: shows a job, switches its boards, or ends it. */
import { type Job, type JobMachine, type JobState, resumeJob } from '@spin-tools/spalloc-client';
import { Argument, Command } from 'commander';
import { type ServerCommandOptions, serverOf, withServer } from '../../allocation/options.js';
import { columns } from '../../terminal/table.js';
import type { Terminal } from '../../terminal/terminal.js';
import { type Io, runs, wholeNumber, withExamples } from '../command.js';
import { usageError } from '../end.js';

interface JobCommandOptions extends ServerCommandOptions {
  readonly powerOn?: boolean;
  readonly powerOff?: boolean;
  readonly destroy?: string | boolean;
}

/** Makes the command. */
export function jobCommand(io: Io): Command {
  const command = new Command('job')
    .description('show a job, switch its boards, or end it')
    .addArgument(
      new Argument('<id>', 'number of the job').argParser(wholeNumber(1, Number.MAX_SAFE_INTEGER)),
    )
    .option('-p, --power-on', 'switch the boards on, or reset them')
    .option('--power-off', 'switch the boards off')
    .option('-D, --destroy [reason]', 'end the job');
  withExamples(
    command,
    [
      ['alloc job 42', 'shows a job.'],
      ['alloc job 42 --destroy "not needed"', 'ends it.'],
    ],
    '{ job, phase, power, keepalive, reason, startTime, machine }',
  );
  return runs<JobCommandOptions>(withServer(command), io, (options, terminal, id) =>
    runJob(command, options, terminal, Number(id)),
  );
}

async function runJob(
  command: Command,
  options: JobCommandOptions,
  terminal: Terminal,
  id: number,
): Promise<void> {
  const { powerOn, powerOff, destroy } = options;
  if ([powerOn, powerOff, destroy].filter((each) => each !== undefined).length > 1) {
    usageError(command, "give one of '--power-on', '--power-off' and '--destroy'.");
  }
  const job = await resumeJob(id, { ...serverOf(options), giveBackAtExit: false });
  try {
    if (powerOn) await job.powerOn();
    if (powerOff) await job.powerOff();
    if (destroy) await job.destroy(destroy === true ? 'Destroyed by its owner' : destroy);
    else await show(job, terminal);
  } finally {
    await job.release();
  }
}

async function show(job: Job, terminal: Terminal): Promise<void> {
  const state = await job.state();
  const hasBoards = state.phase === 'ready' || state.phase === 'power';
  const machine = hasBoards ? await job.machine() : null;
  for (const line of columns([...describeState(job.id, state), ...describeBoards(machine)])) {
    terminal.say(line);
  }
  terminal.result({ job: job.id, ...state, machine });
}

function describeState(id: number, { phase, power, keepalive, reason }: JobState) {
  return [
    ['job', String(id)],
    ['state', phase],
    ...(power === null ? [] : [['power', power ? 'on' : 'off']]),
    ...(keepalive === null ? [] : [['keepalive', `${keepalive} s`]]),
    ...(reason === null ? [] : [['reason', reason]]),
  ];
}

function describeBoards(machine: JobMachine | null) {
  if (machine === null) return [];
  const { machineName, width, height, connections } = machine;
  return [
    ['machine', machineName],
    ['chips', `${width} x ${height}`],
    ...connections.map(({ chip, host }) => [`chip (${chip.x}, ${chip.y})`, host]),
  ];
}

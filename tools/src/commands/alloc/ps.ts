/** `spin-tools alloc ps`: the jobs of an allocation server. */
import { connectToServer, type JobListing } from '@spin-tools/spalloc-client';
import { Command } from 'commander';
import { type ServerCommandOptions, serverOf, withServer } from '../../allocation/options.js';
import { table } from '../../terminal/table.js';
import type { Terminal } from '../../terminal/terminal.js';
import { type Io, runs, withExamples } from '../command.js';

interface PsOptions extends ServerCommandOptions {
  readonly name?: string;
  readonly owner?: string;
}

const HEADS = ['id', 'state', 'power', 'boards', 'machine', 'since', 'keepalive', 'owner'];
const MS_PER_SECOND = 1000;

/** Makes the command. */
export function allocPsCommand(io: Io): Command {
  const command = new Command('ps')
    .description('show the jobs of an allocation server')
    .option('-m, --name <name>', 'jobs on this machine only')
    .option('-o, --owner <name>', 'jobs of this owner only');
  withExamples(command, [['alloc ps --owner me@example', "lists one user's jobs."]], '{ jobs }');
  return runs(withServer(command), io, runPs);
}

async function runPs(options: PsOptions, terminal: Terminal): Promise<void> {
  await using server = await connectToServer(serverOf(options));
  const jobs = (await server.jobs()).filter(
    ({ owner, machineName }) =>
      (options.owner ?? owner) === owner && (options.name ?? machineName) === machineName,
  );
  if (jobs.length === 0) terminal.say('no jobs');
  else for (const line of table(HEADS, jobs.map(row))) terminal.say(line);
  terminal.result({ jobs });
}

function row(job: JobListing) {
  const { jobId, phase, power, boards, machineName, startTime, keepalive, owner, host } = job;
  return [
    ...[String(jobId), phase, power === null ? '' : power ? 'on' : 'off', String(boards.length)],
    ...[machineName ?? '', startTime === null ? '' : localTime(startTime)],
    keepalive === null ? '' : `${keepalive} s`,
    host === null ? owner : `${owner} (${host})`,
  ];
}

function localTime(seconds: number): string {
  return new Date(seconds * MS_PER_SECOND).toLocaleString('sv-SE');
}

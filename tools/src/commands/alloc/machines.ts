/** `spin-tools alloc machines`: the machines of an allocation server, and how full they are. */
import { connectToServer } from '@spin-tools/spalloc-client';
import { Command } from 'commander';
import { type ServerCommandOptions, serverOf, withServer } from '../../allocation/options.js';
import { table } from '../../terminal/table.js';
import type { Terminal } from '../../terminal/terminal.js';
import { type Io, runs, withExamples } from '../command.js';

/** Boards of a triad. */
const TRIAD_BOARDS = 3;

/** Makes the command. */
export function machinesCommand(io: Io): Command {
  const command = new Command('machines').description('show the machines of an allocation server');
  withExamples(
    command,
    [['alloc machines -H spalloc.example', 'shows how full the machines are.']],
    '{ machines }',
  );
  return runs(withServer(command), io, runMachines);
}

async function runMachines(options: ServerCommandOptions, terminal: Terminal): Promise<void> {
  await using server = await connectToServer(serverOf(options));
  const [machines, jobs] = await Promise.all([server.machines(), server.jobs()]);
  const counted = machines.map((machine) => {
    const { name, width, height, deadBoards } = machine;
    const here = jobs.filter(({ machineName }) => machineName === name);
    return {
      ...machine,
      boards: width * height * TRIAD_BOARDS - deadBoards.length,
      inUse: here.reduce((count, { boards }) => count + boards.length, 0),
      jobs: here.length,
    };
  });
  const rows = counted.map(({ name, width, height, boards, inUse, jobs: count, tags }) => [
    ...[name, `${width}x${height}`, String(boards), String(inUse), String(count)],
    tags.join(', '),
  ]);
  for (const line of table(['machine', 'triads', 'boards', 'in use', 'jobs', 'tags'], rows)) {
    terminal.say(line);
  }
  terminal.result({ machines: counted });
}

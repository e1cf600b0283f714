/** `spin-tools alloc where-is`: finds a board or chip in the room. */
import { connectToServer, type Location, type Place } from '@spin-tools/spalloc-client';
import { Command } from 'commander';
import { type ServerCommandOptions, serverOf, withServer } from '../../allocation/options.js';
import { columns } from '../../terminal/table.js';
import type { Terminal } from '../../terminal/terminal.js';
import { type Io, runs, withExamples } from '../command.js';
import { CommandExit, usageError } from '../end.js';

interface WhereIsOptions extends ServerCommandOptions {
  readonly board?: string[];
  readonly physical?: string[];
  readonly chip?: string[];
  readonly jobChip?: string[];
}

/** Exit code when nothing is there. Source: the official client. */
const NOTHING_THERE = 4;

/** Makes the command. */
export function whereIsCommand(io: Io): Command {
  const command = new Command('where-is')
    .description('find a board or chip in the room')
    .option('-b, --board <machine x y z...>', 'a board by its place among the triads')
    .option('-p, --physical <machine cabinet frame board...>', 'a board by where it hangs')
    .option('-c, --chip <machine x y...>', 'a chip of a machine')
    .option('-j, --job-chip <id x y...>', 'a chip of a job');
  withExamples(
    command,
    [['alloc where-is --job-chip 42 8 4', 'finds the board of a chip of job 42.']],
    '{ found }',
  );
  return runs<WhereIsOptions>(withServer(command), io, (options, terminal) =>
    runWhereIs(command, options, terminal),
  );
}

async function runWhereIs(
  command: Command,
  options: WhereIsOptions,
  terminal: Terminal,
): Promise<void> {
  const place = placeOf(command, options);
  await using server = await connectToServer(serverOf(options));
  const found = await server.whereIs(place);
  terminal.result({ found });
  if (found === null) {
    terminal.note('nothing is there');
    throw new CommandExit(NOTHING_THERE);
  }
  for (const line of columns(describe(found))) terminal.say(line);
}

function placeOf(command: Command, options: WhereIsOptions): Place {
  const { board, physical, chip, jobChip } = options;
  const forms = [board, physical, chip, jobChip].filter((form) => form !== undefined);
  const [words] = forms;
  if (words === undefined || forms.length > 1) {
    usageError(command, "give one of '--board', '--physical', '--chip' and '--job-chip'.");
  }
  const wanted = words === board || words === physical ? 4 : 3;
  const [first = '', ...rest] = words;
  const numbers = rest.map(Number);
  const areNumbers = rest.every((word) => /^\d{1,9}$/.test(word));
  if (words.length !== wanted || !areNumbers || (words === jobChip && !/^\d{1,15}$/.test(first))) {
    usageError(
      command,
      `"${words.join(' ')}" is no place: see "spin-tools alloc where-is --help".`,
    );
  }
  const [a, b, c] = numbers as [number, number, number];
  if (words === board) return { machine: first, x: a, y: b, z: c };
  if (words === physical) return { machine: first, cabinet: a, frame: b, board: c };
  if (words === chip) return { machine: first, chip: { x: a, y: b } };
  return { jobId: Number(first), chip: { x: a, y: b } };
}

function describe({ machine, logical, physical, chip, boardChip, jobId, jobChip }: Location) {
  return [
    ['machine', machine],
    ['board', `${logical.x},${logical.y},${logical.z}`],
    ['hangs in', `cabinet ${physical.cabinet}, frame ${physical.frame}, board ${physical.board}`],
    ['chip', `(${chip.x}, ${chip.y}), on its board (${boardChip.x}, ${boardChip.y})`],
    ['job', jobId === null ? 'none' : String(jobId)],
    ...(jobChip === null ? [] : [['chip of the job', `(${jobChip.x}, ${jobChip.y})`]]),
  ];
}

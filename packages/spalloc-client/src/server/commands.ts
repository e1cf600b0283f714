/**
 * Answers of a server of protocol version 1, one function for each command. Source: the protocol page of the
 * Python spalloc_server, whose replies they repeat field by field.
 */
import type { Location, LogicalBoard } from '../v1/results.js';
import { BadArgumentError, named, parseWish, type Request, whole, words } from './arguments.js';
import type { Jobs, LiveJob } from './jobs.js';
import {
  boardAt,
  boardAtPosition,
  boardOfChip,
  deadBoards,
  locate,
  onBoard,
  relativeTo,
  rootChip,
  type ServedMachine,
} from './machine.js';
import type { Watcher } from './watcher.js';

/** Who asks, and whom. */
export interface Asker {
  readonly jobs: Jobs;
  /** Address of the host. */
  readonly host: string;
  readonly watcher: Watcher;
}

/** Carries a command out and gives the value to return. */
type Answer = (request: Request, asker: Asker) => unknown;

/** Version that the server says it has: of the protocol's last Python server. */
const VERSION = '6.0.1';

/** Numbers of phases on the wire. */
const PHASES = { unknown: 0, queued: 1, power: 2, ready: 3, destroyed: 4 } as const;

/** All commands. */
export const ANSWERS: Readonly<Record<string, Answer>> = {
  version: (request) => {
    named(request, []);
    return VERSION;
  },
  create_job: (request, { jobs, host }) => jobs.create(parseWish(request), host),
  job_keepalive: onJob(() => null),
  get_job_state: onJob((id, { jobs }) => stateOf(jobs, id)),
  get_job_machine_info: onJob((id, { jobs }) => machineInfo(jobs.get(id))),
  power_on_job_boards: onJob((id, { jobs }) => {
    jobs.power(id, true);
    return null;
  }),
  power_off_job_boards: onJob((id, { jobs }) => {
    jobs.power(id, false);
    return null;
  }),
  destroy_job: (request, { jobs }) => {
    const given = named(request, ['job_id', 'reason']);
    jobs.destroy(whole(given, 'job_id'), given.reason == null ? null : String(given.reason));
    return null;
  },
  notify_job: (request, { watcher }) => watcher.watchJob(jobIdOf(request)),
  no_notify_job: (request, { watcher }) => watcher.ignoreJob(jobIdOf(request)),
  notify_machine: (request, { watcher }) => watcher.watchMachine(machineNameOf(request)),
  no_notify_machine: (request, { watcher }) => watcher.ignoreMachine(machineNameOf(request)),
  list_jobs: (request, { jobs }) => {
    named(request, []);
    return jobs.live.map(listedJob);
  },
  list_machines: (request, { jobs }) => {
    named(request, []);
    return jobs.machines.map(listedMachine);
  },
  get_board_position: (request, { jobs }) => {
    const { machine, x, y, z } = placeOf(request, jobs);
    const found = machine && boardAt(machine, { x, y, z });
    return found ? physical(found) : null;
  },
  get_board_at_position: (request, { jobs }) => {
    const { machine, x, y, z } = placeOf(request, jobs);
    const found = machine && boardAtPosition(machine, { cabinet: x, frame: y, board: z });
    return found ? triple(found.logical) : null;
  },
  where_is: (request, { jobs }) => {
    const found = find(request, jobs);
    return found ? spelledLocation(found) : null;
  },
};

/** A command on one job, which is a sign of life of its owner. */
function onJob(act: (id: number, asker: Asker) => unknown): Answer {
  return (request, asker) => {
    const id = whole(named(request, ['job_id']), 'job_id');
    asker.jobs.keepAlive(id, asker.host);
    return act(id, asker);
  };
}

function jobIdOf(request: Request): number | undefined {
  const given = named(request, ['job_id']);
  return given.job_id == null ? undefined : whole(given, 'job_id');
}

function machineNameOf(request: Request): string | undefined {
  const given = named(request, ['machine_name']);
  return given.machine_name == null ? undefined : words(given, 'machine_name');
}

function placeOf(request: Request, jobs: Jobs) {
  const given = named(request, ['machine_name', 'x', 'y', 'z']);
  const machine = machineNamed(jobs, words(given, 'machine_name'));
  return { machine, x: whole(given, 'x'), y: whole(given, 'y'), z: whole(given, 'z') };
}

function machineNamed(jobs: Jobs, name: string): ServedMachine | undefined {
  return jobs.machines.find((machine) => machine.name === name);
}

function stateOf(jobs: Jobs, id: number) {
  const job = jobs.get(id);
  const none = {
    power: null,
    keepalive: null,
    reason: null,
    start_time: null,
    keepalivehost: null,
  };
  if (job === undefined) {
    const retired = jobs.retirement(id);
    return retired
      ? { ...none, state: PHASES.destroyed, ...retired }
      : { ...none, state: PHASES.unknown };
  }
  return {
    ...none,
    state: PHASES[job.phase],
    power: job.phase === 'queued' ? null : job.power,
    keepalive: job.wish.keepalive,
    start_time: job.startTime,
    keepalivehost: job.keepaliveHost,
  };
}

function machineInfo(job: LiveJob | undefined) {
  const allocation = job?.allocation;
  if (allocation === undefined) {
    return { width: null, height: null, connections: null, machine_name: null, boards: null };
  }
  const { machine, boards, width, height, root } = allocation;
  return {
    ...{ width, height, machine_name: machine.name },
    connections: boards.map(({ logical, address }) => {
      const chip = rootChip(logical);
      return [[chip.x - root.x, chip.y - root.y], address];
    }),
    boards: boards.map(({ logical }) => triple(logical)),
  };
}

function listedJob({ id, wish, startTime, phase, power, allocation, keepaliveHost }: LiveJob) {
  return {
    job_id: id,
    owner: wish.owner,
    start_time: startTime,
    keepalive: wish.keepalive,
    state: PHASES[phase],
    power,
    args: wish.args,
    kwargs: wish.kwargs,
    allocated_machine_name: allocation?.machine.name ?? null,
    boards: allocation?.boards.map(({ logical }) => triple(logical)) ?? null,
    keepalivehost: keepaliveHost,
  };
}

function listedMachine(machine: ServedMachine) {
  const { name, tags, width, height, deadLinks } = machine;
  return {
    ...{ name, tags, width, height },
    dead_boards: deadBoards(machine).map(triple),
    dead_links: deadLinks.map(({ x, y, z, link }) => [x, y, z, link]),
  };
}

/** The four ways to say what is looked for. */
const FORMS = [
  ['machine', 'x', 'y', 'z'],
  ['machine', 'cabinet', 'frame', 'board'],
  ['machine', 'chip_x', 'chip_y'],
  ['job_id', 'chip_x', 'chip_y'],
] as const;

function find({ args, kwargs }: Request, jobs: Jobs): Location | undefined {
  const given = Object.keys(kwargs).sort().join(', ');
  const form = FORMS.findIndex((names) => [...names].sort().join(', ') === given);
  if (args.length > 0 || form < 0) throw new BadArgumentError(`Invalid arguments: ${given}`);
  const number = (name: string) => whole(kwargs, name);
  if (form === 3) {
    const chip = { x: number('chip_x'), y: number('chip_y') };
    return ofJob(jobs, jobs.get(number('job_id')), chip);
  }
  const machine = machineNamed(jobs, words(kwargs, 'machine'));
  if (machine === undefined) return undefined;
  if (form === 2) {
    return ofMachine(jobs, machine, { x: number('chip_x'), y: number('chip_y') });
  }
  const board =
    form === 0
      ? boardAt(machine, { x: number('x'), y: number('y'), z: number('z') })
      : boardAtPosition(machine, {
          ...{ cabinet: number('cabinet'), frame: number('frame'), board: number('board') },
        });
  return board && ofMachine(jobs, machine, rootChip(board.logical));
}

function ofJob(jobs: Jobs, job: LiveJob | undefined, chip: { x: number; y: number }) {
  if (job?.allocation === undefined) return undefined;
  const { root, machine } = job.allocation;
  const found = ofMachine(jobs, machine, { x: root.x + chip.x, y: root.y + chip.y });
  return found?.jobId === job.id ? found : undefined;
}

function ofMachine(
  jobs: Jobs,
  machine: ServedMachine,
  chip: { x: number; y: number },
): Location | undefined {
  const board = boardOfChip(machine, chip);
  if (board === undefined) return undefined;
  const found = locate(machine, board, onBoard(machine, board.logical, chip));
  const job = jobs.live.find(({ allocation }) => allocation?.boards.includes(board));
  if (job?.allocation === undefined) return { ...found, jobId: null, jobChip: null };
  const jobChip = relativeTo(machine, job.allocation.root, found.chip);
  return { ...found, jobId: job.id, jobChip };
}

function spelledLocation({
  machine,
  logical,
  physical: at,
  chip,
  boardChip,
  jobId,
  jobChip,
}: Location) {
  return {
    machine,
    logical: triple(logical),
    physical: [at.cabinet, at.frame, at.board],
    chip: [chip.x, chip.y],
    board_chip: [boardChip.x, boardChip.y],
    job_id: jobId,
    job_chip: jobChip && [jobChip.x, jobChip.y],
  };
}

function triple({ x, y, z }: LogicalBoard): number[] {
  return [x, y, z];
}

function physical({ physical: { cabinet, frame, board } }: { physical: Location['physical'] }) {
  return [cabinet, frame, board];
}

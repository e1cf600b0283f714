/** `--machine spalloc`: boards of an allocation server in place of a machine with an address. */
import process from 'node:process';
import type { BadBoard, Job } from '@spin-tools/spalloc-client';
import type { Command } from 'commander';
import { port, wholeNumber } from '../commands/command.js';
import { sharedOption } from '../settings/shared.js';
import { credentialsPrompt } from './ask.js';
import { surroundingJob } from './environment.js';

/** What {@link withAllocation} adds to a command's options. */
export interface AllocationOptions {
  /** Names of machines have been replaced by what they stand for. */
  readonly machine?: 'spalloc' | 'virtual';
  readonly spallocHost?: string;
  readonly spallocPort?: number;
  readonly owner?: string;
  readonly boards?: number;
  /** Triads that are asked for; commands that have no such option leave it out. */
  readonly triads?: { readonly width: number; readonly height: number };
  readonly job?: number;
  readonly scpPort: number;
  readonly bootPort: number;
}

/** Adds what belongs to boards of an allocation server, `--machine spalloc`. */
export function withAllocation(command: Command): Command {
  return command
    .optionsGroup('Boards of an allocation server:')
    .addOption(
      sharedOption('--spalloc-host <name>', 'the server (default: "hostname" in .spalloc)'),
    )
    .addOption(sharedOption('--spalloc-port <port>', 'its TCP port').argParser(port))
    .addOption(sharedOption('--owner <name>', 'who asks for boards (default: "owner" in .spalloc)'))
    .option('--boards <number>', 'how many boards to ask for', wholeNumber(1, 65_535))
    .option('--job <id>', 'use the boards of this job', wholeNumber(1, Number.MAX_SAFE_INTEGER));
}

/**
 * Lets `work` use boards that are booted, and gives them back; those of a job that was there before, named by
 * `--job` or because this program runs inside of `spin-tools alloc`, are left to it.
 *
 * @param replaced called with boards that did not boot, for which others were given
 */
export async function withBoardsOf<T>(
  options: AllocationOptions,
  replaced: (boards: readonly BadBoard[]) => void,
  work: (job: Job) => Promise<T>,
): Promise<T> {
  // Most commands reach machines without a server, and start in half the time without its client.
  const { allocate, resumeJob } = await import('@spin-tools/spalloc-client');
  const existing = existingJob(options);
  if (existing === undefined) {
    const { owner, triads, boards } = options;
    const wanted = triads ?? boards;
    await using job = await allocate({
      ...serverOf(options),
      ...(owner !== undefined && { owner }),
      ...(wanted !== undefined && { boards: wanted }),
      boot: true,
      onReplaced: replaced,
    });
    return await work(job);
  }
  const { id, ...server } = existing;
  const job = await resumeJob(id, { ...server, ...serverOf(options), giveBackAtExit: false });
  try {
    await job.untilReady();
    return await work(job);
  } finally {
    await job.release();
  }
}

/** Boards that were asked for on purpose are new ones, also inside of a job. */
function existingJob({ job, boards, triads }: AllocationOptions) {
  if (job !== undefined) return { ...surroundingJob(process.env), id: job };
  return boards === undefined && triads === undefined ? surroundingJob(process.env) : undefined;
}

function serverOf({ spallocHost, spallocPort, scpPort, bootPort }: AllocationOptions) {
  return {
    ...(spallocHost !== undefined && { host: spallocHost }),
    ...(spallocPort !== undefined && { port: spallocPort }),
    ...{ scpPort, bootPort, askCredentials: credentialsPrompt() },
  };
}

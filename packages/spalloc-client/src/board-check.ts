/** Finds the boards of a job that are of no use. */
import { BootError, type BootOptions, ScpError, ScpTimeoutError, version } from '@spin-tools/scp';
import type { Job } from './job.js';
import type { BadBoard } from './job-service.js';
import type { JobMachine } from './v1/results.js';

/** Boards that a user does not want. */
export function unwantedBoards(
  { connections }: JobMachine,
  avoid: readonly string[],
): readonly BadBoard[] {
  return connections
    .filter(({ host }) => avoid.includes(host))
    .map((board) => ({ ...board, why: 'it is to be avoided' }));
}

/** The monitor of a machine that has just come up is idle. */
const PATIENCE = { tries: 4, timeoutMs: 250 };

/** Boots a job's machine and gives the boards that did not come up. */
export async function bootBoards(
  job: Job,
  { connections }: JobMachine,
  options: BootOptions,
): Promise<readonly BadBoard[]> {
  const controller = await job.controller();
  try {
    await controller.boot(options);
    const answers = await Promise.all(
      connections.map(({ chip }) =>
        controller.scp.send(chip, version(), PATIENCE).then(isUp, isSilence),
      ),
    );
    return connections
      .filter((_, index) => answers[index] === false)
      .map((board) => ({ ...board, why: 'it did not come up with the others when booted' }));
  } catch (error) {
    if (!(error instanceof BootError)) throw error;
    // The image goes in by the first board, which passes it on.
    return connections
      .slice(0, 1)
      .map((board) => ({ ...board, why: `it did not boot in ${error.attempts} attempts` }));
  } finally {
    await controller.close();
  }
}

const isUp = () => true;

function isSilence(error: unknown): boolean {
  if (error instanceof ScpTimeoutError || error instanceof ScpError) return false;
  throw error;
}

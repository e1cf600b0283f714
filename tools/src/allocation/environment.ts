/** How a command that was given boards learns which: variables of its environment. */
import type { Job, JobMachine } from '@spin-tools/spalloc-client';
import type { ServerCommandOptions } from './options.js';

/** The variables; docs/spalloc.md explains them. */
export function environmentOf(
  job: Job,
  { machineName, width, height, connections }: JobMachine,
  { host, port }: ServerCommandOptions,
): Record<string, string> {
  return {
    SPALLOC_JOB_ID: String(job.id),
    SPALLOC_MACHINE: machineName,
    SPALLOC_HOSTNAME: connections[0]?.host ?? '',
    SPALLOC_WIDTH: String(width),
    SPALLOC_HEIGHT: String(height),
    SPALLOC_BOARDS: String(connections.length),
    SPALLOC_CONNECTIONS: connections
      .map(({ chip, host: at }) => `${chip.x},${chip.y}=${at}`)
      .join(' '),
    ...(host !== undefined && { SPALLOC_SERVER_HOST: host }),
    ...(port !== undefined && { SPALLOC_SERVER_PORT: String(port) }),
  };
}

/** The job that this program runs inside of, if there is one, and its server where that was named. */
export function surroundingJob(environment: NodeJS.ProcessEnv) {
  const { SPALLOC_JOB_ID, SPALLOC_SERVER_HOST, SPALLOC_SERVER_PORT } = environment;
  if (SPALLOC_JOB_ID === undefined || !/^\d{1,15}$/.test(SPALLOC_JOB_ID)) return undefined;
  return {
    id: Number(SPALLOC_JOB_ID),
    ...(SPALLOC_SERVER_HOST && { host: SPALLOC_SERVER_HOST }),
    ...(SPALLOC_SERVER_PORT && { port: Number(SPALLOC_SERVER_PORT) }),
  };
}

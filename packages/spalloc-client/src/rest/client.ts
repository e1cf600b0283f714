/** Questions to an allocation service with a web interface, whoever's the jobs are. */
import type { AllocationServer } from '../allocation-server.js';
import { SpallocCommandError } from '../errors.js';
import type { JobListing } from '../v1/results.js';
import {
  getRestJob,
  getRestJobMachine,
  listRestJobs,
  listRestMachines,
  whereIsByRest,
} from './requests.js';
import { type RestServer, RestSession } from './session.js';

/** Lists of jobs that are read, at most. */
const MOST_PAGES = 10;

/** Logs in. Throws what {@link RestSession.logIn} throws. */
export async function connectByRest(options: RestServer): Promise<AllocationServer> {
  const session = await RestSession.logIn(options);
  return {
    jobs: () => allJobs(session),
    machines: () => session.send(listRestMachines()),
    whereIs: (place) => session.send(whereIsByRest(place)),
    [Symbol.asyncDispose]: () => session.close(),
  };
}

async function allJobs(session: RestSession): Promise<JobListing[]> {
  const ids: number[] = [];
  for (let page = 0; page < MOST_PAGES; page++) {
    const found = await session.send(listRestJobs(ids.length));
    ids.push(...found.ids);
    if (!found.hasMore || found.ids.length === 0) break;
  }
  const jobs: JobListing[] = [];
  for (const id of ids.sort((a, b) => a - b)) {
    const job = await listing(session, id);
    if (job !== undefined) jobs.push(job);
  }
  return jobs;
}

/** The list names everybody's jobs; those of others are not to be seen. */
async function listing(session: RestSession, jobId: number): Promise<JobListing | undefined> {
  const job = await session.send(getRestJob(jobId));
  if (job === null || job.phase === 'destroyed') return undefined;
  const { owner, phase, startTime, keepaliveHost: host } = job;
  const allocation = await session.send(getRestJobMachine(jobId)).catch((error: unknown) => {
    // It may have ended since.
    if (error instanceof SpallocCommandError) return null;
    throw error;
  });
  return {
    ...{ jobId, owner, phase, startTime, host },
    power: null,
    keepalive: null,
    machineName: allocation?.machineName ?? null,
    boards: allocation?.boards ?? [],
  };
}

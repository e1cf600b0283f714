export {
  JobDestroyedError,
  SpallocCommandError,
  SpallocConnectionError,
  SpallocProtocolError,
  SpallocRequestError,
  SpallocTimeoutError,
  SpallocVersionError,
} from './errors.js';
export { type AllocateOptions, allocate, Job, requestJob } from './job.js';
export { SpallocClient, type SpallocServer } from './v1/client.js';
export * from './v1/commands.js';
export { type JobOptions, type JobRequest, jobRequest } from './v1/job-request.js';
export type {
  BoardConnection,
  JobListing,
  JobMachine,
  JobPhase,
  JobState,
  Location,
  LogicalBoard,
  MachineListing,
  PhysicalBoard,
} from './v1/results.js';

export {
  type AllocateOptions,
  allocate,
  type RequestOptions,
  requestJob,
  resumeJob,
} from './allocate.js';
export {
  type AllocationServer,
  connectToServer,
} from './allocation-server.js';
export type { Clock } from './clock.js';
export {
  readSettings,
  type SpallocSettings,
  settingsFiles,
  withSettings,
} from './config/settings.js';
export {
  BadBoardsError,
  JobDestroyedError,
  QueueTimeoutError,
  SpallocCommandError,
  SpallocConfigError,
  SpallocConnectionError,
  SpallocLogInError,
  SpallocProtocolError,
  SpallocProxyError,
  SpallocQuotaError,
  SpallocRequestError,
  SpallocTimeoutError,
  SpallocVersionError,
} from './errors.js';
export { Job, type WaitForBoards } from './job.js';
export type { BoardsWanted, JobOptions } from './job-options.js';
export type { BadBoard } from './job-service.js';
export type { RestJobOptions } from './rest/job-service.js';
export {
  BoardProxy,
  type ProxyOptions,
  type ProxyPlace,
  type UnconnectedChannel,
} from './rest/proxy.js';
export * from './rest/requests.js';
export {
  type Credentials,
  credentialsFromEnvironment,
  credentialsFromFile,
  Secret,
} from './rest/secrets.js';
export { type RestServer, RestSession } from './rest/session.js';
export type { ServerOptions } from './server-address.js';
export { SpallocClient, type SpallocServer } from './v1/client.js';
export * from './v1/commands.js';
export { type JobRequest, jobRequest } from './v1/job-request.js';
export type { BoardPorts } from './v1/job-service.js';
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
export { type SessionOptions, SpallocSession } from './v1/session.js';

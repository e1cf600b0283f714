/** Questions to an allocation server that concern no job of ours. */
import { readSettings, withSettings } from './config/settings.js';
import { SpallocRequestError } from './errors.js';
import { listJobs, listMachines, type Place, whereIs } from './v1/commands.js';
import type { JobListing, Location, MachineListing } from './v1/results.js';
import { type SessionOptions, SpallocSession } from './v1/session.js';

/** A server that is asked. */
export interface AllocationServer extends AsyncDisposable {
  /** Jobs that are not over, oldest first. */
  jobs(): Promise<readonly JobListing[]>;
  /** Machines, in the order in which the server prefers them. */
  machines(): Promise<readonly MachineListing[]>;
  /** Finds a board or chip; null when nothing is there. */
  whereIs(place: Place): Promise<Location | null>;
}

/** Which server; what is not given comes from configuration files. */
export type AllocationServerOptions = Partial<SessionOptions> & {
  /** Configuration files, the one that counts most at the end. Default: those of the official client. */
  readonly configFiles?: readonly string[];
};

/** @throws SpallocRequestError when no server is named, SpallocConnectionError when it cannot be reached */
export async function connectToServer(options: AllocationServerOptions): Promise<AllocationServer> {
  const { host, ...others } = withSettings(await readSettings(options.configFiles), options);
  if (host === undefined) throw noHost();
  const session = await SpallocSession.connect({ ...others, host });
  return {
    jobs: () => session.send(listJobs()),
    machines: () => session.send(listMachines()),
    whereIs: (place) => session.send(whereIs(place)),
    [Symbol.asyncDispose]: () => session.close(),
  };
}

/** What to say when no server is named. */
export function noHost(): SpallocRequestError {
  return new SpallocRequestError(
    'host',
    undefined,
    'name the server, here or as "hostname" in .spalloc',
  );
}

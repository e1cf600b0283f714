/** Questions to an allocation server that concern no job of ours. */
import { connectByRest } from './rest/client.js';
import { knownServer, type ServerOptions } from './server-address.js';
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

/**
 * Connects to a server of either generation.
 *
 * @throws SpallocRequestError when no server is named, SpallocConnectionError when it cannot be reached,
 * SpallocLogInError when it does not let us in
 */
export async function connectToServer(options: ServerOptions): Promise<AllocationServer> {
  const server = await knownServer(options);
  return server.kind === 'v1' ? connectByV1(server.options) : connectByRest(server.options);
}

async function connectByV1(options: SessionOptions): Promise<AllocationServer> {
  const session = await SpallocSession.connect(options);
  return {
    jobs: () => session.send(listJobs()),
    machines: () => session.send(listMachines()),
    whereIs: (place) => session.send(whereIs(place)),
    [Symbol.asyncDispose]: () => session.close(),
  };
}

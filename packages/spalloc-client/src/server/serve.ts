/**
 * An allocation server of protocol version 1, in front of boards that somebody else switches:
 * `@spin-tools/spalloc-client/server`. It answers, hangs up and takes boards back as the Python
 * spalloc_server does.
 */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { type Clock, systemClock } from '../clock.js';
import { SpallocProtocolError } from '../errors.js';
import { JsonLines } from '../v1/json-lines.js';
import { BadArgumentError, BadRequestError, parseRequest } from './arguments.js';
import { ANSWERS } from './commands.js';
import { Jobs } from './jobs.js';
import type { ServedMachine } from './machine.js';
import { Watcher } from './watcher.js';

export type { BoardPower, ServedBoard, ServedMachine } from './machine.js';

/** What to hand out, and where to listen. */
export interface ServeSpallocOptions {
  /** In the order in which they are given away. */
  readonly machines: readonly ServedMachine[];
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** 0 lets the system choose. Default 22244. */
  readonly port?: number;
  /** Where time comes from. Default: this computer. */
  readonly clock?: Clock;
}

/** A server that listens. */
export interface SpallocService {
  readonly host: string;
  readonly port: number;
  /** How many jobs are not over. */
  readonly liveJobs: number;
  /** How many connections are open. */
  readonly connections: number;
  /** Hangs up on everybody without warning, as a broken network does. Jobs live on. */
  hangUp(): void;
  /** Stops listening. */
  close(): Promise<void>;
}

/** TCP port of the protocol. */
const DEFAULT_PORT = 22244;
/** Bytes. A request is a few hundred. */
const LONGEST_REQUEST = 64 * 1024;
/** Bytes of answers that a client may leave unread before it is hung up on. */
const MOST_UNREAD = 4 * 1024 * 1024;
const MS_PER_SECOND = 1000;

/** Starts a server. Throws the system's error for a port that is taken. */
export async function serveSpalloc({
  machines,
  host = '127.0.0.1',
  port = DEFAULT_PORT,
  clock = systemClock,
}: ServeSpallocOptions): Promise<SpallocService> {
  const connections = new Map<Socket, Watcher>();
  const jobs = new Jobs({
    ...{ machines, clock },
    now: () => Date.now() / MS_PER_SECOND,
    changed: (what) => {
      for (const watcher of connections.values()) watcher.changed(what);
    },
  });
  const server = createServer({ noDelay: true, keepAlive: true }, (socket) => {
    const watcher = new Watcher((notification) => write(socket, notification));
    connections.set(socket, watcher);
    socket.on('close', () => connections.delete(socket));
    // A connection that breaks is closed next, which is all there is to know.
    socket.on('error', () => undefined);
    answer(socket, watcher, jobs);
  });
  server.listen(port, host);
  await once(server, 'listening');
  const hangUp = () => {
    for (const socket of connections.keys()) socket.destroy();
  };
  return {
    host,
    port: (server.address() as AddressInfo).port,
    get liveJobs() {
      return jobs.live.length;
    },
    get connections() {
      return connections.size;
    },
    hangUp,
    async close() {
      jobs.close();
      hangUp();
      server.close();
      await once(server, 'close');
    },
  };
}

function answer(socket: Socket, watcher: Watcher, jobs: Jobs): void {
  const lines = new JsonLines(LONGEST_REQUEST);
  const asker = { jobs, watcher, host: socket.remoteAddress ?? '' };
  socket.on('data', (bytes) => {
    try {
      for (const line of lines.push(bytes)) {
        const request = parseRequest(line);
        const carryOut = Object.hasOwn(ANSWERS, request.command)
          ? ANSWERS[request.command]
          : undefined;
        if (carryOut === undefined) throw new BadRequestError('there is no such command');
        write(
          socket,
          replyTo(() => carryOut(request, asker)),
        );
      }
    } catch (error) {
      const isTheirs = error instanceof BadRequestError || error instanceof SpallocProtocolError;
      if (!isTheirs) throw error;
      // What is no request gets no reply: the connection ends.
      socket.destroy();
    }
  });
}

function replyTo(carryOut: () => unknown): object {
  try {
    return { return: carryOut() };
  } catch (error) {
    if (error instanceof BadArgumentError) return { exception: error.message };
    throw error;
  }
}

function write(socket: Socket, message: object): void {
  if (socket.destroyed) return;
  socket.write(`${JSON.stringify(message)}\n`);
  if (socket.writableLength > MOST_UNREAD) socket.destroy();
}

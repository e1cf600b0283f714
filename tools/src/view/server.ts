/**
 * Serves the viewer: one page, a stream of messages (server-sent events), and questions of the page. Only looks can be
 * asked for, and only by pages from here: requests with another host's name are refused, so that no web page that the
 * user visits can reach a machine through this server.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, isIP } from 'node:net';
import type { Journal } from './journal.js';
import { encodeMessage, type Message, type Question } from './messages.js';
import { livePage } from './page-file.js';

/** What to serve, and where. */
export interface ViewerServerOptions {
  readonly journal: Journal;
  /** Called for each question of a page; its answer goes to the journal. */
  ask?(question: Question): Promise<void>;
  /** Address to listen on. Default 127.0.0.1. */
  readonly host?: string;
  /** TCP port; 0, the default, leaves the choice to the system. */
  readonly port?: number;
}

/** A viewer that is being served. */
export interface ViewerServer extends AsyncDisposable {
  /** Where to point a browser. */
  readonly url: string;
}

/** What a page may load: nothing but itself and its messages. */
const POLICY =
  "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'; img-src data:";

/** Bytes that may wait for a slow page before it is cut off; it comes back by itself and starts anew. */
const MOST_WAITING_BYTES = 256_000_000;

/**
 * Starts serving.
 *
 * @throws the system's error for a port that is taken
 */
export async function serveViewer(options: ViewerServerOptions): Promise<ViewerServer> {
  const { host = '127.0.0.1', port = 0 } = options;
  const page = await livePage();
  const streams = new Set<() => void>();
  const server = createServer((request, response) => {
    const reply = (status: number, type: string, body: string) => {
      response.writeHead(status, {
        'content-type': type,
        'content-security-policy': POLICY,
        'x-content-type-options': 'nosniff',
        'cache-control': 'no-store',
      });
      response.end(body);
    };
    if (!isOurs(request)) return reply(403, 'text/plain', 'Open this page by its IP address.\n');
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://viewer');
    if (request.method === 'GET' && pathname === '/') return reply(200, 'text/html', page);
    if (request.method === 'GET' && pathname === '/messages') {
      return stream(options.journal, response, streams);
    }
    if (request.method === 'POST' && pathname === '/ask') {
      const question = questionOf(searchParams);
      if (question === undefined) return reply(400, 'text/plain', 'No question that is known.\n');
      options.ask?.(question).then(
        () => reply(204, 'text/plain', ''),
        () => reply(502, 'text/plain', 'The machine gave no answer.\n'),
      );
      if (options.ask === undefined) reply(204, 'text/plain', '');
      return;
    }
    reply(404, 'text/plain', 'There is nothing here but the page at /.\n');
  });
  server.listen(port, host);
  await once(server, 'listening');
  const { port: bound } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}/`,
    async [Symbol.asyncDispose]() {
      for (const end of streams) end();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Whether a request names this server by an address, or as localhost: names of others may lead here, too. */
function isOurs({ headers: { host = '' } }: IncomingMessage): boolean {
  const name = host.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
  return name === 'localhost' || isIP(name) !== 0;
}

function stream(journal: Journal, response: ServerResponse, streams: Set<() => void>): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  const send = (message: Message) => {
    response.write(`data: ${encodeMessage(message)}\n\n`);
    if (response.writableLength > MOST_WAITING_BYTES) response.destroy();
  };
  for (const message of journal.messages()) send(message);
  const stop = journal.listen(send);
  const end = () => {
    stop();
    streams.delete(end);
    response.end();
  };
  streams.add(end);
  response.on('close', end);
}

function questionOf(parameters: URLSearchParams): Question | undefined {
  const number = (name: string): number => {
    const text = parameters.get(name) ?? '';
    return /^\d{1,6}$/.test(text) ? Number(text) : -1;
  };
  const chip = number('chip');
  if (chip < 0) return undefined;
  const about = parameters.get('about');
  if (about === 'chip') return { about, chip };
  const core = number('core');
  return about === 'iobuf' && core >= 0 ? { about, chip, core } : undefined;
}

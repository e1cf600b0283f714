/** From replies of HTTP to answers, or errors that say what was refused and why. */
import {
  SpallocCommandError,
  SpallocLogInError,
  SpallocProtocolError,
  SpallocQuotaError,
} from '../errors.js';
import type { HttpReply } from './http.js';
import type { RestRequest } from './requests.js';

/**
 * The answer in a reply.
 *
 * @throws SpallocCommandError, SpallocQuotaError or SpallocLogInError for a refusal, SpallocProtocolError for an
 * answer that makes no sense
 */
export function answerOf<T>(request: RestRequest<T>, reply: HttpReply, base: URL): T {
  const { method, path } = request;
  const what = `${method} ${path}`;
  if (reply.status === 204) return request.parse(undefined);
  if (reply.status >= 200 && reply.status < 300) return request.parse(decode(request, reply));
  if (request.missing === reply.status) return request.parse(undefined);
  if (reply.status === 401) throw new SpallocLogInError(base.href, reply.status);
  if (reply.status >= 300 && reply.status < 400) {
    throw new SpallocProtocolError(
      `the allocation service redirects ${what}, which is no web page`,
    );
  }
  const reason = textOf(reply).slice(0, MOST_SHOWN).trim() || `HTTP status ${reply.status}`;
  if (/quota/i.test(reason)) throw new SpallocQuotaError(what, reason);
  throw new SpallocCommandError(what, reason);
}

/** Characters of a reason that are shown; some services answer with whole pages. */
const MOST_SHOWN = 300;

function decode(request: RestRequest<unknown>, reply: HttpReply): unknown {
  if (request.answer === 'bytes') return reply.bytes;
  if (request.answer === 'nothing' || reply.bytes.length === 0) return undefined;
  return json(reply);
}

/** The JSON in a reply. @throws SpallocProtocolError when there is none */
export function json(reply: HttpReply): unknown {
  try {
    return JSON.parse(textOf(reply));
  } catch (cause) {
    throw new SpallocProtocolError('the allocation service sent something that is not JSON', {
      cause,
    });
  }
}

/** The text in a reply. */
export function textOf({ bytes }: HttpReply): string {
  return new TextDecoder().decode(bytes);
}

/** The header that says what a body is. */
export function contentType(body: RestRequest<unknown>['body']): Record<string, string> {
  if (body === undefined) return {};
  if (body instanceof Uint8Array) return { 'Content-Type': 'application/octet-stream' };
  return { 'Content-Type': typeof body === 'string' ? 'text/plain' : 'application/json' };
}

/** A body as it is sent. */
export function encode(body: NonNullable<RestRequest<unknown>['body']>): string | Uint8Array {
  return typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body);
}

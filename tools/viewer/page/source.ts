/** Where messages come from: the server of the page, or the page itself. */
import { decodeMessage, type Message, type Question } from '../../src/view/messages.js';

/** Something that tells of a machine. */
export interface Source {
  /** Whether questions are answered, so that more can be known than was told. */
  readonly isLive: boolean;
  ask(question: Question): void;
}

/** Messages that the page holds, all at once. */
export function recordedSource(json: string, take: (message: Message) => void): Source {
  for (const part of JSON.parse(json) as unknown[]) take(decodeMessage(JSON.stringify(part)));
  return { isLive: false, ask: () => {} };
}

/** Messages of the server, as they come. It is called again by itself when the connection breaks. */
export function serverSource(take: (message: Message) => void): Source {
  const events = new EventSource('messages');
  let lost = false;
  events.onmessage = ({ data }) => {
    lost = false;
    take(decodeMessage(String(data)));
  };
  events.onerror = () => {
    if (lost) return;
    lost = true;
    take({ type: 'status', status: 'lost', text: 'spin-tools does not answer any more' });
  };
  return {
    isLive: true,
    ask: (question) => {
      const parameters = new URLSearchParams(
        Object.entries(question).map(([key, value]) => [key, String(value)]),
      );
      // Where nobody answers the stream of messages says so.
      fetch(`ask?${parameters}`, { method: 'POST' }).catch(() => {});
    },
  };
}

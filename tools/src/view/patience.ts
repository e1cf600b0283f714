/** What to bear with a machine that is watched, and how long to wait. */
import {
  CorruptMemoryError,
  MalformedMessageError,
  ScpEmptyReplyError,
  ScpError,
  ScpTimeoutError,
} from '@spin-tools/scp';

const NO_ANSWERS = [
  ScpError,
  ScpTimeoutError,
  ScpEmptyReplyError,
  MalformedMessageError,
  CorruptMemoryError,
];

/** Whether an error is caused by a machine that is away, busy or broken. */
export function isNoAnswer(error: unknown): boolean {
  return NO_ANSWERS.some((kind) => error instanceof kind);
}

/** Waits, ms, but not longer than until a signal; not at all for a time that is over. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, Math.max(0, ms));
    signal.addEventListener('abort', done);
  });
}

/** Puts an error into words: one line for what a user can act on, the whole trace for a bug of ours. */

/** Names of errors that code throws by mistake; those that a user can cause have classes of their own. */
const MISTAKES = new Set([
  'AssertionError',
  'Error',
  'EvalError',
  'RangeError',
  'ReferenceError',
  'SyntaxError',
  'TypeError',
  'URIError',
]);

/** The words for standard error. */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return `spin-tools: ${String(error)}`;
  if (isSystemError(error)) return `spin-tools: ${systemAdvice(error)}`;
  if (!MISTAKES.has(error.name)) return `spin-tools: ${error.message}`;
  return `spin-tools: this is a bug in spin-tools, please report it\n${error.stack}`;
}

interface SystemError extends Error {
  readonly code: string;
  readonly syscall: string;
  readonly path?: string;
  readonly address?: string;
  readonly port?: number;
}

function isSystemError(error: Error): error is SystemError {
  return 'syscall' in error && 'code' in error && typeof error.code === 'string';
}

function systemAdvice({ code, message, path, address, port }: SystemError): string {
  const advice: Readonly<Record<string, string>> = {
    ENOENT: `there is no file ${path}`,
    EACCES: `no permission for ${path ?? `${address}:${port}`}`,
    EEXIST: `${path} is a file, where a folder is needed`,
    ENOTDIR: `${path} leads through a file as if it were a folder`,
    EISDIR: `${path ?? 'the path'} is a folder, not a file`,
    EADDRINUSE: `port ${port} on ${address} is taken: stop what uses it, or give another port`,
    EADDRNOTAVAIL: `${address} is not an address of this computer`,
    ENOTFOUND: `${message}: is the name of the host right?`,
  };
  return advice[code] ?? message;
}

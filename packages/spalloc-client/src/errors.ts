/** What can go wrong between asking for boards and getting them: one class per kind worth catching. */

/** An option of ours that no server could fulfil; nothing was sent. */
export class SpallocRequestError extends Error {
  override readonly name = 'SpallocRequestError';

  constructor(
    readonly field: string,
    readonly value: unknown,
    advice: string,
  ) {
    super(`"${field}" is ${JSON.stringify(value) ?? String(value)}: ${advice}`);
  }
}

/** The server cannot be reached, or the connection to it broke. */
export class SpallocConnectionError extends Error {
  override readonly name = 'SpallocConnectionError';

  constructor(
    readonly host: string,
    readonly port: number,
    happened: string,
    options?: ErrorOptions,
  ) {
    super(
      `allocation server ${host}:${port}: ${happened}. Is the address right and the server running?`,
      options,
    );
  }
}

/** The server did not answer a command in time. The connection is closed, so that a late reply cannot pass for another's. */
export class SpallocTimeoutError extends Error {
  override readonly name = 'SpallocTimeoutError';

  constructor(
    readonly host: string,
    readonly port: number,
    readonly command: string,
    readonly waitedMs: number,
  ) {
    super(
      `allocation server ${host}:${port} did not answer ${command} in ${waitedMs} ms. Connect again, or allow it more time with "timeoutMs"`,
    );
  }
}

/** The server answered a command with an exception. */
export class SpallocCommandError extends Error {
  override readonly name = 'SpallocCommandError';

  constructor(
    readonly command: string,
    /** What the server said; it may be empty. */
    readonly exception: string,
  ) {
    super(
      `the allocation server refused ${command}: ${exception === '' ? 'it gave no reason' : exception}`,
    );
  }
}

/** The server sent something that is not protocol version 1. */
export class SpallocProtocolError extends Error {
  override readonly name = 'SpallocProtocolError';
}

/** The server speaks a version that this client does not know. */
export class SpallocVersionError extends Error {
  override readonly name = 'SpallocVersionError';

  constructor(readonly version: string) {
    super(
      `the allocation server is version ${JSON.stringify(version)}; this client speaks 0.1.0 up to, not including, 7.0.0`,
    );
  }
}

/** The job ended before it could be used, or while it was. */
export class JobDestroyedError extends Error {
  override readonly name = 'JobDestroyedError';

  constructor(
    readonly jobId: number,
    readonly reason: string | null,
  ) {
    super(`job ${jobId} was destroyed: ${reason ?? 'the server gave no reason'}`);
  }
}

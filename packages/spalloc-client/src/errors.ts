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

  /** @param server `host:port`, or a URL */
  constructor(
    readonly server: string,
    happened: string,
    options?: ErrorOptions,
  ) {
    super(
      `allocation server ${server}: ${happened}. Is the address right and the server running?`,
      options,
    );
  }
}

/** The server did not answer a command in time. The connection is closed, so that a late reply cannot pass for another's. */
export class SpallocTimeoutError extends Error {
  override readonly name = 'SpallocTimeoutError';

  /** @param server `host:port`, or a URL */
  constructor(
    readonly server: string,
    readonly command: string,
    readonly waitedMs: number,
  ) {
    super(
      `allocation server ${server} did not answer ${command} in ${waitedMs} ms. Connect again, or allow it more time with "timeoutMs"`,
    );
  }
}

/** The server answered a command with an exception. */
export class SpallocCommandError extends Error {
  override readonly name: string = 'SpallocCommandError';

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
      `the allocation server is version ${JSON.stringify(version)}; this client speaks 0.1.0 up to, not including, 8.0.0`,
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

/** A job waited in the queue for longer than it was allowed to. */
export class QueueTimeoutError extends Error {
  override readonly name = 'QueueTimeoutError';

  constructor(
    readonly jobId: number,
    readonly limitMs: number,
  ) {
    super(
      `job ${jobId} is still in the queue after ${limitMs / 1000} s. Ask for fewer boards, or allow it more time in the queue`,
    );
  }
}

/** Boards of a job are of no use, and so were those that were given in their place. */
export class BadBoardsError extends Error {
  override readonly name = 'BadBoardsError';

  /** @param boards addresses of the boards that are of no use */
  constructor(
    readonly boards: readonly string[],
    readonly why: string,
    options?: ErrorOptions,
  ) {
    super(
      `${boards.length === 1 ? 'board' : 'boards'} ${boards.join(', ')}: ${why}. Tell those who run the machine, or avoid these boards`,
      options,
    );
  }
}

/** A configuration file has a line or a value that makes no sense. */
export class SpallocConfigError extends Error {
  override readonly name = 'SpallocConfigError';

  constructor(
    readonly file: string,
    problem: string,
  ) {
    super(`${file}: ${problem}`);
  }
}

/** An allocation service does not let us in. It is not tried again, as accounts are locked after a few failures. */
export class SpallocLogInError extends Error {
  override readonly name = 'SpallocLogInError';

  /** @param status HTTP status */
  constructor(
    readonly server: string,
    readonly status: number,
  ) {
    super(
      `${server} does not let us in (HTTP status ${status}). Are user and password, or the token, right?`,
    );
  }
}

/** A quota of the user's group does not allow for more. */
export class SpallocQuotaError extends SpallocCommandError {
  override readonly name: string = 'SpallocQuotaError';
}

/** The proxy of an allocation service refuses to reach a board. */
export class SpallocProxyError extends Error {
  override readonly name = 'SpallocProxyError';

  /** @param reason as the service gives it; it may be empty */
  constructor(
    readonly what: string,
    readonly reason: string,
  ) {
    super(
      `the allocation service's proxy refused ${what}: ${reason === '' ? 'it gave no reason' : reason}`,
    );
  }
}

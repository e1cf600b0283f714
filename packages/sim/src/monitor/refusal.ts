/** How a monitor says no. */

/** Raised while a command is carried out; the reply carries its return code. */
export class Refusal extends Error {
  override readonly name = 'Refusal';

  /**
   * @param code a return code of SCP
   * @param payload what the reply carries besides
   * @param isLate sent when the command was over: no release hides it
   */
  constructor(
    readonly code: number,
    readonly payload: Uint8Array = new Uint8Array(0),
    readonly isLate = false,
  ) {
    super(`refused with return code 0x${code.toString(16)}`);
  }
}

/**
 * Raised by a request in whose course the monitor of a board stops with a run-time error. Ours lives on,
 * but gives no answer either.
 */
export class RunTimeError extends Error {
  override readonly name = 'RunTimeError';

  constructor() {
    super('the monitor of a board would stop here');
  }
}

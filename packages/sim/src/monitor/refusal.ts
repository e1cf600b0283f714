/** How a monitor says no. */

/** Raised while a command is carried out; the reply carries its return code. */
export class Refusal extends Error {
  override readonly name = 'Refusal';

  /** @param code a return code of SCP */
  constructor(readonly code: number) {
    super(`refused with return code 0x${code.toString(16)}`);
  }
}

/** A machine description that makes no sense; the message names the field. */
export class InvalidMachineError extends Error {
  override readonly name = 'InvalidMachineError';

  constructor(
    /** Where in the description, for example `chips[3].links`. */
    readonly field: string,
    readonly reason: string,
  ) {
    super(`invalid machine: ${field} ${reason}`);
  }
}

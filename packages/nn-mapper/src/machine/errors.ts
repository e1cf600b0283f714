/** A machine description that contradicts itself. */
export class InvalidMachineError extends Error {
  constructor(problem: string) {
    super(problem);
    this.name = 'InvalidMachineError';
  }
}

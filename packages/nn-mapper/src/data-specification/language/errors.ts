/** A data specification that cannot be written, read or carried out. */
export class DataSpecificationError extends Error {
  /** Name of the instruction, or its opcode in hex where there is none. */
  readonly instruction: string;
  /** Where it starts, words from the start of the program; undefined while it is being written. */
  readonly at: number | undefined;

  constructor(instruction: string, at: number | undefined, problem: string) {
    super(`${instruction}${at === undefined ? '' : ` at word ${at}`} ${problem}`);
    this.name = 'DataSpecificationError';
    this.instruction = instruction;
    this.at = at;
  }
}

/** Resources of a machine that a graph can run out of. */
export interface MachineShortage {
  readonly coresNeeded: number;
  readonly coresAvailable: number;
  readonly sdramBytesNeeded: number;
  readonly sdramBytesAvailable: number;
  /** Least number of chips like the largest one here on which the graph could fit. */
  readonly chipsNeeded: number;
  readonly chipsAvailable: number;
  /** The first vertex that found no place. */
  readonly vertex: string;
}

/** The graph needs more cores or SDRAM than the machine has, or has left in one piece. */
export class MachineTooSmallError extends Error implements MachineShortage {
  readonly coresNeeded: number;
  readonly coresAvailable: number;
  readonly sdramBytesNeeded: number;
  readonly sdramBytesAvailable: number;
  readonly chipsNeeded: number;
  readonly chipsAvailable: number;
  readonly vertex: string;

  constructor(shortage: MachineShortage) {
    super(describeShortage(shortage));
    this.name = 'MachineTooSmallError';
    this.coresNeeded = shortage.coresNeeded;
    this.coresAvailable = shortage.coresAvailable;
    this.sdramBytesNeeded = shortage.sdramBytesNeeded;
    this.sdramBytesAvailable = shortage.sdramBytesAvailable;
    this.chipsNeeded = shortage.chipsNeeded;
    this.chipsAvailable = shortage.chipsAvailable;
    this.vertex = shortage.vertex;
  }
}

/** A vertex is fixed to a chip or core that does not exist, is dead or is taken. */
export class ImpossiblePlacementError extends Error {
  readonly vertex: string;

  constructor(vertex: string, problem: string) {
    super(`vertex "${vertex}" ${problem}`);
    this.name = 'ImpossiblePlacementError';
    this.vertex = vertex;
  }
}

function describeShortage(shortage: MachineShortage): string {
  const { coresNeeded, coresAvailable, chipsNeeded, chipsAvailable, vertex } = shortage;
  const mebibytes = (bytes: number) => (bytes / 2 ** 20).toFixed(1);
  const lacking =
    coresNeeded > coresAvailable
      ? 'too few cores'
      : shortage.sdramBytesNeeded > shortage.sdramBytesAvailable
        ? 'too little SDRAM'
        : 'room enough in all, but not in one chip where it is needed';
  return (
    `no place for vertex "${vertex}": ${lacking}. ` +
    `The graph needs ${coresNeeded} cores and ${mebibytes(shortage.sdramBytesNeeded)} MiB of SDRAM ` +
    `(at least ${chipsNeeded} chips); the machine has ${coresAvailable} application cores and ` +
    `${mebibytes(shortage.sdramBytesAvailable)} MiB on ${chipsAvailable} chips. ` +
    'Use a larger machine, fewer or smaller vertices, or fewer reserved cores.'
  );
}

/** What can go wrong while a machine trains a network. */

/** A dense core, or the sequencer, as messages name it. */
export interface CoreReport {
  /** For example `hidden tile 3,0`. */
  readonly role: string;
  readonly x: number;
  readonly y: number;
  readonly core: number;
  /** State of the core and, after a run-time error, which one. */
  readonly state: string;
  /** What it misses in the middle of a batch, if it could still say so. */
  readonly waitsFor?: string;
  /** What the core wrote to its IOBUF, at most the last lines. */
  readonly output: string;
}

/** Cores did not do what a command asked for. */
export class MachineRunError extends Error {
  override readonly name = 'MachineRunError';
  /** Cores concerned; the first ones when there are many. */
  readonly cores: readonly CoreReport[];
  /** Batches finished before. Their updates are in the weights on the machine. */
  readonly batchesDone: number;

  constructor(what: string, cores: readonly CoreReport[], batchesDone: number) {
    const progress = batchesDone > 0 ? ` after ${batchesDone} finished batches` : '';
    const named = cores.length > 0 ? `: ${cores.map(describe).join('; ')}` : '';
    super(`${what}${progress}${named}`);
    this.cores = cores;
    this.batchesDone = batchesDone;
  }
}

function describe({ role, x, y, core, state, waitsFor, output }: CoreReport): string {
  const said = output === '' ? '' : `, which said: ${output}`;
  const waits = waitsFor === undefined ? '' : ` and waits for ${waitsFor}`;
  return `${role} on chip (${x}, ${y}) core ${core} is in ${state}${waits}${said}`;
}

/** Packets that one router gave up. */
export interface RouterDrops {
  readonly x: number;
  readonly y: number;
  readonly packets: number;
  /** Links, 0 to 5, and virtual cores that the last of them could not be sent to, as far as known. */
  readonly links: readonly number[];
  readonly cores: readonly number[];
}

/** Routers dropped packets, so results cannot be trusted. */
export class PacketsDroppedError extends Error {
  override readonly name = 'PacketsDroppedError';
  readonly drops: readonly RouterDrops[];

  constructor(drops: readonly RouterDrops[], cause?: Error) {
    const total = drops.reduce((sum, { packets }) => sum + packets, 0);
    const dropped = `${total} packets were dropped: ${drops.slice(0, 8).map(describeDrops).join('; ')}. `;
    const failed = cause instanceof MachineRunError ? cause.cores : [];
    const isDead = failed.some((core) => drops.some((each) => isTowards(each, core)));
    super(
      (isDead ? `${cause?.message}. ` : '') +
        dropped +
        'The weights on the machine are not to be trusted: set them again. ' +
        (isDead
          ? 'A core that packets cannot be sent to is broken, or its program stopped: try another machine.'
          : 'Use another tiling, or report this as a bug of the pacing.'),
      { cause },
    );
    this.drops = drops;
  }
}

const isTowards = ({ x, y, cores }: RouterDrops, core: CoreReport): boolean =>
  x === core.x && y === core.y && cores.includes(core.core);

function describeDrops({ x, y, packets, links, cores }: RouterDrops): string {
  const to = [...links.map((link) => `link ${link}`), ...cores.map((core) => `core ${core}`)];
  return `${packets} by chip (${x}, ${y})${to.length > 0 ? ` towards ${to.join(', ')}` : ''}`;
}

/** Chips have no room for one batch of a model that is no stack of Dense layers. */
export class ScheduleTooLargeError extends Error {
  override readonly name = 'ScheduleTooLargeError';
  readonly batchSize: number;
  /** Chips that would share the batch. */
  readonly chips: number;
  /** Bytes needed on each of them. */
  readonly bytes: number;
  readonly bytesFree: number;

  constructor(details: {
    readonly batchSize: number;
    readonly chips: number;
    readonly bytes: number;
    readonly bytesFree: number;
    /** Whether values have 32 bits, so that fewer would do. */
    readonly isExact: boolean;
  }) {
    const { batchSize, chips, bytes, bytesFree, isExact } = details;
    const mebibytes = (size: number) => (size / 2 ** 20).toFixed(1);
    const shared = chips === 1 ? 'a chip' : `each of ${chips} chips that share it`;
    const advice = [
      ...(batchSize > 1 ? ['a smaller batch size'] : []),
      ...(batchSize > chips ? ['more chips, by the option "replicas" or another machine'] : []),
      ...(isExact ? ["mode 'fast'"] : []),
      "engine 'functional'",
    ];
    super(
      `a batch of ${batchSize} takes ${mebibytes(bytes)} MiB (${bytes.toLocaleString('en')} bytes) of SDRAM on ` +
        `${shared}, which has ${mebibytes(bytesFree)} MiB free. Use ${advice.join(', or ')}.`,
    );
    this.batchSize = batchSize;
    this.chips = chips;
    this.bytes = bytes;
    this.bytesFree = bytesFree;
  }
}

/** A data set does not fit the SDRAM of a chip. */
export class DataSetTooLargeError extends Error {
  override readonly name = 'DataSetTooLargeError';

  constructor(
    readonly samples: number,
    /** Bytes needed on chip (x, y). */
    readonly bytes: number,
    readonly bytesFree: number,
    readonly chip: { readonly x: number; readonly y: number },
  ) {
    const mebibytes = (size: number) => (size / 2 ** 20).toFixed(1);
    super(
      `${samples} samples take ${mebibytes(bytes)} MiB on chip (${chip.x}, ${chip.y}), which has ` +
        `${mebibytes(bytesFree)} MiB of SDRAM left. Load fewer samples at a time, or spread the ` +
        'first layer over more chips with more column blocks.',
    );
  }
}

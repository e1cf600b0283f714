/**
 * How much DTCM a configuration of the `dense` program takes.
 *
 * The program lays its buffers out at the start in the order of {@link dtcmBytes} (`kernels/dense/arena.c`)
 * and stops with run-time error 10 when they do not fit.
 */

/** DTCM left for buffers after globals, send queue and stacks, bytes; `arena_end - arena_start` of the image is at least this. */
export const DTCM_ARENA_BYTES = 58 * 1024;

/** Fewest core cycles between two packets that the send timer can keep. */
export const MINIMUM_SEND_GAP = 100;

/** The block of weights of one core. */
export interface TileMemory {
  readonly rows: number;
  readonly columns: number;
  /** Inputs come from SDRAM. */
  readonly firstLayer: boolean;
  /** Sums and deltas stay on this core. */
  readonly localHead: boolean;
}

/** The units that one core sums up. */
export interface HeadMemory {
  readonly units: number;
  /** Keeps targets. */
  readonly outputLayer: boolean;
}

/** What one core does, as far as its memory is concerned. */
export interface CoreMemory {
  readonly mode: 'fast' | 'exact';
  /** Largest batch, samples. */
  readonly batch: number;
  readonly tile?: TileMemory;
  readonly head?: HeadMemory;
}

const roundUp = (value: number, multiple: number): number => Math.ceil(value / multiple) * multiple;
const sum = (sizes: readonly number[]): number =>
  sizes.reduce((total, size) => total + roundUp(size, 8), 0);

const tileBytes = (tile: TileMemory, exact: boolean, samples: number, counts: number): number => {
  const rows = roundUp(tile.rows, 2);
  const columns = roundUp(tile.columns, 2);
  return sum([
    4 * rows * columns, // master weights
    exact ? 0 : 2 * rows * columns, // weights as multiplied
    (exact ? 4 : 2) * columns * samples, // inputs of a batch
    exact ? 4 * rows * samples : 2 * roundUp(rows, 4) * samples, // deltas of a batch
    tile.firstLayer ? 0 : counts, // activations received, by sample
    tile.localHead ? 0 : counts, // deltas received, by sample
  ]);
};

const headBytes = (head: HeadMemory, exact: boolean, samples: number, counts: number): number => {
  const units = roundUp(head.units, 2);
  const operands = (exact ? 4 : 2) * units * samples;
  return sum([
    (exact ? 2 : 1) * units * counts, // partial sums, then back sums
    operands, // activations of a batch
    head.outputLayer ? operands : 0, // targets of a batch
    4 * units, // master bias
    8 * units, // bias as added
    8 * units, // gradient of the bias
    4 * units, // pre-activations or errors of one sample
    4 * units, // activations of one sample, fraction 31
    counts, // partial sums, then back sums received, by sample
  ]);
};

/**
 * Bytes of DTCM that the buffers of one core take; at most {@link DTCM_ARENA_BYTES} fit.
 *
 * `batch` counts up to the next even number for buffers of operands and to the next power of two for sums and counts.
 */
export const dtcmBytes = ({ mode, batch, tile, head }: CoreMemory): number => {
  const exact = mode === 'exact';
  const samples = roundUp(batch, 2);
  const counts = 4 * 2 ** Math.ceil(Math.log2(batch));
  return (
    roundUp(4 * samples, 8) + // sample numbers of the batch
    (tile === undefined ? 0 : tileBytes(tile, exact, samples, counts)) +
    (head === undefined ? 0 : headBytes(head, exact, samples, counts))
  );
};

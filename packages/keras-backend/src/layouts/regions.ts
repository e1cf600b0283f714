/**
 * The region table that `user0` of each core's vcpu block points to, and the numbers of the regions.
 *
 * Header of the classic data specification: magic, version, then {pointer, checksum, words} for each
 * region. The programs read only the pointers.
 */

/** First word of a region table. */
export const REGION_TABLE_MAGIC = 0xad130ad6;
/** Second word of a region table. */
export const REGION_TABLE_VERSION = 0x00010000;
/** Bytes before the first record. */
export const REGION_TABLE_HEADER_BYTES = 8;
/** Bytes of one record: pointer, checksum, number of words. */
export const REGION_RECORD_BYTES = 12;

/** Regions of a core that runs `dense`. */
export const DenseRegion = {
  /** {@link denseConfiguration}. */
  Configuration: 0,
  /** Master weights of the tile, int32 `[rows][columns]`, fraction 27; loaded by operation 3, written by operation 2. */
  Weights: 1,
  /** Master bias of the head, int32 `[units]`, fraction 27. */
  Bias: 2,
  /** {@link denseStatistics}, written by operation 1. */
  Statistics: 3,
} as const;

/** Regions of the core that runs `sequencer`. */
export const SequencerRegion = {
  /** {@link sequencerConfiguration}. */
  Configuration: 0,
  /** {@link sequencerCommand}, written by the host before signal USR0. */
  Command: 1,
  /** {@link sequencerProgress}, written by the program. */
  Progress: 2,
} as const;

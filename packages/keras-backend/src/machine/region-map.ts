/** Where the regions of each core lie in the block of SDRAM that its chip has for them. */
import type { NetworkPlan } from '../engine.js';
import {
  denseConfiguration,
  denseStatistics,
  REGION_RECORD_BYTES,
  REGION_TABLE_HEADER_BYTES,
  REGION_TABLE_MAGIC,
  REGION_TABLE_VERSION,
  sequencerCommand,
  sequencerConfiguration,
  sequencerProgress,
} from '../layouts/index.js';
import type { DenseCore } from '../tiles/index.js';

/** Regions start at multiples of this, so that 64-bit fields are aligned. */
const REGION_ALIGN_BYTES = 8;
const WORD_BYTES = 4;

/** The memory of one core: a region table, then its regions. */
export interface RegionMap {
  /** Offset of each region from the table, in the order of their numbers. */
  readonly offsets: readonly number[];
  /** Bytes of each region. */
  readonly sizes: readonly number[];
  /** Bytes of table and regions. */
  readonly size: number;
}

const roundUp = (value: number, multiple: number): number => Math.ceil(value / multiple) * multiple;

/** Lays regions of some sizes out behind their table. */
export function regionMap(sizes: readonly number[]): RegionMap {
  const offsets: number[] = [];
  let end = roundUp(
    REGION_TABLE_HEADER_BYTES + sizes.length * REGION_RECORD_BYTES,
    REGION_ALIGN_BYTES,
  );
  for (const size of sizes) {
    offsets.push(end);
    end += roundUp(size, REGION_ALIGN_BYTES);
  }
  return { offsets, sizes, size: end };
}

/** Regions of a dense core: configuration, weights, bias, statistics. */
export const denseRegions = ({ tile, head }: DenseCore): RegionMap =>
  regionMap([
    denseConfiguration.size,
    tile ? tile.rows * tile.columns * WORD_BYTES : 0,
    head ? head.units * WORD_BYTES : 0,
    denseStatistics.size,
  ]);

/** Regions of the sequencer: configuration, command, progress. */
export const sequencerRegions = (): RegionMap =>
  regionMap([sequencerConfiguration.size, sequencerCommand.size, sequencerProgress.size]);

/** The region table of a core whose memory starts at `address`. */
export function encodeRegionTable({ offsets }: RegionMap, address: number): Uint8Array {
  const bytes = new Uint8Array(offsets[0] as number);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, REGION_TABLE_MAGIC, true);
  view.setUint32(4, REGION_TABLE_VERSION, true);
  offsets.forEach((offset, region) => {
    const record = REGION_TABLE_HEADER_BYTES + region * REGION_RECORD_BYTES;
    view.setUint32(record, address + offset, true);
  });
  return bytes;
}

/** Bytes of one operand: inputs, targets and outputs. */
export const operandBytes = ({ mode }: Pick<NetworkPlan, 'mode'>): number =>
  mode === 'fast' ? 2 : 4;

/**
 * Where a data set lies in the SDRAM of the chips that read it: inputs on chips with tiles of the
 * first layer (only the columns that those take), targets and outputs on chips with output heads.
 */
import type { DataSet, NetworkPlan, Operands } from '../engine.js';
import type { DenseCore, TileGraph } from '../tiles/index.js';
import { operandBytes } from './region-map.js';

/** A matrix `[samples][columns]` in a chip's block. */
export interface DataArea {
  /** From the start of the block, bytes. */
  readonly offset: number;
  readonly rowBytes: number;
  /** First column of the whole data set, and number of columns kept. */
  readonly column0: number;
  readonly columns: number;
}

/** What a chip keeps of a data set. */
export interface ChipData {
  readonly x: number;
  readonly y: number;
  /** Bytes of the block. */
  readonly size: number;
  readonly inputs?: DataArea;
  /** By index of the dense core with the head. */
  readonly targets: ReadonlyMap<number, DataArea>;
  readonly outputs: ReadonlyMap<number, DataArea>;
}

/** Chip of a dense core. */
export type ChipOf = (core: DenseCore) => { readonly x: number; readonly y: number };

/** Rows are padded so that each starts at a word: an even number of operands. */
const evenUp = (columns: number): number => columns + (columns % 2);

/** The blocks of a data set of some number of samples. */
export function layOutData(
  plan: NetworkPlan,
  tiles: TileGraph,
  chipOf: ChipOf,
  { samples, targets }: { readonly samples: number; readonly targets: boolean },
): ChipData[] {
  const last = plan.layers.length - 1;
  return readersByChip(plan, tiles, chipOf).map(({ x, y, cores }) => {
    let size = 0;
    const area = (column0: number, columns: number): DataArea => {
      const rowBytes = evenUp(columns) * operandBytes(plan);
      const offset = size;
      size += Math.ceil((samples * rowBytes) / 8) * 8;
      return { offset, rowBytes, column0, columns };
    };
    const first = cores.flatMap(({ layer, tile }) => (layer === 0 && tile ? [tile] : []));
    const column0 = Math.min(...first.map((tile) => tile.column0));
    const end = Math.max(...first.map((tile) => tile.column0 + tile.columns));
    const inputs = first.length > 0 ? area(column0, end - column0) : undefined;
    const heads = cores.filter(({ layer, head }) => layer === last && head);
    const headAreas = (): Map<number, DataArea> =>
      new Map(heads.map(({ index, head }) => [index, area(head?.unit0 ?? 0, head?.units ?? 0)]));
    const targetAreas = targets ? headAreas() : new Map<number, DataArea>();
    const outputs = headAreas();
    return { x, y, size, ...(inputs && { inputs }), targets: targetAreas, outputs };
  });
}

function readersByChip(plan: NetworkPlan, tiles: TileGraph, chipOf: ChipOf) {
  const chips = new Map<string, { x: number; y: number; cores: DenseCore[] }>();
  const last = plan.layers.length - 1;
  for (const core of tiles.cores) {
    const reads = (core.layer === 0 && core.tile) || (core.layer === last && core.head);
    if (!reads) continue;
    const { x, y } = chipOf(core);
    const known = chips.get(`${x},${y}`);
    if (known) known.cores.push(core);
    else chips.set(`${x},${y}`, { x, y, cores: [core] });
  }
  return [...chips.values()];
}

/** The bytes of an area: the columns it keeps of all samples, each row padded. */
export function encodeArea(
  { rowBytes, column0, columns }: DataArea,
  values: Operands,
  samples: number,
): Uint8Array {
  const width = values.length / samples;
  const rowValues = rowBytes / values.BYTES_PER_ELEMENT;
  const padded =
    values instanceof Int16Array
      ? new Int16Array(samples * rowValues)
      : new Int32Array(samples * rowValues);
  for (let sample = 0; sample < samples; sample++) {
    const from = sample * width + column0;
    padded.set(values.subarray(from, from + columns), sample * rowValues);
  }
  return new Uint8Array(padded.buffer);
}

/** Puts an area's rows back into the columns of a whole matrix. */
export function decodeArea(
  { rowBytes, column0, columns }: DataArea,
  bytes: Uint8Array,
  values: Operands,
  samples: number,
): void {
  const width = values.length / samples;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const operand = values.BYTES_PER_ELEMENT;
  for (let sample = 0; sample < samples; sample++) {
    for (let column = 0; column < columns; column++) {
      const at = sample * rowBytes + column * operand;
      values[sample * width + column0 + column] =
        operand === 2 ? view.getInt16(at, true) : view.getInt32(at, true);
    }
  }
}

/**
 * Checks that a data set has the shape of a network.
 * @throws RangeError naming what does not match
 */
export function checkData(plan: NetworkPlan, { samples, inputs, targets }: DataSet): void {
  const width = plan.layers[0]?.inputs ?? 0;
  const units = plan.layers.at(-1)?.units ?? 0;
  if (!(Number.isInteger(samples) && samples > 0)) {
    throw new RangeError(`a data set has 1 or more samples, not ${samples}`);
  }
  if (inputs.length !== samples * width) {
    throw new RangeError(
      `${samples} samples of ${width} inputs make ${samples * width} values, not ${inputs.length}`,
    );
  }
  if (targets && targets.length !== samples * units) {
    throw new RangeError(
      `${samples} samples of ${units} targets make ${samples * units} values, not ${targets.length}`,
    );
  }
  const expected = operandBytes(plan);
  for (const values of [inputs, targets]) {
    if (values && values.BYTES_PER_ELEMENT !== expected) {
      throw new RangeError(`operands of mode "${plan.mode}" have ${expected} bytes`);
    }
  }
}

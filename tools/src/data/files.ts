/** Reads samples from files: JSON with `inputs` and `labels` or `targets`, or CSV with the label in the last column. */
import { readFile } from 'node:fs/promises';
import { FileError, parseObject } from './file-error.js';
import type { Samples } from './samples.js';

/** Reads a file by its ending: `.csv`, anything else as JSON. @throws FileError naming what is wrong where. */
export async function readSamples(path: string): Promise<Samples> {
  const text = await readFile(path, 'utf8');
  return path.toLowerCase().endsWith('.csv') ? parseCsv(path, text) : parseJson(path, text);
}

/**
 * One sample a line: its values, and its class as the last one. A first line of names is passed over.
 *
 * @throws FileError naming line and column.
 */
export function parseCsv(source: string, text: string): Samples {
  const lines = text.split(/\r?\n/).map((line, index) => ({ line, number: index + 1 }));
  const filled = lines.filter(({ line }) => line.trim() !== '');
  const body = isHeader(filled[0]?.line) ? filled.slice(1) : filled;
  const rows = body.map(({ line, number }) =>
    line.split(',').map((cell, column) => csvNumber(source, cell, number, column)),
  );
  const columns = rows[0]?.length ?? 0;
  if (columns < 2) throw new FileError(source, 'needs lines of values with the class behind them');
  const odd = rows.findIndex((row) => row.length !== columns);
  if (odd >= 0) {
    const line = body[odd]?.number;
    throw new FileError(
      source,
      `line ${line} has ${rows[odd]?.length} values, the first has ${columns}`,
    );
  }
  return {
    ...inputTable(rows.map((row) => row.slice(0, -1))),
    labels: Uint32Array.from(rows, (row, index) =>
      wholeLabel(row.at(-1), source, `line ${body[index]?.number}`),
    ),
  };
}

/**
 * An object with `inputs`, an array of samples, each an array of numbers that may be nested as the
 * network's input is; and `labels`, an array of class numbers, or `targets`, arrays of numbers.
 *
 * @throws FileError naming the field and sample.
 */
export function parseJson(source: string, text: string): Samples {
  const root = parseObject(source, text, '"inputs" and "labels" or "targets"');
  const rows = sampleRows(source, 'inputs', root.inputs);
  const features = rows[0]?.length ?? 0;
  if (features === 0) throw new FileError(source, '"inputs" has no samples');
  const samples = inputTable(rows);
  if (root.labels !== undefined)
    return { ...samples, labels: labels(source, root.labels, rows.length) };
  if (root.targets === undefined) return samples;
  const targets = sampleRows(source, 'targets', root.targets);
  sameCount(source, 'targets', targets.length, rows.length);
  return { ...samples, targets: Float32Array.from(targets.flat()) };
}

function isHeader(line: string | undefined): boolean {
  return (
    line?.split(',').every((cell) => cell.trim() !== '' && Number.isNaN(Number(cell))) ?? false
  );
}

function csvNumber(source: string, cell: string, line: number, column: number): number {
  const value = Number(cell);
  if (cell.trim() !== '' && Number.isFinite(value)) return value;
  throw new FileError(
    source,
    `line ${line}, column ${column + 1} is "${cell.trim()}", not a number`,
  );
}

function inputTable(rows: readonly (readonly number[])[]): Samples {
  const features = rows[0]?.length ?? 0;
  return { count: rows.length, features, inputs: Float32Array.from(rows.flat()) };
}

function sampleRows(source: string, field: string, value: unknown): number[][] {
  if (!Array.isArray(value)) throw new FileError(source, `"${field}" must be an array of samples`);
  const rows = value.map((sample, index) => {
    const flat = [sample].flat(Number.POSITIVE_INFINITY);
    const bad = flat.findIndex((item) => typeof item !== 'number' || !Number.isFinite(item));
    if (bad < 0) return flat as number[];
    throw new FileError(
      source,
      `"${field}" ${index} has ${JSON.stringify(flat[bad])} as value ${bad}, not a number`,
    );
  });
  const odd = rows.findIndex((row) => row.length !== rows[0]?.length);
  if (odd < 0) return rows;
  throw new FileError(
    source,
    `"${field}" ${odd} has ${rows[odd]?.length} values, the first has ${rows[0]?.length}`,
  );
}

function labels(source: string, value: unknown, count: number): Uint32Array {
  if (!Array.isArray(value))
    throw new FileError(source, '"labels" must be an array of class numbers');
  sameCount(source, 'labels', value.length, count);
  return Uint32Array.from(value, (label, sample) => wholeLabel(label, source, `sample ${sample}`));
}

function sameCount(source: string, field: string, count: number, samples: number): void {
  if (count === samples) return;
  throw new FileError(source, `has ${count} "${field}" for ${samples} "inputs"`);
}

function wholeLabel(value: unknown, source: string, where: string): number {
  if (Number.isInteger(value) && (value as number) >= 0 && (value as number) < 2 ** 32)
    return value as number;
  throw new FileError(
    source,
    `the label of ${where} is ${JSON.stringify(value)}, not a whole number from 0`,
  );
}

/** Reads a graph for the mapper from a JSON file that anybody may have written. */
import { readFile } from 'node:fs/promises';
import { type Graph, type GraphDescription, graphFromJson } from '@spin-tools/nn-mapper';
import { FileError, isObject, parseObject } from './file-error.js';

/**
 * The graph in a file: `vertices` and `nets`, and if need be `sameChip` and `keyPartitions`.
 *
 * @throws FileError naming the field of the wrong type; InvalidGraphError when the graph contradicts itself.
 */
export async function readGraph(path: string): Promise<Graph> {
  return graphFromJson(parseGraph(path, await readFile(path, 'utf8')));
}

type Check = (value: unknown) => boolean;

const isNumber: Check = (value) => typeof value === 'number' && Number.isFinite(value);
const isText: Check = (value) => typeof value === 'string' && value !== '';
const isIndexList: Check = (value) => Array.isArray(value) && value.every(Number.isInteger);

const isChip: Check = (value) => isObject(value) && isNumber(value.x) && isNumber(value.y);

const isNetKeys: Check = (value) =>
  isObject(value) &&
  isText(value.partition) &&
  [value.offset, value.bits].every((field) => field === undefined || isNumber(field));

/** What each field must be; those ending in `?` may be missing. */
const FIELDS: Readonly<Record<string, Readonly<Record<string, Check>>>> = {
  vertices: {
    name: isText,
    'sdramBytes?': isNumber,
    'cores?': isNumber,
    'chip?': isChip,
    'core?': isNumber,
    'near?': Number.isInteger,
    'nearEthernet?': (value) => typeof value === 'boolean',
  },
  nets: {
    name: isText,
    source: Number.isInteger,
    sinks: isIndexList,
    'traffic?': isNumber,
    'keys?': isNetKeys,
  },
  keyPartitions: {
    name: isText,
    bits: isNumber,
    'fixedKey?': isNumber,
    'alignBits?': isNumber,
  },
};

/** Checks types only: what the fields mean is for the graph to judge. */
export function parseGraph(source: string, text: string): GraphDescription {
  const root = parseObject(source, text, '"vertices" and "nets"');
  for (const [list, fields] of Object.entries(FIELDS)) {
    const items = root[list] ?? (list === 'keyPartitions' ? [] : undefined);
    if (!Array.isArray(items)) throw new FileError(source, `"${list}" must be an array`);
    for (const [index, item] of items.entries()) {
      checkItem(source, `${list}[${index}]`, item, fields);
    }
  }
  const sameChip = root.sameChip ?? [];
  if (!Array.isArray(sameChip) || !sameChip.every(isIndexList)) {
    throw new FileError(source, '"sameChip" must be an array of arrays of vertex numbers');
  }
  return { keyPartitions: [], ...root, sameChip } as unknown as GraphDescription;
}

function checkItem(
  source: string,
  place: string,
  item: unknown,
  fields: Readonly<Record<string, Check>>,
): void {
  if (!isObject(item)) throw new FileError(source, `${place} must be an object`);
  for (const [spelled, check] of Object.entries(fields)) {
    const name = spelled.replace('?', '');
    const value = item[name];
    if (check(value) || (value === undefined && name !== spelled)) continue;
    throw new FileError(source, `${place}.${name} is ${JSON.stringify(value) ?? 'missing'}`);
  }
}

/** The table that Keras prints of a model. */

import { trainedWeights } from '../float/trainer.js';
import type { LayerGraph } from '../graph/graph.js';
import { namesOf } from '../graph/graph.js';
import { sizeOf } from '../layers/kinds/kind.js';

/** Layers with output shapes and numbers of parameters, as text. */
export function summaryOf(name: string, graph: LayerGraph): string {
  const functional = graph.kind === 'functional';
  const rows = graph.layers.map(
    ({ name: layer, layer: { className }, outputShape, parameters }, index) => [
      `${layer} (${className})`,
      `(None, ${outputShape.join(', ')})`,
      parameters.toLocaleString('en'),
      ...(functional ? [sourcesOf(graph, index)] : []),
    ],
  );
  const header = [
    'Layer (type)',
    'Output shape',
    'Parameters',
    ...(functional ? ['Connected to'] : []),
  ];
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] as string).length)),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] as number))
      .join('  ')
      .trimEnd();
  const total = graph.layers.reduce((sum, { parameters }) => sum + parameters, 0);
  const fixed = fixedParameters(graph);
  return [
    `Model: ${name}`,
    line(header),
    widths.map((width) => '-'.repeat(width)).join('  '),
    ...rows.map(line),
    `Total parameters: ${total.toLocaleString('en')}`,
    ...(fixed > 0 ? [`Not trained: ${fixed.toLocaleString('en')}`] : []),
  ].join('\n');
}

/** Names of the layers whose outputs the calls of a layer take. */
function sourcesOf(graph: LayerGraph, layer: number): string {
  const sources = graph.nodes
    .filter((node) => node.layer === layer)
    .flatMap(({ inputs }) => inputs);
  return namesOf(graph, sources).join(', ');
}

function fixedParameters(graph: LayerGraph): number {
  const trained = trainedWeights(graph);
  return graph.layers
    .flatMap(({ weights }) => weights)
    .reduce((sum, { shape }, index) => sum + (trained[index] ? 0 : sizeOf(shape)), 0);
}

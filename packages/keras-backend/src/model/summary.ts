/** The table that Keras prints of a model. */
import type { DenseStack } from '../layers/dense-stack.js';

/** Layers with output shapes and numbers of parameters, as text. */
export function summaryOf(name: string, { layers }: DenseStack): string {
  const rows = layers.map(({ name: layer, layer: { className }, outputShape, parameters }) => [
    `${layer} (${className})`,
    `(None, ${outputShape.join(', ')})`,
    parameters.toLocaleString('en'),
  ]);
  const header = ['Layer (type)', 'Output shape', 'Parameters'];
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] as string).length)),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] as number))
      .join('  ')
      .trimEnd();
  const total = layers.reduce((sum, { parameters }) => sum + parameters, 0);
  return [
    `Model: ${name}`,
    line(header),
    widths.map((width) => '-'.repeat(width)).join('  '),
    ...rows.map(line),
    `Total parameters: ${total.toLocaleString('en')}`,
  ].join('\n');
}

/** A line chart of one or two series over the epochs. */
import { element, type Markup } from './markup.js';
import { layerColour } from './style.js';

/** One line of a chart: the value after each epoch. */
export interface Series {
  readonly name: string;
  readonly values: readonly number[];
}

/** Pixels of the drawing, which the page scales to its place. */
const WIDTH = 480;
const HEIGHT = 260;
const LEFT = 48;
const RIGHT = 90;
const TOP = 12;
const BOTTOM = 34;

/** Draws all series over epochs 1, 2, ...; the vertical axis covers their values. */
export function lineChart(series: readonly Series[], label: string): Markup {
  const epochs = Math.max(...series.map(({ values }) => values.length), 1);
  const ticks = niceTicks(series.flatMap(({ values }) => [...values]));
  const low = ticks[0] as number;
  const high = ticks.at(-1) as number;
  const across = (epoch: number) =>
    LEFT + ((WIDTH - LEFT - RIGHT) * (epoch - 1)) / Math.max(epochs - 1, 1);
  const up = (value: number) =>
    HEIGHT - BOTTOM - ((HEIGHT - TOP - BOTTOM) * (value - low)) / (high - low);
  return element(
    'svg',
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-label': `${label} over the epochs` },
    ...ticks.map((tick) => horizontalLine(tick, up(tick))),
    ...epochLabels(epochs, across),
    ...labelHeights(series, up).map((labelHeight, index) =>
      line(series[index] as Series, index, across, up, labelHeight),
    ),
  );
}

function horizontalLine(tick: number, y: number): Markup {
  return element(
    'g',
    {},
    element('path', { class: 'grid', d: `M${LEFT} ${y.toFixed(1)}H${WIDTH - RIGHT}` }),
    element('text', { x: LEFT - 6, y: y + 4, 'text-anchor': 'end' }, String(tick)),
  );
}

function epochLabels(epochs: number, across: (epoch: number) => number): Markup[] {
  const step = Math.ceil(epochs / 10);
  const shown = Array.from({ length: Math.ceil(epochs / step) }, (_, index) => 1 + index * step);
  const middle = (LEFT + WIDTH - RIGHT) / 2;
  return [
    ...shown.map((epoch) =>
      element('text', { x: across(epoch), y: HEIGHT - 18, 'text-anchor': 'middle' }, epoch),
    ),
    element('text', { x: middle, y: HEIGHT - 3, 'text-anchor': 'middle' }, 'epoch'),
  ];
}

function line(
  { name, values }: Series,
  index: number,
  across: (epoch: number) => number,
  up: (value: number) => number,
  labelHeight: number,
): Markup {
  const points = values.map((value, position) => [across(position + 1), up(value)] as const);
  const colour = layerColour(index);
  const path = points.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join('L');
  const [endX] = points.at(-1) ?? [LEFT];
  return element(
    'g',
    {},
    element('path', { d: `M${path}`, fill: 'none', stroke: colour, 'stroke-width': 2.5 }),
    ...points.map(([cx, cy], position) =>
      element(
        'circle',
        { cx, cy, r: 3.5, fill: colour },
        element(
          'title',
          {},
          `epoch ${position + 1}: ${(values[position] as number).toPrecision(4)}`,
        ),
      ),
    ),
    element('text', { x: endX + 8, y: labelHeight + 4 }, name),
  );
}

/** Where the name of each series stands: at its last value, moved apart where two would overlap. */
function labelHeights(series: readonly Series[], up: (value: number) => number): number[] {
  const heights = series.map(({ values }) => up(values.at(-1) ?? 0));
  const order = heights
    .map((_, index) => index)
    .sort((a, b) => (heights[a] as number) - (heights[b] as number));
  let free = Number.NEGATIVE_INFINITY;
  for (const index of order) {
    heights[index] = Math.max(heights[index] as number, free);
    free = (heights[index] as number) + 14;
  }
  return heights;
}

/** Round numbers at equal distances that enclose all values. */
export function niceTicks(values: readonly number[]): number[] {
  const finite = values.filter(Number.isFinite);
  const low = finite.length > 0 ? Math.min(...finite) : 0;
  const high = finite.length > 0 ? Math.max(...finite) : 1;
  const step = niceStep((high - low || Math.abs(high) || 1) / 4);
  const first = Math.floor(low / step);
  const last = Math.max(Math.ceil(high / step), first + 1);
  return Array.from({ length: last - first + 1 }, (_, index) =>
    Number(((first + index) * step).toPrecision(10)),
  );
}

function niceStep(step: number): number {
  const power = 10 ** Math.floor(Math.log10(step));
  const factor = [1, 2, 5, 10].find((candidate) => candidate * power >= step) ?? 10;
  return factor * power;
}

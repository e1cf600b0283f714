/** A line chart of a value over the epochs. */
import { element, type Markup } from './markup.js';

/** Pixels of the drawing, which the page scales to its place. */
const WIDTH = 480;
const HEIGHT = 260;
const LEFT = 48;
const RIGHT = 14;
const TOP = 12;
const BOTTOM = 34;

/** Draws a value after each of the epochs 1, 2, ...; the vertical axis covers all values. */
export function lineChart(values: readonly number[], label: string): Markup {
  const epochs = Math.max(values.length, 1);
  const ticks = niceTicks(values);
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
    ...line(values.map((value, index) => ({ x: across(index + 1), y: up(value), value }))),
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

interface ChartPoint {
  readonly x: number;
  readonly y: number;
  readonly value: number;
}

function line(points: readonly ChartPoint[]): Markup[] {
  const path = points.map(({ x, y }) => `${x.toFixed(1)} ${y.toFixed(1)}`).join('L');
  return [
    element('path', { class: 'curve', d: path === '' ? '' : `M${path}` }),
    ...points.map(({ x, y, value }, index) =>
      element(
        'circle',
        { class: 'point', cx: x, cy: y, r: 3.5 },
        element('title', {}, `epoch ${index + 1}: ${value.toPrecision(4)}`),
      ),
    ),
  ];
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

/** What a report of a training run shows, and the page that shows it: one file without scripts or links. */
import { boardPicture, type ChipPlace, type LayerPlacement } from './board-picture.js';
import { lineChart } from './line-chart.js';
import { DIRECTIONS, type LinkTraffic, linkTrafficPicture } from './link-traffic.js';
import { type Child, element, type Markup, page } from './markup.js';
import { layerColour, STYLE } from './style.js';

/** A labelled figure, formatted for a human: `['accuracy', '93.1 %']`. */
export type Figure = readonly [label: string, value: string];

/** Everything a report shows. */
export interface TrainingReport {
  readonly title: string;
  /** One sentence: what was trained on what. */
  readonly summary: string;
  readonly figures: readonly Figure[];
  /** One value an epoch. */
  readonly history: {
    readonly loss: readonly number[];
    /** 0 to 1. */
    readonly accuracy: readonly number[];
  };
  /** Empty where no machine was used. */
  readonly chips: readonly ChipPlace[];
  readonly layers: readonly LayerPlacement[];
  readonly traffic: readonly LinkTraffic[];
  /** What the traffic counts, for example `packets in all`. */
  readonly trafficUnit: string;
  /** What the predictions assume; a paragraph each. */
  readonly notes: readonly string[];
}

/** The report as a self-contained HTML page. */
export function reportPage(report: TrainingReport): string {
  return page(report.title, STYLE, [
    element(
      'header',
      {},
      element('h1', {}, report.title),
      element('p', {}, report.summary),
      figures(report.figures),
    ),
    section('Learning', learning(report)),
    ...(report.chips.length === 0
      ? []
      : [
          section('Where the layers are', placement(report)),
          section('Traffic on the links', traffic(report)),
        ]),
    element('footer', {}, ...report.notes.map((note) => element('p', {}, note))),
  ]);
}

function section(title: string, children: readonly Child[]): Markup {
  return element('section', {}, element('h2', {}, title), ...children);
}

function figures(all: readonly Figure[]): Markup {
  return element(
    'dl',
    { class: 'figures' },
    ...all.map(([label, value]) =>
      element('div', {}, element('dt', {}, label), element('dd', {}, value)),
    ),
  );
}

function learning({ history }: TrainingReport): Markup[] {
  const percentages = history.accuracy.map((value) => value * 100);
  return [
    element(
      'div',
      { class: 'pair' },
      figure('Loss on the training samples', lineChart(history.loss, 'loss')),
      figure('Accuracy on the training samples, %', lineChart(percentages, 'accuracy, %')),
    ),
  ];
}

function placement({ chips, layers }: TrainingReport): Markup[] {
  const rows = layers.map(({ name, description, cores }, layer) => {
    const chipCount = new Set(cores.map(({ x, y }) => `${x},${y}`)).size;
    const swatch = element('i', { class: 'swatch', style: `background: ${layerColour(layer)}` });
    return row([element('span', {}, swatch, name), description, cores.length, chipCount]);
  });
  return [
    element(
      'div',
      { class: 'pair' },
      figure('Each hexagon is a chip, each dot a core', boardPicture(chips, layers)),
      table(['layer', 'what it is', 'cores', 'chips'], rows),
    ),
  ];
}

/** How many links the table names. */
const BUSIEST = 8;

function traffic({ chips, traffic: links, trafficUnit }: TrainingReport): Markup[] {
  const busiest = [...links].sort((a, b) => b.packets - a.packets).slice(0, BUSIEST);
  const rows = busiest.map(({ x, y, link, packets }) =>
    row([`(${x}, ${y})`, DIRECTIONS[link] ?? link, packets.toLocaleString('en')]),
  );
  return [
    element(
      'div',
      { class: 'pair' },
      figure(
        'Thick and strong: many packets. Each direction has its own line',
        linkTrafficPicture(chips, links),
      ),
      table(['busiest links from', 'towards', trafficUnit], rows),
    ),
  ];
}

function figure(caption: string, picture: Markup): Markup {
  return element('figure', {}, element('figcaption', {}, caption), picture);
}

function table(heads: readonly string[], rows: readonly Markup[]): Markup {
  return element(
    'table',
    {},
    element('thead', {}, row(heads, 'th')),
    element('tbody', {}, ...rows),
  );
}

function row(cells: readonly Child[], cell = 'td'): Markup {
  return element('tr', {}, ...cells.map((child) => element(cell, {}, child)));
}
